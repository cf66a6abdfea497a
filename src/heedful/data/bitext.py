"""Batches out of stored pairs of texts: by tokens, like lengths together, the same in every run."""

from collections.abc import Sequence

import numpy as np

from heedful.data.chunks import ORDER, Lazy, numbers
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


class Mixture:
    """Several bitexts in one; a batch is of one of them.

    An epoch has as many batches as all of them. Of these, one with b batches has a share in proportion to
    b ** (1 / temperature): 1 takes each as it comes, higher ones favour the small (Raffel et al. 2020,
    section 3.5.2). Small ones begin anew, and large ones go on in the next epoch, where they were.
    """

    def __init__(self, parts: Sequence[Bitext], temperature: float, seed: int = 0) -> None:
        self.parts, self.seed = parts, seed
        self.sizes = np.array([len(part.epoch(0)) for part in parts])
        shares = self.sizes ** (1 / temperature)
        self.counts = np.maximum(1, np.round(self.sizes.sum() * shares / shares.sum()).astype(int))

    def epoch(self, number: int) -> "MixedEpoch":
        """Return the batches of an epoch in random order."""
        places = [
            (part, batch)
            for part, count in enumerate(self.counts.tolist())
            for batch in range(number * count, (number + 1) * count)
        ]
        order = numbers(self.seed, ORDER, number).permutation(len(places))
        return MixedEpoch(self, [places[place] for place in order])


class MixedEpoch(Lazy[list[Pair]]):
    """The batches of one epoch of a mixture: which part, and its how many-eth batch since the beginning."""

    def __init__(self, mixture: Mixture, places: list[tuple[int, int]]) -> None:
        self.mixture, self.places = mixture, places
        self.epochs: dict[tuple[int, int], Epoch] = {}

    def __len__(self) -> int:
        return len(self.places)

    def at(self, number: int) -> list[Pair]:
        """Return the pairs of a batch."""
        part, nth = self.places[number]
        turn, place = divmod(nth, int(self.mixture.sizes[part]))
        if (part, turn) not in self.epochs:
            self.epochs[part, turn] = self.mixture.parts[part].epoch(turn)
        epoch = self.epochs[part, turn]
        return epoch[place % len(epoch)]


def shorter(ids: Ints, most: int) -> Ints:
    """Return at most so many tokens, the last one always among them: it ends the text."""
    return ids if len(ids) <= most else np.append(ids[: most - 1], ids[-1])


class Epoch(Lazy[list[Pair]]):
    """The batches of one epoch, read when they are asked for; short targets first in each."""

    def __init__(self, bitext: Bitext, pairs: Ints, cuts: Ints) -> None:
        self.bitext, self.pairs, self.cuts = bitext, pairs, cuts

    def __len__(self) -> int:
        return len(self.cuts)

    def at(self, number: int) -> list[Pair]:
        """Return the pairs of a batch."""
        start, end = self.cuts[number].tolist()
        return [self.bitext.pair(int(pair)) for pair in self.pairs[start:end]]
