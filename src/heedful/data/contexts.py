"""Held-out questions: about other contexts than those learned from, and none that stands in train."""

from collections.abc import Sequence

import numpy as np

from heedful.data.checks import grouped
from heedful.data.questions import QuestionTable
from heedful.data.shingles import first_of, normalised, shingle_sets
from heedful.errors import DataError
from heedful.types import Ints

SHARE, MOST = 0.1, 2000  # of the questions are held out


def context_groups(contexts: Sequence[str]) -> Ints:
    """Return the group of each context (N,): near-equal ones share a number."""
    keys = [normalised(text) for text in contexts]
    first = first_of(keys)
    alone = np.flatnonzero(first == np.arange(len(first)))
    return grouped(shingle_sets(keys[place] for place in alone))[0][np.searchsorted(alone, first)]


def hold_out(table: QuestionTable, seed: int) -> tuple[QuestionTable, QuestionTable]:
    """Return a part to learn from and about a tenth held out; near-equal contexts stay on one side."""
    groups = context_groups(table.contexts)
    names = np.unique(groups)
    if len(names) < 2:
        raise DataError(
            f"{table.source} has one context only; none can be held out. Add others, or name a --dev table."
        )
    order = np.random.default_rng(seed).permutation(names)
    sizes = np.cumsum(np.bincount(groups)[order])
    wanted = min(SHARE * len(groups), MOST)
    chosen = order[: min(max(1, int(np.searchsorted(sizes, wanted, side="right"))), len(names) - 1)]
    held = np.isin(groups, chosen)
    return table.taken(np.flatnonzero(~held).tolist()), table.taken(np.flatnonzero(held).tolist())


def unseen(train: QuestionTable, dev: QuestionTable) -> tuple[QuestionTable, int, int]:
    """Return `dev` without the questions that train asks about a near-equal context, and two counts:

    how many those are, and how many of the others have a near-equal context in train.
    """
    groups = context_groups([*train.contexts, *dev.contexts]).tolist()
    learned, asked = groups[: len(train.rows)], groups[len(train.rows) :]
    known = set(zip(learned, map(normalised, train.questions), strict=True))
    pairs = list(zip(asked, map(normalised, dev.questions), strict=True))
    kept = [place for place, pair in enumerate(pairs) if pair not in known]
    if not kept:
        raise DataError(
            f"{dev.source}: all {len(pairs)} questions stand in {train.source}. Name another table."
        )
    contexts = set(learned)
    return dev.taken(kept), len(pairs) - len(kept), sum(asked[place] in contexts for place in kept)
