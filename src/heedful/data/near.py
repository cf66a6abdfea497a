"""Which texts are nearly equal: Jaccard of their shingle sets >= 0.5, found without comparing all pairs.

Two sets A and B that alike share (|A| + |B|) / 3 shingles, so the rarest one that they share stands early in
both (prefix and position filters: Chaudhuri, Ganti, Kaushik 2006; Xiao et al. 2008): only texts that meet
there are compared. The result is exact as long as the work stays within a budget that is linear in the table;
`bounded` says if it did not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heedful.data.shingles import ShingleSets
from heedful.types import Ints

CROWD = 128  # texts that meet in one shingle, beyond which not all their pairs are listed at once
BATCH = 4 << 20  # shingles compared at once
BLOCK = 1 << 19  # pairs looked at once
BUDGET = 200  # shingles compared per shingle of the table, at most
LEAST_BUDGET = 50_000_000
NONE = np.iinfo(np.int64).max


@dataclass
class Groups:
    """A forest over D texts. `edges` holds the pairs that joined two groups: one per text but the first."""

    parents: Ints
    edges: list[tuple[int, int]]
    bounded: bool = False

    def roots(self, items: Ints) -> Ints:
        """Return the group of each item."""
        found: Ints = self.parents[items]
        while not np.array_equal(found, higher := self.parents[found]):
            found = higher
        self.parents[items] = found
        return found

    def join(self, left: Ints, right: Ints) -> None:
        """Join the groups of pairs; the lowest index becomes the root."""
        for a, b in zip(left.tolist(), right.tolist(), strict=True):
            root_a, root_b = self.root(a), self.root(b)
            if root_a != root_b:
                self.parents[max(root_a, root_b)] = min(root_a, root_b)
                self.edges.append((max(a, b), min(a, b)))

    def root(self, item: int) -> int:
        """Return the group of one item."""
        while (parent := int(self.parents[item])) != item:
            self.parents[item] = self.parents[parent]
            item = parent
        return item


class Comparer:
    """Counts shared shingles of many pairs at once, within a budget."""

    def __init__(self, sets: ShingleSets) -> None:
        from scipy.sparse import csr_array

        self.sizes = sets.sizes
        kinds = int(sets.shingles.max()) + 1 if len(sets.shingles) else 1
        ones = np.ones(len(sets.shingles), dtype=np.int32)
        self.matrix = csr_array((ones, sets.shingles, sets.starts), shape=(len(self.sizes), kinds))
        self.left = max(LEAST_BUDGET, BUDGET * len(sets.shingles))

    def near_pairs(self, left: Ints, right: Ints) -> tuple[Ints, Ints]:
        """Return those of the pairs that are near."""
        near = self.near(left, right)
        return left[near], right[near]

    def near(self, left: Ints, right: Ints) -> NDArray[np.bool_]:
        """Tell for each pair whether Jaccard >= 0.5, 3 |A and B| >= |A| + |B|. Past the budget: False."""
        total = self.sizes[left] + self.sizes[right]
        answer = np.zeros(len(left), dtype=bool)
        ends = np.cumsum(total)
        start = 0
        while start < len(left) and self.left > 0:
            before = int(ends[start - 1]) if start else 0
            stop = max(start + 1, int(np.searchsorted(ends, before + BATCH)))
            part = slice(start, stop)
            shared = (self.matrix[left[part]] * self.matrix[right[part]]).sum(axis=1)
            answer[part] = 3 * shared >= total[part]
            self.left -= int(ends[stop - 1]) - before
            start = stop
        return answer


@dataclass(frozen=True)
class Meetings:
    """Lists of texts that share a shingle of their rarest half: list i is starts[i]:starts[i + 1].

    `rest` counts the shingles of a text from that one on. Texts ascend in a list; short lists come first.
    """

    texts: Ints
    rest: Ints
    starts: Ints
    sizes: Ints

    def pairs(self, left: Ints, right: Ints) -> tuple[Ints, Ints]:
        """Return the texts at places of lists, where both have shingles enough left to be near."""
        a, b = self.texts[left], self.texts[right]
        fit = 3 * np.minimum(self.rest[left], self.rest[right]) >= self.sizes[a] + self.sizes[b]
        return a[fit], b[fit]

    def listed(self) -> Iterator[tuple[Ints, Ints]]:
        """Yield the pairs (lower, higher) of all lists of at most CROWD texts, a batch at a time."""
        lengths = np.diff(self.starts)
        for length in np.unique(lengths[lengths <= CROWD]).tolist():
            firsts = self.starts[:-1][lengths == length]
            a, b = np.triu_indices(length, 1)
            step = max(1, BLOCK // len(a))
            for begin in range(0, len(firsts), step):
                places = firsts[begin : begin + step, None]
                left, right = self.pairs((places + a).ravel(), (places + b).ravel())
                once = np.unique(left * len(self.sizes) + right)
                yield once // len(self.sizes), once % len(self.sizes)

    def crowds(self) -> Iterator[Ints]:
        """Yield the places of each list of more than CROWD texts."""
        for i in np.flatnonzero(np.diff(self.starts) > CROWD):
            yield np.arange(self.starts[i], self.starts[i + 1])


def meetings(sets: ShingleSets) -> Meetings:
    """Return which texts meet in which of their rare shingles."""
    sizes = sets.sizes
    rows = np.repeat(np.arange(len(sizes)), sizes)
    rest = sets.starts[rows + 1] - np.arange(len(rows))
    early = 2 * rest >= sizes[rows]
    shingles, rows, rest = sets.shingles[early], rows[early], rest[early]
    counts = np.bincount(shingles)[shingles] if len(shingles) else np.zeros(0, np.int64)
    order = np.lexsort((rows, shingles, counts))
    order = order[np.searchsorted(counts[order], 2) :]
    starts = np.flatnonzero(np.diff(shingles[order], prepend=-1))
    return Meetings(rows[order], rest[order], np.append(starts, len(order)), sizes)


def near_groups(sets: ShingleSets) -> Groups:
    """Return the groups of near-equal texts: those that a chain of near pairs joins."""
    comparer = Comparer(sets)
    groups = Groups(np.arange(len(sets.sizes)), [])
    met = meetings(sets)
    for left, right in met.listed():
        apart = groups.roots(left) != groups.roots(right)
        groups.join(*comparer.near_pairs(left[apart], right[apart]))
    for places in met.crowds():
        join_crowd(groups, comparer, met, places)
    groups.bounded = comparer.left <= 0
    return groups


def join_crowd(groups: Groups, comparer: Comparer, met: Meetings, places: Ints) -> None:
    """Compare the texts of a long list with the later ones of other groups: few, once most are joined."""
    for begin, end in blocks(len(places)):
        rest = groups.roots(met.texts[places[begin:]])
        if comparer.left <= 0 or (rest == rest[0]).all():
            return
        left, right = grid(places[begin:end], places[begin:])
        comparer.left -= len(left)
        left, right = met.pairs(left[left < right], right[left < right])
        apart = groups.roots(left) != groups.roots(right)
        groups.join(*comparer.near_pairs(left[apart], right[apart]))


def grid(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return every pair of a left and a right item."""
    return np.repeat(left, len(right)), np.tile(right, len(left))


def blocks(total: int) -> Iterator[tuple[int, int]]:
    """Yield ranges that cover `total` items, ever longer while their pairs with all items stay few."""
    begin, length = 0, 16
    while begin < total:
        yield begin, min(begin + length, total)
        begin += length
        length = max(1, min(8 * length, BLOCK // total))


def near_matches(sets: ShingleSets, split: int) -> tuple[dict[int, int], bool]:
    """Return a near row before `split` for each row from there on that has one; and if the work was cut."""
    comparer = Comparer(sets)
    match = np.full(len(sets.sizes), NONE, dtype=np.int64)
    met = meetings(sets)

    def compare(left: Ints, right: Ints) -> None:
        across = (left < split) & (right >= split) & (match[right] == NONE)
        old, new = comparer.near_pairs(left[across], right[across])
        np.minimum.at(match, new, old)

    for left, right in met.listed():
        compare(left, right)
    for places in met.crowds():
        old, new = places[met.texts[places] < split], places[met.texts[places] >= split]
        for begin, end in blocks(len(old)):
            new = new[match[met.texts[new]] == NONE]
            if len(new) and comparer.left > 0:
                comparer.left -= (end - begin) * len(new)
                compare(*met.pairs(*grid(old[begin:end], new)))
    return {int(i): int(match[i]) for i in np.flatnonzero(match < NONE)}, comparer.left <= 0
