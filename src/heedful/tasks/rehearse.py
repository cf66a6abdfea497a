"""How many steps of tuning pay: tried on parts of the few labelled texts, each held out once."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from heedful.estimator import Clock
from heedful.search.order import unit
from heedful.tasks.contrast import Contrast, folds
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.neighbours import Neighbours
from heedful.train.cores import cores, pool
from heedful.train.linear import DEFAULT, Linear, solve, solve_each
from heedful.types import Floats, Ints, Vectors

STEPS = (0, 8, 16, 32)
USUAL = 16  # steps, unless the held-out rows speak clearly for another number
PARTS = 3
COUNTS = (1, 3, 5, 10)  # neighbours that vote
WEIGHT = 10.0  # texts that the description of a label counts for in a linear head
SHARE = 0.6  # of the time, for trying
HeadName = Literal["linear", "neighbours"]
Setting = tuple[int, int]  # steps, and neighbours that vote (0: a linear head)


@dataclass(frozen=True)
class Few:
    """N labelled texts: token ids, targets (N,) or (N, C), and marks (N, C') for the contrast."""

    texts: list[str]
    ids: list[list[int]]
    targets: NDArray[Any]
    marks: Floats
    classes: int
    told: int = 0  # rows at the end that are descriptions of labels: never held out

    def taken(self, rows: Ints) -> "Few":
        """Return these rows."""
        texts, ids = [self.texts[row] for row in rows], [self.ids[row] for row in rows]
        told = int((rows >= len(self.texts) - self.told).sum())
        return Few(texts, ids, self.targets[rows], self.marks[rows], self.classes, told)


@dataclass(frozen=True)
class Found:
    """Logits (M, C) of the M held-out rows by setting, and their targets."""

    logits: dict[Setting, Floats]
    targets: NDArray[Any]

    def losses(self, setting: Setting) -> Floats:
        """Return the loss of each row at the best temperature: (M,)."""
        return row_losses(self.logits[setting], self.targets)

    def summary(self) -> dict[str, float]:
        """Return the mean loss of each number of steps, at its best head."""
        means = {setting: float(self.losses(setting).mean()) for setting in self.logits}
        return {
            str(steps): round(min(mean for (one, _), mean in means.items() if one == steps), 4)
            for steps in dict.fromkeys(steps for steps, _ in means)
        }

    def best(self, usual: int = USUAL) -> Setting:
        """Return the setting of least loss, or the usual steps unless that is clearly less.

        Clearly is by more than a standard error of the rows' differences.
        """
        losses = {setting: self.losses(setting) for setting in self.logits}

        def least(settings: Sequence[Setting]) -> Setting:
            return min(settings, key=lambda one: losses[one].mean())

        near = min({steps for steps, _ in losses}, key=lambda steps: abs(steps - usual))
        first, other = least([one for one in losses if one[0] == near]), least(list(losses))
        gain = losses[first] - losses[other]
        clear = len(gain) > 1 and gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain))
        return other if clear else first


def row_losses(logits: Floats, targets: NDArray[Any]) -> Floats:
    """Return minus the log probability of each row's class, or the mean over its yes and no answers: (M,)."""
    if targets.ndim == 1:
        scores = log_softmax(logits / careful_temperature(logits, targets), axis=1)
        return np.asarray(-scores[np.arange(len(targets)), targets])
    return np.asarray((np.logaddexp(0, logits) - targets * logits).mean(axis=1))


def careful_temperature(logits: Floats, targets: Ints) -> float:
    """Return the temperature of least log loss on a few rows (N, C), log-normal about 1 beforehand.

    Without that, rows that are all right would call for certainty.
    """

    def loss(log_temperature: float) -> float:
        scores = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scores[np.arange(len(targets)), targets].sum() + log_temperature**2 / 2)

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(found.x))


def settings(steps: Sequence[int], head: HeadName, rows: int) -> list[Setting]:
    """Return what is tried with these numbers of steps."""
    counts = [k for k in COUNTS if k < rows] or [1]
    return [(step, k) for step in steps for k in (counts if head == "neighbours" else [0])]


def head_logits(few: Few, vectors: Vectors, queries: Vectors, k: int) -> Floats:
    """Return what a head learned from N vectors says of M others: (M, C)."""
    if k:
        voter = Neighbours.over(None, few.texts, vectors, few.targets, np.arange(few.classes), k)
        return voter.votes(unit(queries), k)
    return linear(few, vectors).logits(queries)


def linear(few: Few, vectors: Vectors) -> Linear:
    """Return the logistic regression of one label a row, or of each label for itself."""
    counts = np.ones(len(few.texts))
    counts[len(counts) - few.told :] = WEIGHT
    if few.targets.ndim == 2:
        return solve_each(vectors, few.targets, DEFAULT, counts)
    return solve(vectors, few.targets, DEFAULT, None, counts)


def rehearse(
    encoder: SentenceEncoder, few: Few, held: Few | None, contrast: Contrast, head: HeadName, clock: Clock
) -> Found | None:
    """Tune copies of the encoder, and note after some steps what a head makes of rows held out.

    Those are `held`, or else each part of the rows in its turn. None: no row can be held out.
    """
    rounds = split(few, contrast.seed) if held is None else [(few, held)]
    if not rounds:
        return None
    seconds = clock.left() * SHARE / -(-len(rounds) // cores())

    def work(one: tuple[Few, Few]) -> dict[Setting, Floats]:
        return tried(encoder, *one, contrast, head, Clock(seconds))

    with pool() as threads:
        parts = list(threads.map(work, rounds))
    reached = [setting for setting in parts[0] if all(setting in part for part in parts)]
    logits = {setting: np.concatenate([part[setting] for part in parts]) for setting in reached}
    return Found(logits, np.concatenate([out.targets for _, out in rounds]))


def split(few: Few, seed: int) -> list[tuple[Few, Few]]:
    """Return the rows that stay and those held out, in each of the rounds."""
    found = folds(few.marks, PARTS, np.random.default_rng(seed))
    found[len(found) - few.told :] = -1
    outs = [np.flatnonzero(found == part) for part in range(PARTS)]
    rests = [np.setdiff1d(np.arange(len(found)), out) for out in outs]
    return [(few.taken(rest), few.taken(out)) for rest, out in zip(rests, outs, strict=True) if len(out)]


def tried(
    encoder: SentenceEncoder, few: Few, held: Few, contrast: Contrast, head: HeadName, clock: Clock
) -> dict[Setting, Floats]:
    """Return the logits of the held-out rows by setting, as far as the time allows."""
    own = copy.deepcopy(encoder)
    found: dict[Setting, Floats] = {}

    def visit(steps: int) -> None:
        vectors, queries = own.vectors(few.ids), own.vectors(held.ids)
        for setting in settings([steps], head, len(few.texts)):
            found[setting] = head_logits(few, vectors, queries, setting[1])

    visit(0)
    random = np.random.default_rng(contrast.seed)
    contrast.tune(own, few.ids, few.marks, STEPS[-1], random, clock, visit, STEPS[1:])
    return found
