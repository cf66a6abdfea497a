"""A language model without a network: n-grams, smoothed by Witten and Bell (1991), method C."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from heedful.errors import DataError, NotFittedError
from heedful.types import Floats, Ints

MOST = 20_000_000  # tokens that it learns from: the counts lie in memory
Keys = NDArray[np.uint64]
Ids = NDArray[np.integer[Any]]


class WittenBell:
    """P(w | h) = (c(h w) + t(h) P(w | h')) / (c(h) + t(h)), h' one token shorter, t(h) the kinds after h.

    Below all stands 1 / V. Histories never run from one document into the next.
    """

    def __init__(self, order: int, vocab: int) -> None:
        self.order, self.vocab = order, vocab
        self.counts: list[tuple[Keys, Ints]] = []  # of n-grams, by n - 1
        self.after: list[tuple[Keys, Ints, Ints]] = []  # of histories: tokens and kinds that follow

    def fit(self, ids: Ids, ends: Ints) -> Self:
        """Count the n-grams of documents laid end to end, document d ending before `ends[d]`."""
        if not len(ids):
            raise DataError("there are no tokens to count; expected some. Name another corpus.")
        ids, ends = ids[:MOST], np.unique(np.minimum(ends, MOST))
        place = places(ends)
        self.counts, self.after = [], []
        for n in range(1, self.order + 1):
            at = np.flatnonzero(place >= n - 1)
            grams, firsts, counts = np.unique(keys(ids, at, n), return_index=True, return_counts=True)
            histories, owner = np.unique(keys(ids, at[firsts] - 1, n - 1), return_inverse=True)
            self.counts.append((grams, counts))
            self.after.append((histories, np.bincount(owner, counts).astype(np.int64), np.bincount(owner)))
        return self

    def nats(self, ids: Ids, ends: Ints) -> Floats:
        """Return -log P of every token (N,) of documents laid end to end."""
        if not self.counts:
            raise NotFittedError("this n-gram model is not fitted yet: call fit first.")
        place = places(ends)
        chance = np.full(len(ids), 1.0 / self.vocab)
        for n in range(1, self.order + 1):
            at = np.flatnonzero(place >= n - 1)
            total = looked_up(self.after[n - 1][0], self.after[n - 1][1], keys(ids, at - 1, n - 1))
            kinds = looked_up(self.after[n - 1][0], self.after[n - 1][2], keys(ids, at - 1, n - 1))
            count = looked_up(*self.counts[n - 1], keys(ids, at, n))
            seen = total > 0
            chance[at[seen]] = (count + kinds * chance[at])[seen] / (total + kinds)[seen]
        return np.asarray(-np.log(chance))


def places(ends: Ints) -> Ints:
    """Return the place of every token in its document: (N,)."""
    sizes = np.diff(ends, prepend=0)
    return np.arange(int(ends[-1])) - np.repeat(ends - sizes, sizes)


def keys(ids: Ids, at: Ints, n: int) -> Keys:
    """Return a 64-bit hash of the n tokens that end at each place: (M,)."""
    found = np.full(len(at), n, np.uint64)
    for back in range(n):
        found = (found ^ ids[at - back].astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        found ^= found >> np.uint64(29)
    return found


def looked_up(known: Keys, values: Ints, wanted: Keys) -> Ints:
    """Return the value of each wanted key, 0 where it is not known."""
    where = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[where] == wanted, values[where], 0)
