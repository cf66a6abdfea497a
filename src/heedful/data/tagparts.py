"""Held-out sentences: none whose like stands among those learned from."""

from collections.abc import Sequence

import numpy as np

from heedful.data.bio import OUTSIDE
from heedful.data.conll import TaggedTable
from heedful.data.contexts import MOST, SHARE, context_groups
from heedful.data.splits import held_out
from heedful.errors import DataError

LEAST = 3  # sentences with names, of which one can be held out


def joined(sentences: Sequence[Sequence[str]]) -> list[str]:
    """Return sentences as texts, for telling which are near-equal."""
    return [" ".join(words) for words in sentences]


def hold_out(table: TaggedTable, seed: int) -> tuple[TaggedTable, TaggedTable]:
    """Return a part to learn from and about a tenth held out; near-equal sentences stay on one side.

    Sentences with names and those without are held out in proportion.
    """
    kinds = np.array([any(tag != OUTSIDE for tag in tags) for tags in table.tags])
    groups = context_groups(joined(table.words))
    if len(np.unique(groups[kinds])) < LEAST:
        raise DataError(
            f"{table.source}: fewer than {LEAST} differing sentences have names; none can be held out. Add "
            "sentences, or name a --dev table."
        )
    wanted = min(round(SHARE * len(kinds)), MOST)
    chosen = held_out(kinds.astype(str), groups, wanted, np.random.default_rng(seed))
    rest = np.setdiff1d(np.arange(len(kinds)), chosen)
    return table.taken(rest.tolist()), table.taken(chosen.tolist())


def unseen(train: TaggedTable, dev: TaggedTable) -> tuple[TaggedTable, int]:
    """Return `dev` without the sentences whose near-equal stands in train, and how many those are."""
    groups = context_groups(joined([*train.words, *dev.words])).tolist()
    known = set(groups[: len(train.words)])
    kept = [place for place, group in enumerate(groups[len(train.words) :]) if group not in known]
    if not kept:
        raise DataError(
            f"{dev.source}: all {len(dev.words)} sentences stand in {train.source}. Name another table."
        )
    return dev.taken(kept), len(dev.words) - len(kept)
