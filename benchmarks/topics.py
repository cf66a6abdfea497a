"""Topics beside BERTopic on the same vectors and words: NPMI, diversity, stability, seconds of a process.

python -m benchmarks.topics peers/bin/python [5000]     (the environment of benchmarks/requirements.txt)
"""

import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import adjusted_rand_score

import heedful
from benchmarks.machine import DATA, write
from heedful.topics import TopicModel, diversity, npmi
from heedful.topics.scores import scores
from heedful.topics.terms import spoken

ROWS = 5_000
SEEDS = (0, 1, 2)
PEER = """
import json, sys, time
begin = time.perf_counter()
import numpy as np
from bertopic import BERTopic
from sklearn.feature_extraction.text import CountVectorizer
from umap import UMAP
given = json.load(open(sys.argv[1]))
found = []
for seed, vocabulary, order, topics in given["runs"]:
    start = time.perf_counter()
    counter = CountVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False, vocabulary=vocabulary)
    model = BERTopic(
        vectorizer_model=counter, language="multilingual", nr_topics=topics,
        umap_model=UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed))
    texts = [given["documents"][row] for row in order]
    labels, _ = model.fit_transform(texts, np.load(sys.argv[2])[order])
    words = [[word for word, _ in model.get_topic(topic)] for topic in sorted(set(labels)) if topic >= 0]
    seconds = time.perf_counter() - start
    found.append({"labels": [int(one) for one in labels], "words": words, "seconds": seconds})
    print(seed, topics, len(words), found[-1]["seconds"], file=sys.stderr, flush=True)
json.dump({"seconds": time.perf_counter() - begin, "runs": found}, open(sys.argv[3], "w"))
"""
OURS = """
import sys, json, numpy as np
from heedful.topics import TopicModel
texts = json.load(open(sys.argv[1]))["texts"]
TopicModel().fit(texts, np.load(sys.argv[2]))
"""


def run(peer: str, rows: int, vectors: str | None = None) -> None:
    """Fit both, and write what each comes to."""
    with gzip.open(DATA / "retrieval" / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines][:rows]
    texts = [f"{row['title']}. {row['text']}" for row in found]
    x = heedful.load("minilm").encode(texts) if vectors is None else np.load(vectors)[:rows]
    ours = [TopicModel(seed=seed).fit(texts, x) for seed in SEEDS]
    assert ours[0].documents_ is not None
    vocabulary, spoken_texts = ours[0].documents_.terms.vocabulary, [spoken(text) for text in texts]
    orders = [np.random.default_rng(seed).permutation(rows).tolist() for seed in SEEDS]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "vectors.npy", x)
        plain = [[seed, vocabulary, order, None] for seed, order in zip(SEEDS, orders, strict=True)]
        same = [[0, vocabulary, orders[0], len(ours[0].topics_) + 1]]  # it counts the outliers as one
        documents = [" ".join(words) for words in spoken_texts]
        theirs, seconds = {}, {}
        for kind, runs in (("auto", plain[:1]), ("again", plain[1:]), ("as many", same)):
            given = {"documents": documents, "texts": texts, "runs": runs}
            (folder / "given.json").write_text(json.dumps(given))
            files = [str(folder / file) for file in ("given.json", "vectors.npy", "found.json")]
            seconds[kind] = timed([peer, "-c", PEER, *files])
            theirs[kind] = json.loads((folder / "found.json").read_text())["runs"]
        mine = timed([sys.executable, "-c", OURS, *files[:2]])
    first, peers = ours[0], [*theirs["auto"], *theirs["again"]]
    labels = [placed(one["labels"], order) for one, order in zip(peers, orders, strict=True)]
    as_many = TopicModel(len(peers[0]["words"])).fit(texts, x)
    document = {
        "rows": rows, "words_to_choose_from": len(vocabulary),
        "heedful": {
            "auto": figures([topic.words for topic in first.topics_], first.labels_, spoken_texts),
            "as many as BERTopic": figures(
                [topic.words for topic in as_many.topics_], as_many.labels_, spoken_texts
            ),
            "seconds_of_a_process": mine, "stability": stable([one.labels_ for one in ours]),
            "scores": scores(first),
        },
        "BERTopic": {
            "auto": figures(peers[0]["words"], np.array(peers[0]["labels"]), spoken_texts),
            "as many as Heedful": figures(
                theirs["as many"][0]["words"], np.array(theirs["as many"][0]["labels"]), spoken_texts
            ),
            "seconds_of_a_process": seconds["auto"], "seconds_of_a_fit": [one["seconds"] for one in peers],
            "stability": stable(labels),
        },
    }  # fmt: skip
    print(write("topics", document))


def timed(command: list[str]) -> dict[str, float]:
    """Return the seconds of a whole process by the clock and of the processor, imports and all."""
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"clock": time.perf_counter() - begin, "processor": busy}


def placed(labels: list[int], order: list[int]) -> np.ndarray[Any, Any]:
    """Return labels in the order of the texts."""
    found = np.empty(len(labels), dtype=np.int64)
    found[order] = labels
    return found


def figures(words: Any, labels: Any, documents: list[list[str]]) -> dict[str, Any]:
    """Return what one fit comes to."""
    return {
        "topics": len(words), "outliers": float((np.asarray(labels) < 0).mean()),
        "npmi": float(np.nanmean(npmi(words, documents))), "diversity": diversity(words),
    }  # fmt: skip


def stable(labels: list[Any]) -> float:
    """Return the mean adjusted Rand index between fits of other seeds and orders, outliers being a group."""
    return float(np.mean([adjusted_rand_score(one, two) for one, two in combinations(labels, 2)]))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("name the Python that has BERTopic: python -m benchmarks.topics peers/bin/python [ROWS]")
    run(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else ROWS, *sys.argv[3:4])
