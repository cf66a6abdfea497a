"""Names in tweets (WNUT17): the tagger on MiniLM over three seeds, and a tagger without a transformer."""

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.machine import DATA, write
from heedful.baselines.gazetteer import Gazetteer
from heedful.baselines.tagging import WordTagger
from heedful.data.bio import Score, counts
from heedful.data.conll import TaggedTable, read_tagged
from heedful.data.tagparts import unseen
from heedful.tasks.entities import bootstrap, interval, score
from heedful.tasks.tag import Tagger
from heedful.types import Ints

SEEDS = (0, 1, 2)
SECONDS = 360.0  # for each training


def run(seeds: Sequence[int] = SEEDS, seconds: float = SECONDS) -> dict[str, Any]:
    """Train on the published train part, choose on dev, score on test; leaks of either are left out."""
    train, *rest = (read_tagged(DATA / "ner" / f"wnut17.{part}.conll") for part in ("train", "dev", "test"))
    (dev, lost_dev), (test, lost_test) = (unseen(train, part) for part in rest)
    parts = {"train": len(train.words), "dev": len(dev.words), "test": len(test.words)}
    made: dict[str, list[WordTagger]] = {
        "gazetteer": [Gazetteer()],
        "tag": [Tagger("minilm", seed=seed) for seed in seeds],
    }
    figures = {
        name: measured(taggers, (train, dev, test), seconds if name == "tag" else None)
        for name, taggers in made.items()
    }
    samples = [bootstrap(figures[name].pop("counts")) for name in ("tag", "gazetteer")]
    low, high = interval(samples[0] - samples[1])
    return {
        "data": "wnut17",
        "sentences": parts,
        "dropped_as_leaks": {"dev": lost_dev, "test": lost_test},
        "seeds": list(seeds),
        "seconds_each": seconds,
        "methods": figures,
        "tag_minus_gazetteer": {"low": low, "high": high},
    }


def measured(
    taggers: Sequence[WordTagger], parts: tuple[TaggedTable, TaggedTable, TaggedTable], seconds: float | None
) -> dict[str, Any]:
    """Return the figures of one method: each seed's, and the mean F1 on test with its interval."""
    train, dev, test = parts
    runs: list[dict[str, Any]] = []
    found: list[Ints] = []
    for tagger in taggers:
        begin = time.monotonic()
        tagger.fit(train.words, train.tags, dev=(dev.words, dev.tags), seconds=seconds)
        fitted = time.monotonic()
        answers = tagger.predict(test.words)
        runs.append(
            {
                "params": tagger.get_params(),
                "fit_seconds": round(fitted - begin, 1),
                "words_per_second": round(sum(map(len, test.words)) / (time.monotonic() - fitted)),
                "stopped": tagger.stopped_,
                "dev_f1": score(dev.tags, tagger.predict(dev.words)).micro.f1,
                "test": score(test.tags, answers).figures(),
            }
        )
        found.append(counts(test.tags, answers))
        print(tagger.method, json.dumps(runs[-1]["test"]), file=sys.stderr, flush=True)
    stack = np.stack(found)
    low, high = interval(bootstrap(stack))
    f1s = [Score(*one.sum(axis=0).tolist()).f1 for one in found]
    spread = float(np.std(f1s, ddof=1)) if len(f1s) > 1 else None
    return {"f1": float(np.mean(f1s)), "low": low, "high": high, "std": spread, "runs": runs, "counts": stack}


if __name__ == "__main__":
    print(write("tag", run(tuple(map(int, sys.argv[1:])) or SEEDS)))
