"""Rows of texts divided: to learn from, to choose on, to score; no text stands in two parts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heedful.data.likes import Likes
from heedful.data.near import Groups
from heedful.data.parallel import folded, printed
from heedful.errors import DataError
from heedful.types import Ints

SCORED, MOST_SCORED = 0.1, 1000
CHOOSING, MOST_CHOOSING = 0.1, 500
FEWEST = 10  # rows that are scored, of a table that has three times as many
SEED = 0  # the division is the same whatever the seed of training


@dataclass(frozen=True)
class Parted:
    """Three parts of a table; `choosing` may be empty. `dropped` counts what was left out, by reason."""

    train: Likes
    choosing: Likes
    scored: Likes
    dropped: dict[str, int]
    notes: list[str]


def part(train: Likes, dev: Likes | None) -> Parted:
    """Divide a table: a tenth is scored, or all of `dev`; of the rest a tenth is held out to choose on.

    Rows that share a text (but for case and spaces) stay together. Where that leaves too few to score, rows
    that share their first text do, and the note says so. Rows of train that share a first text with `dev`
    are left out.
    """
    if train.kind == "texts" and dev is None:
        none = train.taken([])
        return Parted(train, none, none, {}, ["Nothing is scored: there is no --dev of pairs or grades."])
    notes: list[str] = []
    places = np.arange(len(train.texts))
    dropped: dict[str, int] = {}
    if dev is None:
        wanted = max(min(round(SCORED * len(places)), MOST_SCORED), min(FEWEST, len(places) // 3))
        scored_places, notes = held_out(train, places, wanted)
        scored = train.taken(scored_places.tolist())
        if len(scored.texts) < 2:
            raise DataError(
                f"{train.source}: {len(scored.texts)} of its {len(places)} rows can be held out to be "
                "scored; expected 2 or more. Add rows, or name a --dev table."
            )
        places = np.setdiff1d(places, scored_places)
    else:
        scored = dev
        first = {printed(folded(texts[0])) for texts in dev.texts}
        kept = [place for place in places.tolist() if printed(folded(train.texts[place][0])) not in first]
        dropped = (
            {"train rows whose first text is in dev": len(places) - len(kept)}
            if len(kept) < len(places)
            else {}
        )
        places = np.array(kept, dtype=np.int64)
    if not len(places):
        raise DataError(f"{train.source}: every row has its first text in what is scored. Give other rows.")
    choosing, _ = held_out(train, places, min(round(CHOOSING * len(places)), MOST_CHOOSING))
    rest = np.setdiff1d(places, choosing)
    return Parted(train.taken(rest.tolist()), train.taken(choosing.tolist()), scored, dropped, notes)


def held_out(rows: Likes, places: Ints, wanted: int) -> tuple[Ints, list[str]]:
    """Return about `wanted` of the places, in whole groups, and a note where only first texts make groups."""
    random = np.random.default_rng(SEED)
    found = some(groups([rows.texts[i] for i in places.tolist()]), wanted, random)
    if len(found) >= wanted // 2:
        return places[found], []
    found = some(groups([rows.texts[i][:1] for i in places.tolist()]), wanted, random)
    note = "Second texts that are scored stand in train too: too many rows share them to hold them out."
    return places[found], [note]


def groups(texts: Sequence[tuple[str, ...]]) -> Ints:
    """Return the group of each row: rows that share a text, directly or through others."""
    forest = Groups(np.arange(len(texts)), [])
    seen: dict[int, int] = {}
    for row, own in enumerate(texts):
        for text in own:
            first = seen.setdefault(printed(folded(text)), row)
            if first != row:
                forest.join(np.array([first]), np.array([row]))
    return forest.roots(np.arange(len(texts)))


def some(found: Ints, wanted: int, random: np.random.Generator) -> Ints:
    """Return the rows of random groups, `wanted` at most, sorted."""
    names, counts = np.unique(found, return_counts=True)
    taken: list[int] = []
    total = 0
    for place in random.permutation(len(names)).tolist():
        if total + counts[place] <= wanted:
            taken.append(int(names[place]))
            total += int(counts[place])
    return np.flatnonzero(np.isin(found, taken))
