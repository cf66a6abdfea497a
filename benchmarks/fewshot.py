"""Few labels: labels against accuracy on SST-2, TREC and hate speech, a linear probe beside each curve.

`python -m benchmarks.fewshot [--tables sst,trec,hate] [--shots 8,16,64] [--seeds 10] [--minutes M]` goes on
where it ended: each cell (table, shots, seed, method) is kept in results/fewshot.json as soon as it is known.
`python -m benchmarks.fewshot --rival` alternates with setfit 1.2.0 instead, in an environment that has it.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np

from benchmarks.machine import DATA, RESULTS, write
from heedful.compare.scores import accuracy, macro_f1
from heedful.data.checks import inspect
from heedful.data.splits import Part, split
from heedful.data.table import read_table
from heedful.estimator import TextClassifier
from heedful.report.plot import Curve, plot
from heedful.report.shell import content_style
from heedful.tasks.contrast import choose, marked
from heedful.tasks.fewshot import FewShot
from heedful.tasks.probe import Probe
from heedful.tasks.zeroshot import ZeroShot

TABLES = {
    "sst": ("sst/binary.train.txt", "sst/binary.test.txt", "accuracy"),
    "trec": ("trec/train.txt", "trec/test.txt", "accuracy"),
    "hate": ("hate/twitter_hate_train.parquet", "hate/twitter_hate_test.parquet", "macro_f1"),
}
DESCRIPTIONS = {  # written from the data's own description, without a look at the test rows
    "sst": {
        "0": "This movie is terrible, boring and bad.",
        "1": "This movie is wonderful, moving and great.",
    },
    "trec": {
        "0": "What is the meaning of this? Why or how does it happen?",
        "1": "What thing is it: an animal, a food, a book, a colour, a product?",
        "2": "What does the abbreviation stand for?",
        "3": "Who is the person?",
        "4": "Where is it? What country, city or state?",
        "5": "How many? When? How much does it cost?",
    },
    "hate": {
        "0": "I hate these people because of their race or religion, they should leave.",
        "1": "An insult full of swear words and vulgar slang.",
        "2": "An ordinary message about the day, sports or food.",
    },
}
MOST_TEST = 2000  # rows scored: a random part where there are more
ITERATIONS = 20  # of setfit, as in its paper
Fit = Callable[[list[str], list[str], str, int], TextClassifier]
Cell = dict[str, Any]


def described(texts: list[str], labels: list[str], table: str, seed: int) -> TextClassifier:
    """Fit with a description of each label as a further example."""
    return FewShot(seed=seed).fit(texts, labels, descriptions=DESCRIPTIONS[table])


METHODS: dict[str, Fit] = {
    "probe": lambda texts, labels, table, seed: Probe().fit(texts, labels),  # noqa: ARG005
    "fewshot": lambda texts, labels, table, seed: FewShot(seed=seed).fit(texts, labels),  # noqa: ARG005
    "described probe": lambda texts, labels, table, seed: FewShot(seed=seed, steps=0).fit(
        texts, labels, descriptions=DESCRIPTIONS[table]
    ),
    "described fewshot": described,
    "neighbours head": lambda texts, labels, table, seed: FewShot(seed=seed, head="neighbours").fit(  # noqa: ARG005
        texts, labels
    ),
}


@cache
def parts(table: str) -> tuple[Part, Part]:
    """Return the published train and test rows, leaks dropped as `compare` does, test at most MOST_TEST."""
    train, test = (read_table(DATA / name) for name in TABLES[table][:2])
    found = split(train, test, inspect(train, test))
    rows = np.sort(np.random.default_rng(0).permutation(len(found.test.rows))[:MOST_TEST])
    return found.train, Part(*([values[row] for row in rows] for values in found.test))


def shots_of(table: str, shots: int, seed: int) -> tuple[list[str], list[str]]:
    """Return `shots` texts of each class, or all it has, and their labels."""
    train, _ = parts(table)
    classes, targets = np.unique(np.array(train.labels), return_inverse=True)
    rows = choose(marked(targets, len(classes)), shots, np.random.default_rng(seed))
    return [train.texts[row] for row in rows], [train.labels[row] for row in rows]


def measured(model: TextClassifier, table: str) -> Cell:
    """Return the scores on the test rows."""
    _, test = parts(table)
    classes = model.classes_.tolist()
    truth = np.array([classes.index(label) for label in test.labels])
    found = np.array([classes.index(label) for label in model.predict(test.texts)])[None]
    return {
        "accuracy": round(float(accuracy(truth, found)[0]), 4),
        "macro_f1": round(float(macro_f1(truth, found, len(classes))[0]), 4),
        "steps": getattr(model, "steps_", None),
        "held_out_loss": getattr(model, "held_out_loss_", None),
    }


def cells(tables: Sequence[str], shots: Sequence[int], seeds: int) -> Iterator[tuple[str, int, int, str]]:
    """Yield what is to be measured: seeds outermost, so that an early end leaves whole curves."""
    for table in tables:
        yield table, 0, 0, "zeroshot"
    for seed in range(seeds):
        for table in tables:
            for count in shots:
                yield from ((table, count, seed, method) for method in METHODS)


def run(tables: Sequence[str], shots: Sequence[int], seeds: int, minutes: float) -> None:
    """Measure the cells that are not known yet, one after the other, for so many minutes."""
    path, end = RESULTS / "fewshot.json", time.monotonic() + 60 * minutes
    known: list[Cell] = json.loads(path.read_text())["cells"] if path.exists() else []
    done = {(cell["table"], cell["shots"], cell["seed"], cell["method"]) for cell in known}
    for table, count, seed, method in cells(tables, shots, seeds):
        if (table, count, seed, method) in done or time.monotonic() > end:
            continue
        begin = time.monotonic()
        if method == "zeroshot":
            model: TextClassifier = ZeroShot().fit(None, DESCRIPTIONS[table])
        else:
            model = METHODS[method](*shots_of(table, count, seed), table, seed)
        seconds = round(time.monotonic() - begin, 2)
        cell = {"table": table, "shots": count, "seed": seed, "method": method, "fit_seconds": seconds}
        known.append({**cell, **measured(model, table)})
        print(json.dumps(known[-1]), file=sys.stderr, flush=True)
        write("fewshot", {"most_test_rows": MOST_TEST, "curves": curves(known), "cells": known})
    draw(known)


def curves(known: Sequence[Cell]) -> list[Cell]:
    """Return mean and deviation over the seeds of each point."""
    points: dict[tuple[str, str, int], list[Cell]] = {}
    for cell in known:
        points.setdefault((cell["table"], cell["method"], cell["shots"]), []).append(cell)
    found = []
    for (table, method, count), group in sorted(points.items()):
        scores = [cell[TABLES[table][2]] for cell in group]
        found.append(
            {
                "table": table, "method": method, "shots": count, "seeds": len(group),
                "metric": TABLES[table][2], "mean": round(fmean(scores), 4),
                "deviation": round(stdev(scores), 4) if len(scores) > 1 else None,
                "fit_seconds": round(fmean(cell["fit_seconds"] for cell in group), 1),
            }
        )  # fmt: skip
    return found


def draw(known: Sequence[Cell]) -> None:
    """Write results/fewshot-TABLE.svg: labels of each class against the score."""
    kinds = {"fewshot": "first", "described fewshot": "second"}
    for table in dict.fromkeys(cell["table"] for cell in known):
        mine = [point for point in curves(known) if point["table"] == table]
        lines = []
        for method in METHODS:
            points = [(float(one["shots"]), one["mean"]) for one in mine if one["method"] == method]
            zero = [(0.0, one["mean"]) for one in mine if one["method"] == "zeroshot"]
            start = zero if method.startswith("described") else []
            lines.append(Curve(method, [*start, *points], kinds.get(method, "faint"), dots=True))
        words = "labels of each class", TABLES[table][2].replace("_", "-")
        chart = plot(
            [line for line in lines if line.points],
            f"{table}: {words[0]} against {words[1]}",
            words,
            (620, 340),
        )
        size = chart.split('width="')[1].split('"')[0], chart.split(' height="')[1].split('"')[0]
        style = f"<style>{content_style()} svg {{ background: #fff }}</style>"
        whole = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="heedful" width="{size[0]}" height="{size[1]}">'
        )
        (RESULTS / f"fewshot-{table}.svg").write_text(f"{whole}{style}{chart}</svg>\n", encoding="utf-8")


def setfit(texts: list[str], labels: list[str], seed: int, iterations: int | None) -> TextClassifier:
    """Fit setfit's model on the same texts (None: its default, one epoch of all pairs)."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    from heedful.catalogue import locate

    model = SetFitModel.from_pretrained(str(locate("minilm")), labels=sorted(set(labels)))
    arguments = TrainingArguments(
        num_iterations=iterations, num_epochs=1, batch_size=16, seed=seed, report_to="none",
        save_strategy="no", output_dir=str(Path(tempfile.gettempdir()) / "setfit"), show_progress_bar=False,
    )  # fmt: skip
    rows = Dataset.from_dict({"text": texts, "label": labels})
    Trainer(model=model, args=arguments, train_dataset=rows).train()
    model.classes_ = np.array(sorted(set(labels)))
    return model


def rival(tables: Sequence[str], shots: Sequence[int], seeds: int) -> None:
    """Alternate ours and setfit on the same texts in one process; write results/fewshot-rival.json."""
    made: dict[str, Callable[[list[str], list[str], int], Any]] = {
        "heedful": lambda texts, labels, seed: FewShot(seed=seed).fit(texts, labels),
        "setfit, 20 iterations": lambda texts, labels, seed: setfit(texts, labels, seed, ITERATIONS),
        "setfit, all pairs": lambda texts, labels, seed: setfit(texts, labels, seed, None),
    }
    found: list[Cell] = []
    Probe().fit(*shots_of(tables[0], 2, 0))  # what loads once is loaded
    for seed in range(seeds):
        for table in tables:
            for count in shots:
                texts, labels = shots_of(table, count, seed)
                for name, fit in made.items():
                    begin = time.monotonic()
                    model = fit(texts, labels, seed)
                    cell = {"table": table, "shots": count, "seed": seed, "method": name}
                    cell["fit_seconds"] = round(time.monotonic() - begin, 2)
                    found.append({**cell, **measured(model, table)})
                    print(json.dumps(found[-1]), file=sys.stderr, flush=True)
                    write("fewshot-rival", {"points": curves(found), "cells": found})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Few labels: the curve, or the run beside setfit.")
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--shots", default="")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--rival", action="store_true")
    given = parser.parse_args()
    wanted = given.tables.split(",")
    counts = [int(count) for count in (given.shots or ("8" if given.rival else "8,16,64")).split(",")]
    if given.rival:
        rival(wanted, counts, given.seeds)
    else:
        run(wanted, counts, given.seeds, given.minutes)
