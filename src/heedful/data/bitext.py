"""Batches out of stored pairs of texts: by tokens, like lengths together, the same in every run."""

from collections.abc import Sequence
from typing import overload

import numpy as np

from heedful.data.chunks import ORDER, numbers
from heedful.data.tokens import Tokens
from heedful.errors import CheckpointError, DataError
from heedful.types import Ints

POOL = 40  # batches that are ordered by length together
Pair = tuple[Ints, Ints]  # tokens of the source (S,), of the target (T,)


class Bitext:
    """Pairs in stored tokens: document 2p is the source of pair p, document 2p + 1 its target.

    Pairs with a side of more than `max_tokens` are left out; `long` counts them. With `cut` long sources
    lose what is too much before their last token instead; `shortened` counts them. A batch has about
    `batch_tokens` tokens of both sides together. The tokens `before` stand before either side.
    """

    def __init__(
        self, tokens: Tokens, max_tokens: int, batch_tokens: int, seed: int = 0, cut: bool = False,
        before: tuple[int, ...] = (),
    ) -> None:  # fmt: skip
        if tokens.documents % 2:
            raise CheckpointError(f"the stored pairs have {tokens.documents} sides. Write them again.")
        self.tokens, self.batch_tokens, self.seed = tokens, batch_tokens, seed
        self.before = np.array(before, np.int64)
        sizes = np.diff(tokens.ends, prepend=0) + len(before)
        self.sources, self.targets = sizes[0::2], sizes[1::2]  # P each
        self.shortened = int((self.sources > max_tokens).sum()) if cut else 0
        if cut:
            self.sources = np.minimum(self.sources, max_tokens)
        self.usable = np.flatnonzero(np.maximum(self.sources, self.targets) <= max_tokens)
        self.long = len(self.sources) - len(self.usable)
        if not len(self.usable):
            raise DataError(
                f"all {self.long:,} pairs have a side of more than {max_tokens} tokens; expected shorter "
                "ones. Give a larger context, or other pairs."
            )

    def epoch(self, number: int) -> "Epoch":
        """Return the batches of an epoch: neighbours in a random order, ordered by length, then shuffled."""
        random = numbers(self.seed, ORDER, number)
        pairs = random.permutation(self.usable)
        sizes = (self.sources + self.targets)[pairs]
        pool = np.cumsum(sizes) // (POOL * self.batch_tokens)
        alike = np.lexsort((self.sources[pairs], self.targets[pairs], pool))
        pairs, pool, sizes = pairs[alike], pool[alike], sizes[alike]
        before = np.cumsum(sizes) - sizes  # tokens before each pair,
        begun = before[np.searchsorted(pool, pool)]  # and before the first of its pool
        batch = (before - begun + sizes // 2) // self.batch_tokens
        firsts = np.flatnonzero(np.diff(pool, prepend=-1) | np.diff(batch, prepend=-1))
        cuts = np.stack([firsts, np.append(firsts[1:], len(pairs))], 1)
        return Epoch(self, pairs, random.permutation(cuts))

    def pair(self, number: int) -> Pair:
        """Return the tokens of a pair."""
        ends = self.tokens.ends
        begin = int(ends[2 * number - 1]) if number else 0
        middle, end = int(ends[2 * number]), int(ends[2 * number + 1])
        source, target = (
            np.concatenate([self.before, self.tokens.ids[start:stop]]).astype(np.int64)
            for start, stop in ((begin, middle), (middle, end))
        )
        return shorter(source, int(self.sources[number])), target


def shorter(ids: Ints, most: int) -> Ints:
    """Return at most so many tokens, the last one always among them: it ends the text."""
    return ids if len(ids) <= most else np.append(ids[: most - 1], ids[-1])


class Epoch(Sequence[list[Pair]]):
    """The batches of one epoch, read when they are asked for; short targets first in each."""

    def __init__(self, bitext: Bitext, pairs: Ints, cuts: Ints) -> None:
        self.bitext, self.pairs, self.cuts = bitext, pairs, cuts

    def __len__(self) -> int:
        return len(self.cuts)

    @overload
    def __getitem__(self, batch: int) -> list[Pair]: ...
    @overload
    def __getitem__(self, batch: slice) -> list[list[Pair]]: ...
    def __getitem__(self, batch: int | slice) -> list[Pair] | list[list[Pair]]:
        """Return the pairs of a batch."""
        if isinstance(batch, slice):
            return [self[one] for one in range(len(self))[batch]]
        start, end = self.cuts[batch].tolist()
        return [self.bitext.pair(int(number)) for number in self.pairs[start:end]]
