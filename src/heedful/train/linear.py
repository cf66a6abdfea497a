"""Logistic regression whose strength, and whose weighting of rare classes, a held-out part chooses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from heedful.estimator import Clock
from heedful.types import Floats, Ints, Vectors

STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0)  # inverse of the L2 penalty
DEFAULT = 10.0  # without a held-out part
MARGIN = 0.02  # of macro-F1, by which balanced weights have to win: less is the noise of a few rare rows
SKEWED = 2.0  # largest class over smallest, from where balanced weights are tried too


@dataclass(frozen=True)
class Linear:
    """Weights (C, F) and biases (C,): features (N, F) to logits (N, C)."""

    weight: Vectors
    bias: Vectors

    def logits(self, features: Any) -> Floats:
        """Return (N, C) of dense or sparse features (N, F)."""
        return np.asarray(features @ self.weight.T.astype(np.float64) + self.bias)


@dataclass(frozen=True)
class Trial:
    """One setting and what it reached on the held-out part."""

    model: Linear
    loss: float
    macro_f1: float


def log_loss(logits: Floats, targets: Ints) -> float:
    """Return the mean of -log p(true class)."""
    return float(-log_softmax(logits, axis=1)[np.arange(len(targets)), targets].mean())


def macro_f1(logits: Floats, targets: Ints) -> float:
    """Return the mean F1 of the classes that occur."""
    return float(f1_score(targets, logits.argmax(axis=1), average="macro", zero_division=0.0))


def score(logits: Floats, targets: Ints) -> tuple[float, float]:
    """Return macro-F1, then minus the log loss to settle ties: larger is better."""
    return macro_f1(logits, targets), -log_loss(logits, targets)


def fit_linear(
    features: Any, targets: Ints, dev: tuple[Any, Ints] | None, clock: Clock
) -> tuple[Linear, str | None]:
    """Return the logistic regression chosen on `dev`, and why the search ended early (None if it did not).

    Log loss, the smoother measure, chooses the strength; macro-F1 chooses between plain and balanced weights.
    """
    if dev is None:
        return solve(features, targets, DEFAULT, None), None
    best, finished = climb(features, targets, dev, clock, None)
    counts = np.bincount(targets)
    if finished and counts.max() >= SKEWED * counts.min():
        balanced, finished = climb(features, targets, dev, clock, "balanced")
        best = balanced if balanced.macro_f1 > best.macro_f1 + MARGIN else best
    return best.model, None if finished else "time ran out before every strength was tried"


def climb(
    features: Any, targets: Ints, dev: tuple[Any, Ints], clock: Clock, class_weight: str | None
) -> tuple[Trial, bool]:
    """Try the strengths upwards until the log loss on `dev` rises or time is short for the next."""
    best: Trial | None = None
    for strength in STRENGTHS:
        begin = clock.elapsed()
        model = solve(features, targets, strength, class_weight)
        logits = model.logits(dev[0])
        trial = Trial(model, log_loss(logits, dev[1]), macro_f1(logits, dev[1]))
        if best is not None and trial.loss >= best.loss:
            break
        best = trial
        if strength != STRENGTHS[-1] and clock.left() < clock.elapsed() - begin:
            return best, False
    assert best is not None
    return best, True


def solve(
    features: Any, targets: Ints, strength: float, class_weight: str | None, counts: Floats | None = None
) -> Linear:
    """Return the multinomial solution (L-BFGS) with a row of weights for each class.

    `counts` (N,) says how many times each row counts (None: once).
    """
    solver = LogisticRegression(C=strength, class_weight=class_weight, max_iter=1000)
    with threadpool_limits(1):  # the vectors are short: a second thread costs more than it brings
        solver.fit(features, targets, sample_weight=counts)
    weight, bias = solver.coef_, solver.intercept_
    if len(weight) == 1:  # of two classes scikit-learn keeps the second's row
        weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return Linear(np.ascontiguousarray(weight, np.float32), np.ascontiguousarray(bias, np.float32))


def solve_each(
    features: Any, marks: Floats, strength: float = DEFAULT, counts: Floats | None = None
) -> Linear:
    """Return a regression of each column of `marks` (N, C) of 0 and 1 for itself: weights (C, F).

    A column of one value alone has no weights; its bias is the smoothed log odds.
    """
    rows, width = marks.shape[0], features.shape[1]
    weight, bias = np.zeros((marks.shape[1], width), np.float32), np.zeros(marks.shape[1], np.float32)
    for place, column in enumerate(marks.T):
        having = column.sum()
        if 0 < having < rows:
            found = solve(features, column.astype(np.int64), strength, None, counts)
            weight[place], bias[place] = found.weight[1] - found.weight[0], found.bias[1] - found.bias[0]
        else:
            bias[place] = np.log((having + 0.5) / (rows - having + 0.5))
    return Linear(weight, bias)
