"""Tuning an encoder by contrast: texts that share labels towards each other, the others apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from heedful.estimator import Clock
from heedful.tasks.embed import SentenceEncoder
from heedful.train.loop import train
from heedful.train.objectives import Loss
from heedful.train.plan import Plan
from heedful.train.progress import Progress
from heedful.types import Floats, Ints

Visit = Callable[[int], None]  # is told the number of steps that are done


@dataclass(frozen=True)
class Contrast:
    """How the encoder is tuned: texts in a batch, peak rate, seed, and if the rate `falls` to 0."""

    rows: int
    rate: float
    seed: int
    falls: bool

    def tune(
        self, encoder: SentenceEncoder, ids: Sequence[list[int]], marks: Floats, steps: int,
        random: np.random.Generator, clock: Clock, visit: Visit | None = None, visits: Sequence[int] = (),
    ) -> Progress:  # fmt: skip
        """Tune on N texts (`ids`) of which row n has the labels where `marks` (N, C) is 1.

        Each text of a batch is encoded once, and every pair of them counts. `visit` is called, with the
        encoder at rest, after each of the steps in `visits`.
        """

        def objective(module: nn.Module, rows: list[int]) -> Loss:
            return pair_loss(module([ids[row] for row in rows]), torch.tensor(marks[rows])), 1

        batches = [batch(marks, ids, self.rows, random) for _ in range(steps)]
        schedule: Any = "linear" if self.falls else "constant"
        plan = Plan(steps=steps, rate=self.rate, schedule=schedule, parts=1, seed=self.seed)
        watch = None if visit is None else Visitor(encoder, visit, frozenset(visits))
        return train(encoder, lambda _: batches, objective, plan, clock, watch=watch)


class Visitor:
    """Hears of the steps, and lets the encoder rest while it is looked at."""

    def __init__(self, encoder: SentenceEncoder, visit: Visit, visits: frozenset[int]) -> None:
        self.encoder, self.visit, self.visits = encoder, visit, visits

    def stepped(self, progress: Progress) -> None:
        """Look at the encoder if it is time to."""
        if progress.step in self.visits:
            self.encoder.eval()
            self.visit(progress.step)
            self.encoder.train()

    def scored(self, progress: Progress) -> None:
        """Nothing is scored inside the loop."""


def marked(targets: NDArray[Any], classes: int) -> Floats:
    """Return 1 where a row has a class (N, C), of classes (N,) or of 0 and 1 (N, C).

    Rows without any get a column of their own: to have no label is to be alike.
    """
    if targets.ndim == 1:
        return np.asarray(np.eye(classes)[targets])
    without = targets.sum(axis=1, keepdims=True) == 0
    return np.hstack([targets, without]) if without.any() else targets.astype(np.float64)


def choose(marks: Floats, shots: int, random: np.random.Generator) -> Ints:
    """Return the rows of `shots` examples of each label, or of all that have it."""
    found = [random.permutation(np.flatnonzero(column))[:shots] for column in marks.T if column.any()]
    return np.array(list(dict.fromkeys(np.concatenate(found).tolist())), dtype=np.int64)


def batch(marks: Floats, ids: Sequence[list[int]], rows: int, random: np.random.Generator) -> list[int]:
    """Return about `rows` examples of at least two labels, two or more of each where it has them."""
    present = random.permutation(np.flatnonzero(marks.any(axis=0)))[: max(2, rows // 2)]
    each = max(2, rows // len(present))
    chosen = [random.permutation(np.flatnonzero(marks[:, one]))[:each] for one in present]
    return sorted(dict.fromkeys(np.concatenate(chosen).tolist()), key=lambda row: len(ids[row]))


def pair_loss(vectors: Tensor, marks: Tensor) -> Tensor:
    """Return the mean squared error of all cosines (B, B) from `likeness`: 1 in a class, 0 between classes.

    Pairs that share a label and pairs that do not have the same weight.
    """
    unit = normalize(vectors, dim=-1)
    errors = (likeness(marks).to(unit.dtype) - unit @ unit.T).square()
    same = marks @ marks.T > 0
    others = ~torch.eye(len(marks), dtype=torch.bool)
    parts = errors[same & others], errors[~same]
    return sum((part.mean() for part in parts if part.numel()), torch.zeros(()))


def likeness(marks: Tensor) -> Tensor:
    """Return the labels that two rows share over those that either has (Jaccard): (B, B) of marks (B, C)."""
    both, counts = marks @ marks.T, marks.sum(dim=1)
    return both / (counts[:, None] + counts[None, :] - both)


def folds(marks: Floats, parts: int, random: np.random.Generator) -> Ints:
    """Return the part 0 .. parts - 1 of each row, -1 for those that cannot be held out: (N,).

    The rows of each label spread over the parts, by the rarest that a row has; a label's only row stays.
    """
    counts = marks.sum(axis=0)
    rarest = np.where(marks > 0, counts, np.inf).argmin(axis=1)
    found = np.full(len(marks), -1, dtype=np.int64)
    for label in np.unique(rarest):
        rows = random.permutation(np.flatnonzero(rarest == label))
        if counts[label] > 1:
            found[rows] = (np.arange(len(rows)) + random.integers(parts)) % parts
    return found
