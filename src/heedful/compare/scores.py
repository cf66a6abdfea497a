"""The figures of the leaderboard: scores, bootstrap intervals, calibration.

Labels are codes 0..C-1. `predicted` is (S, N): the answers of S seeds to N test rows. Macro-F1 is the mean F1
of the classes that occur in the test part; a class that does not occur there has no F1 to speak of.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from heedful.types import Floats, Ints

RESAMPLES = 1000
BINS = 15
_CELLS = 500_000  # drawn at a time: bounds the memory of the bootstrap, and stays in the processor's cache


def accuracy(truth: Ints, predicted: Ints) -> Floats:
    """Return the share of right answers of each seed: (S,)."""
    return np.asarray((predicted == truth).mean(axis=1), dtype=np.float64)


def macro_f1(truth: Ints, predicted: Ints, classes: int) -> Floats:
    """Return the macro-F1 of each seed: (S,)."""
    once = np.ones((len(truth), 1))
    return _figures(truth, predicted, classes, once)[1][:, 0]


@dataclass(frozen=True)
class Samples:
    """What a method scores in each of B resamples of the test rows, as the mean over its seeds: (B,)."""

    accuracy: Floats
    macro_f1: Floats


def bootstrap(truth: Ints, predicted: Ints, classes: int, resamples: int = RESAMPLES) -> Samples:
    """Score `resamples` draws of N test rows with replacement (Efron 1979).

    The draws depend on N alone: two methods asked about the same test rows can be compared draw by draw.
    """
    rows = len(truth)
    random = np.random.default_rng(0)
    at_once = max(1, _CELLS // rows)
    parts = []
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        drawn = random.integers(0, rows, size=(size, rows)) + rows * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows).T  # (N, B)
        parts.append([figure.mean(axis=0) for figure in _figures(truth, predicted, classes, times)])
    return Samples(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _figures(truth: Ints, predicted: Ints, classes: int, times: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return accuracy and macro-F1, each (S, B), when row n counts `times[n, b]` times."""
    members = vstack(
        [
            _members(truth, classes),
            *(_members(answers, classes) for answers in predicted),
            *(_members(truth, classes, right) for right in predicted == truth),
        ]
    )  # (C + 2 S C, N)
    sums = np.asarray(members @ times.astype(np.float32, order="C"), dtype=np.float64)  # exact below 2 ** 24
    asked, (answered, right) = sums[:classes], sums[classes:].reshape(2, len(predicted), classes, -1)
    f1 = 2 * right / np.maximum(asked + answered, 1)  # (S, C, B)
    occurs = asked > 0
    return right.sum(axis=1) / times.sum(axis=0), (f1 * occurs).sum(axis=1) / occurs.sum(axis=0)


def _members(codes: Ints, classes: int, kept: NDArray[np.bool_] | None = None) -> Any:
    """Return the sparse matrix (C, N) with a 1 where row n has class c (and is kept)."""
    rows = np.arange(len(codes)) if kept is None else np.flatnonzero(kept)
    ones = np.ones(len(rows), np.float32)
    return csr_array((ones, (codes[rows], rows)), shape=(classes, len(codes)))


def reliability(probabilities: Floats, truth: Ints, bins: int = BINS) -> list[dict[str, float]]:
    """Return mean confidence, accuracy and count of each of `bins` equal bins of the confidence.

    `probabilities` is (N, C). Bin m holds the confidences in ((m-1)/bins, m/bins]; an empty one has count 0
    and its middle as confidence.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    some = np.maximum(count, 1)
    middle = (np.arange(bins) + 0.5) / bins
    mean = np.where(count, np.bincount(place, confidence, bins) / some, middle)
    share = np.bincount(place, right, bins) / some
    return [
        {"confidence": float(c), "accuracy": float(a), "count": int(n)}
        for c, a, n in zip(mean, share, count, strict=True)
    ]


def calibration_error(curve: list[dict[str, float]]) -> float:
    """Return the expected calibration error (Guo et al. 2017, equation 3) of a reliability curve."""
    total = sum(point["count"] for point in curve)
    gaps = (point["count"] * abs(point["accuracy"] - point["confidence"]) for point in curve)
    return float(sum(gaps) / max(total, 1))


def confusion(truth: Ints, predicted: Ints, classes: int) -> Floats:
    """Return how many test rows of class i were called j, as the mean over seeds: (C, C)."""
    cells = (truth * classes + predicted).ravel()
    counts = np.bincount(cells, minlength=classes * classes).reshape(classes, classes)
    return np.asarray(counts / len(predicted), dtype=np.float64)


def hardest(probabilities: Floats, truth: Ints, limit: int = 20) -> Ints:
    """Return the rows with the least probability (N, C) of their true class, worst first."""
    own = probabilities[np.arange(len(truth)), truth]
    return np.asarray(np.argsort(own, kind="stable")[:limit], dtype=np.int64)
