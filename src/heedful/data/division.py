"""Examples divided: to learn from, to choose on, to score; near-equal texts never on two sides."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from heedful.data.checks import inspect
from heedful.data.examples import Examples
from heedful.data.splits import split
from heedful.data.table import Table
from heedful.errors import DataError

SEED = 0  # the division is the same whatever the seed of training
TOP = 8  # labels by which rows with several of them are sorted
QUARTERS = (0.25, 0.5, 0.75)
LABELLESS = ("rows", "duplicates", "near_duplicates", "leaks_exact", "leaks_near")


@dataclass(frozen=True)
class Division:
    """Three parts; `choosing` may be empty. `counts` and `dropped` say what was found and left out."""

    train: Examples
    choosing: Examples
    scored: Examples
    counts: dict[str, Any]
    dropped: dict[str, int]
    notes: list[str]


def divide(train: Examples, dev: Examples | None) -> Division:
    """Divide a table as `compare` does: a fifth is scored, or all of `dev` that does not stand in train.

    A tenth of the rest is held out to choose on.
    """
    if train.kind == "number" and len(set(train.labels)) < 2:
        raise DataError(f"{train.source}: all numbers are {train.labels[0]:g}; expected different ones.")
    sorter = Sorter(train)
    mine, other = table(train, sorter), None if dev is None else table(dev, sorter)
    found = inspect(mine, other)
    parts = split(mine, other, found, seed=SEED)
    scored = train if dev is None else dev
    single = train.kind == "single"
    return Division(
        train=train.taken(parts.train.rows),
        choosing=train.taken(parts.dev.rows),
        scored=scored.taken(parts.test.rows),
        counts={name: count for name, count in found.counts.items() if single or name in LABELLESS},
        dropped=parts.dropped,
        notes=[*found.notes, *(parts.notes if single else [])],
    )


class Sorter:
    """Sorts rows into strata, in whose proportions they are divided, by what the labels of train are."""

    def __init__(self, train: Examples) -> None:
        self.kind = train.kind
        if train.kind == "multi":
            counts = Counter(label for labels in train.labels for label in labels)
            self.top = [label for label, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))][:TOP]
        elif train.kind == "number":
            self.edges = np.unique(np.quantile(np.array(train.labels), QUARTERS))
        strata = Counter(self._of(label) for label in train.labels)
        self.commonest = strata.most_common(1)[0][0]
        self.known = set(strata)

    def __call__(self, label: Any) -> str:
        """Return the stratum of a label; where train has none like it, and it is no class, the commonest."""
        found = self._of(label)
        return found if self.kind == "single" or found in self.known else self.commonest

    def _of(self, label: Any) -> str:
        """Return the label; the rarest common one of several; or the quarter that a number lies in."""
        if self.kind == "single":
            return str(label)
        if self.kind == "multi":
            return next((one for one in reversed(self.top) if one in label), "")
        sides = (np.searchsorted(self.edges, label, side) for side in ("left", "right"))
        return str(sum(map(int, sides)))


def table(examples: Examples, sorter: Sorter) -> Table:
    """Return examples as a table whose labels are strata and whose rows are places."""
    return Table(
        texts=examples.joined(), labels=[sorter(label) for label in examples.labels],
        rows=list(range(len(examples.texts))), source=examples.source, text_column=examples.columns["text"],
        label_column=examples.columns["label"], skipped=examples.skipped, notes=[],
        fingerprint=examples.fingerprint,
    )  # fmt: skip
