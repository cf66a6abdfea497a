"""Sentence encoders on known-item search in Wikipedia: before and after training, and a cross-encoder.

python -m benchmarks.embed 15      # minutes of training for each
"""

import gzip
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import DATA, write
from heedful.search.scores import ranking_scores, summary
from heedful.tasks.agreement import correlation, ranks
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.fit_embed import fit_embed
from heedful.tasks.fit_rank import fit_rank
from heedful.tasks.score_embed import Search, nearest
from heedful.tasks.similarity import lengths_and_tokens, unscaled

SAMPLE = 1000  # queries of the comparison of cosine and dot product, with their documents


def pairs() -> list[dict[str, str]]:
    """Return each query with the document that answers it."""
    texts: dict[str, dict[str, str]] = {}
    for name in ("queries", "corpus"):
        with gzip.open(DATA / "retrieval" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            texts[name] = {row["id"]: row["text"] for row in map(json.loads, lines)}
    judged = (DATA / "retrieval" / "qrels.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in judged]
    return [{"query": texts["queries"][row[0]], "document": texts["corpus"][row[2]]} for row in rows]


def lengths(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Return what the lengths of vectors go with, and what a search by dot product makes of them."""
    encoder = unscaled(SentenceEncoder.load("minilm"))
    chosen = np.random.default_rng(0).permutation(len(rows))[:SAMPLE].tolist()
    queries, documents = ([rows[place][name] for place in chosen] for name in ("query", "document"))
    search = Search(queries, documents, [{place: 1.0} for place in range(SAMPLE)])
    sizes, tokens = lengths_and_tokens(encoder, documents)
    asked, answers = encoder.encode(queries), encoder.encode(documents)
    found = {"cosine": search.by_vectors(encoder), "dot": nearest(asked, answers, 10)}
    scores = {name: ranking_scores(lists, search.judged, 10)["ndcg@10"] for name, lists in found.items()}
    same = [one[0] == other[0] for one, other in zip(found["cosine"], found["dot"], strict=True)]
    return {
        "documents": SAMPLE,
        "length": {"mean": float(sizes.mean()), "least": float(sizes.min()), "most": float(sizes.max())},
        "length_of_queries": float(np.linalg.norm(asked, axis=1).mean()),
        "spearman_of_length_and_tokens": correlation(ranks(sizes), ranks(tokens)),
        "ndcg@10": {name: summary(values) for name, values in scores.items()},
        "same_first_document": float(np.mean(same)),
    }


def run(minutes: float) -> dict[str, Any]:
    """Train and score both kinds of models on the same division of the pairs."""
    rows = pairs()
    found: dict[str, Any] = {"data": "retrieval", "minutes": minutes, "lengths": lengths(rows)}
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "pairs.jsonl"
        table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        given: dict[str, Any] = {"minutes": minutes, "dev": None, "model": "minilm"}
        found["embed"] = kept(fit_embed(str(table), out=Path(folder) / "embed", **given))
        tell(found["embed"])
        found["rank"] = kept(fit_rank(str(table), out=Path(folder) / "rank", rate=1e-4, **given))
        tell(found["rank"])
    return found


def kept(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the figures without what names this machine's folders."""
    return {name: value for name, value in figures.items() if name not in ("table", "notes")}


def tell(figures: dict[str, Any]) -> None:
    """Print what came out."""
    scores = {**figures["scores"], **figures["baselines"]}
    for name, one in scores.items():
        if isinstance(one, dict) and "ndcg@10" in one:
            value = one["ndcg@10"]
            print(
                f"{name}: nDCG@10 {value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})",
                flush=True,
            )


if __name__ == "__main__":
    print(write("embed", run(float(sys.argv[1]) if sys.argv[1:] else 15.0)))
