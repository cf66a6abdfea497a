"""From a method's answers to its row of the leaderboard, and from the rows to the ranking."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from heedful.compare import scores
from heedful.compare.results import Result
from heedful.compare.scores import Samples
from heedful.compare.trial import codes
from heedful.data.splits import Part
from heedful.intervals import interval
from heedful.types import Floats

WATTS_PER_CORE = 10.0  # a round figure for one busy core of a laptop or a server: energy is an estimate
SHOWN_CHARACTERS = 300
CONFUSION_CLASSES = 100  # beyond it the matrix is left out: nobody could read it

Row = dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """A row of the leaderboard, and what it scores in each resample (None: it failed)."""

    row: Row
    samples: Samples | None


def failed(name: str, why: str) -> Scored:
    """Return the row of a method that has nothing to show."""
    return Scored({"name": name, "status": "failed", "why": why}, None)


def score(result: Result, part: Part, folder: Path) -> Scored:
    """Score a method's answers to the test part."""
    classes = len(result.classes)
    truth = codes(part.labels, result.classes)
    predicted = result.logits.argmax(axis=2).astype(np.int64)  # (S, N)
    samples = scores.bootstrap(truth, predicted, classes)
    artefact = folder / result.method
    row = {
        "name": result.method,
        "status": "stopped" if result.stopped else "done",
        "why": result.stopped,
        "accuracy": _figure(scores.accuracy(truth, predicted), samples.accuracy),
        "macro_f1": _figure(scores.macro_f1(truth, predicted, classes), samples.macro_f1),
        "delta": None,
        **_calibration(result, truth),
        "fit_seconds": result.fit_seconds,
        "texts_per_second": result.texts_per_second,
        "peak_memory_bytes": result.peak_memory_bytes,
        "energy_joules": result.cpu_seconds * WATTS_PER_CORE,
        "truncated": result.truncated,
        "artefact": artefact.as_posix(),
        "artefact_bytes": sum(file.stat().st_size for file in artefact.rglob("*") if file.is_file()),
        "artefact_seed": result.kept,
        "confusion": scores.confusion(truth, predicted, classes).tolist()
        if classes <= CONFUSION_CLASSES
        else None,
        "hardest": _hardest(result, truth, part),
    }
    return Scored(row, samples)


def _figure(seeds: Floats, samples: Floats) -> Row:
    low, high = interval(samples)
    return {"value": float(seeds.mean()), "low": low, "high": high, "seeds": seeds.tolist()}


def _probabilities(result: Result) -> Floats:
    """Return the calibrated probabilities: (S, N, C)."""
    heat = np.array(result.temperatures)[:, None, None]
    return np.asarray(softmax(result.logits.astype(np.float64) / heat, axis=2))


def _calibration(result: Result, truth: Any) -> Row:
    """Return the calibration error (mean over seeds) and the reliability curve (all seeds together)."""
    before = np.asarray(softmax(result.logits.astype(np.float64), axis=2))
    found: Row = {"reliability": {}}
    for key, when, probabilities in (
        ("ece", "before", before),
        ("ece_calibrated", "after", _probabilities(result)),
    ):
        curves = [scores.reliability(seed, truth) for seed in probabilities]
        found[key] = float(np.mean([scores.calibration_error(curve) for curve in curves]))
        pooled = scores.reliability(np.concatenate(probabilities), np.tile(truth, len(curves)))
        found["reliability"][when] = [{**point, "count": point["count"] / len(curves)} for point in pooled]
    return found


def _hardest(result: Result, truth: Any, part: Part) -> list[Row]:
    probabilities = _probabilities(result).mean(axis=0)
    return [
        {
            "row": int(part.rows[i]),
            "text": part.texts[i][:SHOWN_CHARACTERS],
            "true": part.labels[i],
            "predicted": result.classes[int(probabilities[i].argmax())],
            "probability": float(probabilities[i, truth[i]]),
        }
        for i in scores.hardest(probabilities, truth).tolist()
    ]


def rank(scored: Sequence[Scored]) -> dict[str, Any]:
    """Return `methods`, `best` and `recommended`, with each method's paired difference to the best.

    Best is the highest macro-F1. Recommended is the fastest at prediction among those whose paired 95 %
    interval against the best includes 0: they may be as good, and the rest is cost.
    """
    alive = [one for one in scored if one.samples is not None]
    if not alive:
        return {"methods": [one.row for one in scored], "best": None, "recommended": None}
    best = max(alive, key=lambda one: one.row["macro_f1"]["value"])  # the first of equals: the simpler one
    rows = [{**one.row, "delta": _delta(one, best)} for one in scored]
    level = [row for row in rows if row["delta"] and row["delta"]["low"] <= 0 <= row["delta"]["high"]]
    fastest = max(level, key=lambda row: row["texts_per_second"])
    return {"methods": rows, "best": best.row["name"], "recommended": fastest["name"]}


def _delta(one: Scored, best: Scored) -> dict[str, float] | None:
    if one.samples is None or best.samples is None:
        return None
    low, high = interval(one.samples.macro_f1 - best.samples.macro_f1)
    value = one.row["macro_f1"]["value"] - best.row["macro_f1"]["value"]
    return {"value": value, "low": low, "high": high}
