"""`inspect`: what is wrong with a table, found before any training."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from heedful.data.columns import MOST_CLASSES, listing
from heedful.data.near import near_groups, near_matches
from heedful.data.shingles import ShingleSets, first_of, normalised, shingle_sets
from heedful.data.table import Table
from heedful.errors import DataError
from heedful.types import Ints

Pairs = list[tuple[int, int]]
LEAST_ROWS = 4


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What the rows of a table hold; every index is a place in `Table.texts`, not a row number of the source.

    `duplicates` and `near_duplicates` are pairs (row, earlier or near row), one per row beyond the first of
    its kind. `conflicts` lists the rows of each text that has several labels. `leaks_*` are pairs (test row,
    train row); exact ones are verbatim, one that differs in case or punctuation alone is near. `groups`
    numbers the rows of train: near-equal ones, directly or through a chain, share a number.
    """

    rows: int
    test_rows: int
    classes: dict[str, int]
    empty: int
    duplicates: Pairs
    near_duplicates: Pairs
    conflicts: list[list[int]]
    leaks_exact: Pairs
    leaks_near: Pairs
    groups: Ints
    notes: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Return the figures alone, classes as their number."""
        return {
            "rows": self.rows,
            "classes": len(self.classes),
            "empty": self.empty,
            "duplicates": len(self.duplicates),
            "near_duplicates": len(self.near_duplicates),
            "conflicts": len(self.conflicts),
            "leaks_exact": len(self.leaks_exact),
            "leaks_near": len(self.leaks_near),
        }


def check_learnable(table: Table) -> None:
    """Raise DataError for what nothing can be learned from: one class, too few rows, no label column."""
    counts = Counter(table.labels)
    rows, classes = len(table.texts), len(counts)
    where = f"{table.source}, column {table.label_column!r}"
    if rows < LEAST_ROWS:
        raise DataError(
            f"{table.source} has {rows} usable row{'s'[: rows != 1]}; expected at least {LEAST_ROWS}, to "
            f"learn from some and test on others.{lost(table)}"
        )
    if classes < 2:
        raise DataError(
            f"{where}: all {rows} rows have the label {next(iter(counts))!r}; expected 2 classes."
        )
    if classes > MOST_CLASSES or (rows >= 20 and classes > rows / 2):
        raise DataError(
            f"{where}: {classes:,} distinct labels in {rows:,} rows; expected few that repeat (at most "
            f"{MOST_CLASSES:,}). It looks like no label column: name another with --label."
        )


def lost(table: Table) -> str:
    """Return the rows that were skipped, as a sentence."""
    reasons = ", ".join(f"{count} with {reason}" for reason, count in table.skipped.items())
    return f" Skipped: {reasons}." if reasons else ""


def inspect(train: Table, test: Table | None = None) -> Inspection:
    """Check a table and its test table; raises DataError for a table that nothing can be learned from."""
    check_learnable(train)
    texts = train.texts + (test.texts if test else [])
    keys = [normalised(text) for text in texts]
    total = len(train.texts)
    first = first_of(keys)
    alone = np.flatnonzero(first == np.arange(len(first)))  # the first row of each distinct text
    split = int(np.searchsorted(alone, total))
    sets = shingle_sets(keys[i] for i in alone)
    groups, near, bounded = grouped(sets.first(split))
    place = np.searchsorted(alone, first)
    matches: dict[int, int] = {}
    if test is not None:
        matches, cut = near_matches(sets, split)
        bounded = bounded or cut
    exact = verbatim(texts, total)
    same = {i - total: int(first[i]) for i in range(total, len(texts)) if first[i] < total}
    near_test = {
        i - total: int(alone[matches[p]]) for i in range(total, len(texts)) if (p := int(place[i])) in matches
    }
    return Inspection(
        rows=total,
        test_rows=len(texts) - total,
        classes=dict(sorted(Counter(train.labels).items())),
        empty=train.skipped.get("empty text", 0),
        duplicates=[(i, int(first[i])) for i in range(total) if first[i] != i],
        near_duplicates=sorted((int(alone[a]), int(alone[b])) for a, b in near),
        conflicts=conflicts(first[:total], train.labels),
        leaks_exact=sorted(exact.items()),
        leaks_near=sorted((row, old) for row, old in (near_test | same).items() if row not in exact),
        groups=groups[place[:total]],
        notes=notes(train, test, bounded),
    )  # fmt: skip


def grouped(sets: ShingleSets) -> tuple[Ints, Pairs, bool]:
    """Return the group of each distinct text, the pairs that joined them, and if the search was bounded."""
    found = near_groups(sets)
    roots = found.roots(np.arange(len(sets.sizes)))
    numbers = np.unique(roots, return_inverse=True)[1].astype(np.int64)
    return numbers, found.edges, found.bounded


def verbatim(texts: Sequence[str], total: int) -> dict[int, int]:
    """Return for each test row the first train row that holds the same text, spaces aside."""
    first = first_of([" ".join(text.split()) for text in texts])
    return {i - total: int(j) for i, j in enumerate(first) if i >= total > j}


def conflicts(first: Ints, labels: Sequence[str]) -> list[list[int]]:
    """Return the rows of each distinct text that carries two or more labels."""
    same: dict[int, list[int]] = {}
    for i, j in enumerate(first.tolist()):
        same.setdefault(j, []).append(i)
    return [rows for rows in same.values() if len({labels[i] for i in rows}) > 1]


def notes(train: Table, test: Table | None, bounded: bool) -> list[str]:
    """Return what a reader of the figures has to know."""
    found = []
    unknown = sorted(set(test.labels) - set(train.labels)) if test else []
    if unknown and test:
        rows = sum(label in unknown for label in test.labels)
        found.append(
            f"{rows} test rows have a label that train does not know ({listing(unknown)}): not scored."
        )
    if bounded:
        found.append("Very many texts resemble each other: some near duplicates are not counted.")
    return found
