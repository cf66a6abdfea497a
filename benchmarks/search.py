"""Search: how good BM25, vectors and both are, how fast each engine is, what claims say of their subclasses.

python -m benchmarks.search [retrieval|engines|patents] [SHARE [MINUTES]]

SHARE (default 1) takes that part of the queries, of the rows and of the claims; MINUTES (default 20) go into
training on claims.
"""

import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import heedful
from benchmarks.machine import DATA, write
from heedful.intervals import bounded
from heedful.search.build import build
from heedful.search.check import check
from heedful.search.index import Index
from heedful.search.patents import Patents, classes_of, micro_f1, patent_rows, predicted, votes
from heedful.search.scores import difference, ranking_scores, summary
from heedful.search.view import Row
from heedful.search.windows import Windowed
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.fit_augment import fit_augment
from heedful.types import Floats, Ints, Texts, Vectors

SIZES = (10_000, 100_000, 1_000_000)
WIDTH, TOP, VOTERS = 384, 10, 20
KEPT = ("rows", "silver", "scores", "baselines", "seconds")
WAYS = ("bm25", "minilm", "hybrid")
FILTER = "share < 2"  # of a column with 0 to 99: two rows of a hundred
RESAMPLES = 1000


def lines(name: str) -> list[dict[str, str]]:
    """Return the rows of a packed JSONL file of the retrieval set."""
    with gzip.open(DATA / "retrieval" / name, "rt", encoding="utf-8") as handle:
        return [json.loads(line) for line in handle]


def ranked(index: Index, way: str, queries: Texts, top: int) -> Ints:
    """Return the rows (Q, top) that a way of searching finds."""
    everything = index.view.alive
    if way == "bm25":
        return index.by_words(queries, top, everything)[0]
    return index.ranked(queries, top, everything, hybrid=way == "hybrid")[0]


def retrieval(share: float) -> None:
    """Score BM25, vectors and hybrid on known-item queries."""
    documents, queries = lines("corpus.jsonl.gz"), lines("queries.jsonl.gz")
    judged: dict[str, dict[str, float]] = {}
    for line in (DATA / "retrieval" / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        query, _, document, grade = line.split("\t")
        judged.setdefault(query, {})[document] = float(grade)
    kept = np.random.default_rng(0).permutation(len(queries))[: max(1, int(share * len(queries)))]
    queries = [queries[row] for row in kept.tolist()]
    documents = documents[: max(1, int(share * len(documents)))]
    there = {document["id"] for document in documents}
    queries = [query for query in queries if set(judged[query["id"]]) <= there]
    texts = [query["text"] for query in queries]
    with tempfile.TemporaryDirectory() as name:
        rows = (Row(one["id"], one["text"], {}) for one in documents)
        start = time.perf_counter()
        index, counts = build(Path(name) / "index", rows, heedful.load("minilm"), model="minilm")
        built = time.perf_counter() - start
        ids = list(index.view.rows)
        scores, seconds = {}, {}
        ranked(index, "hybrid", texts[:1], TOP)  # the first query pays for what is loaded
        for way in WAYS:
            start = time.perf_counter()
            found = ranked(index, way, texts, TOP).tolist()
            seconds[way] = (time.perf_counter() - start) / len(texts)
            grades = [judged[query["id"]] for query in queries]
            scores[way] = ranking_scores([[ids[row] for row in some if row >= 0] for some in found], grades)
    document = {
        "documents": len(documents), "queries": len(queries), "truncated": counts.cut, "build_seconds": built,
        "seconds_per_query": seconds,
        "systems": {way: {one: summary(values) for one, values in scores[way].items()} for way in WAYS},
        "above_bm25": {
            way: {one: difference(values, scores["bm25"][one]) for one, values in scores[way].items()}
            for way in WAYS[1:]
        },
    }  # fmt: skip
    print(write("search-retrieval", document))


class Projected:
    """Stands for an encoder of many texts: mixtures of the vectors of real ones, a little turned.

    The text `NUMBER` has a vector of its own, made from its number alone.
    """

    def __init__(self, real: Vectors) -> None:
        self.real = real

    def encode(self, texts: Texts) -> Vectors:
        return np.stack([self.one(int(text) if text.isdecimal() else len(text)) for text in texts])

    def one(self, number: int) -> Vectors:
        random = np.random.default_rng(number)
        near = self.real[random.integers(0, len(self.real), 2)]
        noise = random.standard_normal(self.real.shape[1]) / np.sqrt(self.real.shape[1])
        return np.asarray(near[0] + 0.5 * near[1] + 0.5 * noise, dtype=np.float32)


def engines(share: float) -> None:
    """Measure each engine at each size, each in a process of its own, so that the memory is its own."""
    texts = [row["text"] for row in lines("corpus.jsonl.gz")[: max(100, int(2000 * share))]]
    real = heedful.load("minilm").encode(texts)
    found = []
    with tempfile.TemporaryDirectory() as name:
        np.save(Path(name) / "real.npy", real)
        for rows in SIZES:
            for store in ("exact", "milvus"):
                given = ["benchmarks.search", "one", name, str(int(rows * share)), store]
                done = subprocess.run(
                    [sys.executable, "-m", *given], capture_output=True, text=True, check=True
                )
                found.append(json.loads(done.stdout.splitlines()[-1]))
                print(found[-1], file=sys.stderr)
    print(write("search-engines", {"width": WIDTH, "filter": FILTER, "runs": found}))


def one_engine(folder: str, rows: str, store: str) -> None:
    """Build and measure one engine; print the figures."""
    encoder = Projected(np.load(Path(folder) / "real.npy"))
    home = Path(folder) / f"{store}-{rows}"
    given = (Row(str(number), str(number), {"share": str(number % 100)}) for number in range(int(rows)))
    start = time.perf_counter()
    index, _ = build(home, given, encoder, columns=["share"])  # the folder alone
    written = time.perf_counter() - start
    index.close()
    told = json.loads((home / "index.json").read_text(encoding="utf-8"))
    told["settings"]["store"] = store
    (home / "index.json").write_text(json.dumps(told), encoding="utf-8")
    start = time.perf_counter()
    with Index.open(home) as opened:
        opened.prepare()
    prepared = time.perf_counter() - start  # with what the engine finishes when it is closed
    with Index.open(home) as opened:
        figures = {"all": check(opened), "filtered": check(opened, where=FILTER)}
        figures["batch"] = {"milliseconds_per_query": batched(opened)}
    size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    told = {"rows": int(rows), "store": store, "written_seconds": written, "prepared_seconds": prepared}
    print(json.dumps({**told, "peak_memory_bytes": peak_memory(), "bytes": size, **figures}))


def batched(index: Index, queries: int = 100) -> float:
    """Return the milliseconds for each of many queries that are asked at once."""
    vectors = index.view.vectors(index.view.live[:queries])
    start = time.perf_counter()
    index.nearest(vectors, TOP, index.view.alive)
    return 1000 * (time.perf_counter() - start) / len(vectors)


def peak_memory() -> int:
    """Return the most bytes that this process held."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def patents(share: float, minutes: float) -> None:
    """Score what the neighbours of a claim, among the training claims, say of its subclasses.

    Once with MiniLM as it is, once after so many minutes of Augmented SBERT on the training claims.
    """
    train = list(patent_rows(DATA / "patents" / "train.csv").read())
    test = list(patent_rows(DATA / "patents" / "test.csv").read())
    train, test = train[: max(30, int(share * len(train)))], test[: max(10, int(share * len(test)))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = told(Windowed(heedful.load("minilm")), train, test, folder / "before")
        table = folder / "gold.jsonl"
        table.write_text("".join(json.dumps(pair) + "\n" for pair in graded(train)), encoding="utf-8")
        figures = fit_augment(
            table,
            None,
            "minilm",
            folder / "augmented",
            text="text",
            pair="other",
            label="grade",
            minutes=minutes,
        )
        after = told(
            Windowed(SentenceEncoder.load(folder / "augmented" / "model")), train, test, folder / "after"
        )
    document = {
        "train": len(train), "test": len(test), "voters": VOTERS, **before,
        "augmented": {**after, "minutes": minutes, **{name: figures[name] for name in KEPT}},
    }  # fmt: skip
    print(write("search-patents", document))


def told(encoder: Windowed, train: Sequence[Row], test: Sequence[Row], folder: Path) -> dict[str, Any]:
    """Return how well each way of searching tells the subclasses of the test claims."""
    index, counts = build(folder, train, encoder, columns=["date", "classes"])
    model = Patents(index, VOTERS)
    model.calibrate()
    classes = [classes_of(text) for text in index.view.column("classes").texts]
    truth = [classes_of(row.columns["classes"]) for row in test]
    systems = {}
    for way in WAYS:
        rows = ranked(index, way, [row.text for row in test], VOTERS).tolist()
        near = [[classes[row] for row in some if row >= 0] for some in rows]
        labels = [predicted(votes(some), model.threshold_) for some in near]
        systems[way] = {"micro_f1": f1(truth, labels), **shared(classes, truth, near)}
    return {"threshold": model.threshold_, "truncated": counts.cut, "systems": systems}


def graded(claims: Sequence[Row], near: int = 2) -> list[dict[str, Any]]:
    """Return pairs of claims with the overlap of their subclasses: each with its nearest and a random one."""
    vectors = Windowed(heedful.load("minilm")).encode([claim.text for claim in claims])
    order = np.argsort(-(vectors @ vectors.T), axis=1)[:, 1 : near + 1]
    others = np.concatenate([order, np.random.default_rng(0).integers(0, len(claims), (len(claims), 1))], 1)
    pairs = {(min(one, other), max(one, other)) for one, row in enumerate(others.tolist()) for other in row}
    classes = [classes_of(claim.columns["classes"]) for claim in claims]
    return [
        {
            "text": claims[one].text, "other": claims[two].text,
            "grade": len(classes[one] & classes[two]) / max(1, len(classes[one] | classes[two])),
        }
        for one, two in sorted(pairs) if one != two
    ]  # fmt: skip


def f1(truth: Sequence[set[str]], labels: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return micro-F1 with its bootstrap interval over the claims."""
    random, rows = np.random.default_rng(0), len(truth)
    draws = [random.integers(0, rows, rows).tolist() for _ in range(RESAMPLES)]
    drawn = [micro_f1([truth[row] for row in draw], [labels[row] for row in draw]) for draw in draws]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return {"value": micro_f1(truth, labels), "low": float(low), "high": float(high)}


def shared(
    classes: Sequence[set[str]], truth: Sequence[set[str]], near: Sequence[Sequence[set[str]]]
) -> dict[str, Any]:
    """Return how many of the ten nearest share a subclass with the claim, of those that could: recall@10.

    At most ten can be found, so that is what the count of those that share one is capped at.
    """
    known = set().union(*classes)
    claims = [(one, some) for one, some in zip(truth, near, strict=True) if one & known]
    recalls: Floats = np.array([
        sum(bool(one & other) for other in some[:TOP]) / min(TOP, sum(bool(one & other) for other in classes))
        for one, some in claims
    ])  # fmt: skip
    return {f"recall@{TOP}": bounded(recalls), "claims": len(claims)}


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        one_engine(*sys.argv[2:])
    else:
        names = {"retrieval": retrieval, "engines": engines, "patents": patents}
        chosen = [name for name in names if not sys.argv[1:] or name in sys.argv[1:2]]
        asked = [float(word) for word in sys.argv[2:4]]
        given = [*asked, *(1.0, 20.0)[len(asked) :]]
        for name in chosen:
            names[name](*given[: 2 if name == "patents" else 1])
