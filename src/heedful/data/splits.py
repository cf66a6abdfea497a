"""`split`: train, dev and test parts that are stratified, seeded, and never share near-equal texts."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heedful.data.checks import Inspection
from heedful.data.columns import listing
from heedful.data.table import Table
from heedful.errors import DataError
from heedful.types import Ints

TEST_SHARE, MOST_TEST = 0.2, 5000
DEV_SHARE, MOST_DEV = 0.1, 2000
FEW = 3  # rows of each class that dev and test get where the class has them


class Part(NamedTuple):
    """Texts, labels, and the row numbers they have in their source."""

    texts: list[str]
    labels: list[str]
    rows: list[int]


@dataclass(frozen=True, kw_only=True)
class Split:
    """Three parts of a table; `dev` may be empty in a tiny one. `dropped` counts the test rows left out.

    `published` tells whether test is a table of its own; only then are its rows numbered in that table.
    """

    train: Part
    dev: Part
    test: Part
    seed: int
    published: bool
    dropped: dict[str, int]
    notes: list[str]

    @property
    def counts(self) -> dict[str, int]:
        """Return the rows of each part."""
        return {"train": len(self.train.rows), "dev": len(self.dev.rows), "test": len(self.test.rows)}


def split(
    train: Table,
    test: Table | None,
    inspection: Inspection,
    seed: int = 0,
    leaks: Literal["drop", "keep"] = "drop",
) -> Split:
    """Split `train` into parts, or into train and dev where a `test` table is given.

    A given test table is kept whole, minus the rows that stand in train (`leaks="drop"`) and those whose
    label train does not know. Groups of near-equal texts (`inspection.groups`) stay on one side.
    """
    random = np.random.default_rng(seed)
    left = np.arange(len(train.texts))
    labels = np.array(train.labels)
    notes: list[str] = []
    dropped: dict[str, int] = {}
    if test is None:
        chosen = held_out(labels, inspection.groups, min(round(TEST_SHARE * len(left)), MOST_TEST), random)
        left = np.setdiff1d(left, chosen)
        part = taken(train, chosen)
        notes += rare(train, part)
    else:
        part, dropped = kept(train, test, inspection, leaks)
    if not part.rows:
        raise DataError(empty_test(train, test, dropped))
    wanted = min(round(DEV_SHARE * len(left)), MOST_DEV)
    dev = left[held_out(labels[left], inspection.groups[left], wanted, random)]
    fit = taken(train, np.setdiff1d(left, dev))
    held, tested = learnable(taken(train, dev), fit), learnable(part, fit)
    if not tested.rows:
        raise DataError("no test row has a class that train has; expected some. Name another --test table.")
    if lost := len(dev) - len(held.rows) + len(part.rows) - len(tested.rows):
        notes.append(f"{lost} rows are left out: train has no other row of their class.")
    return Split(
        train=fit, dev=held, test=tested, seed=seed,
        published=test is not None, dropped=dropped, notes=notes,
    )  # fmt: skip


def taken(table: Table, places: Ints) -> Part:
    """Return the rows at these places."""
    chosen = places.tolist()
    return Part(*([values[i] for i in chosen] for values in (table.texts, table.labels, table.rows)))


def learnable(part: Part, train: Part) -> Part:
    """Leave out the rows whose class is not in train: nothing can learn it.

    That happens to a rare class whose rows resemble those of another one and went along with them.
    """
    known = set(train.labels)
    kept = [row for row in zip(*part, strict=True) if row[1] in known]
    return Part(*map(list, zip(*kept, strict=True))) if kept else Part([], [], [])


def kept(train: Table, test: Table, inspection: Inspection, leaks: str) -> tuple[Part, dict[str, int]]:
    """Return the rows of a test table that are scored, and how many are not, by reason."""
    known = set(train.labels)
    exact = {row for row, _ in inspection.leaks_exact}
    near = {row for row, _ in inspection.leaks_near}
    reasons: Counter[str] = Counter()
    places = []
    for i, label in enumerate(test.labels):
        if label not in known:
            reasons["unknown label"] += 1
        elif leaks == "drop" and (i in exact or i in near):
            reasons["in train exactly" if i in exact else "in train nearly"] += 1
        else:
            places.append(i)
    return taken(test, np.array(places, dtype=np.int64)), dict(reasons)


def empty_test(train: Table, test: Table | None, dropped: dict[str, int]) -> str:
    """Return why nothing is left to test on."""
    if test is None:
        return (
            f"{train.source}: no row can be held out for a test without its like in train; expected at least "
            "3 differing texts of some class. Add rows, or name a --test table."
        )
    reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.items())
    return (
        f"{test.source}: none of its {len(test.texts)} rows can be scored ({reasons}). Name another --test "
        "table, or keep leaking rows with --leaks keep."
    )


def rare(train: Table, part: Part) -> list[str]:
    """Return a note on the classes that test does not hold."""
    missing = sorted(set(train.labels) - set(part.labels))
    if not missing:
        return []
    verb = "is" if len(missing) == 1 else "are"
    return [f"Too few differing texts to test them: {listing(missing)} {verb} in train only."]


def held_out(labels: NDArray[Any], groups: Ints, wanted: int, random: np.random.Generator) -> Ints:
    """Return the places of about `wanted` rows, whole groups at a time, in the proportions of the classes.

    A class of 3 or more groups gives at least one and keeps at least two; one of fewer gives none.
    """
    chosen: list[Ints] = []
    quotas = shares(Counter(labels.tolist()), wanted)
    for label, members in by_class(labels, groups):
        if len(members) < 3:
            continue
        sizes = [len(rows) for rows in members]
        quota = max(quotas[label], min(FEW, len(members) // 3))
        picked: list[int] = []
        total = 0
        for i in random.permutation(len(members)).tolist():
            if total + sizes[i] <= quota and len(picked) < len(members) - 2:
                picked.append(i)
                total += sizes[i]
        if not picked:
            picked = [int(np.argmin(sizes))]
        chosen += [members[i] for i in picked]
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, dtype=np.int64)


def by_class(labels: NDArray[Any], groups: Ints) -> Iterator[tuple[str, list[Ints]]]:
    """Yield each class with its groups of places; a group of several classes counts as its commonest."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    found: dict[str, list[Ints]] = {}
    for rows in np.split(order, starts[1:]):
        label = labels[rows[0]]
        if len(rows) > 1:
            label = Counter(sorted(labels[rows].tolist())).most_common(1)[0][0]
        found.setdefault(str(label), []).append(rows)
    yield from sorted(found.items())


def shares(counts: Counter[str], wanted: int) -> dict[str, int]:
    """Return whole numbers that sum to `wanted`, in proportion to the counts (largest remainder)."""
    total = counts.total()
    exact = {label: wanted * count / total for label, count in sorted(counts.items())}
    found = {label: int(share) for label, share in exact.items()}
    by_rest = sorted(exact, key=lambda label: (found[label] - exact[label], label))
    for label in by_rest[: wanted - sum(found.values())]:
        found[label] += 1
    return found
