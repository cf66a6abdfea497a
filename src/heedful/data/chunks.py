"""Training examples out of stored tokens: each a pure function of a seed, the epoch and its number."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, overload

import numpy as np

from heedful.data.tokens import Tokens
from heedful.errors import ConfigError
from heedful.types import Ints

CUTS, ORDER, ROW, PART = range(1, 5)  # what a stream of random numbers is for

Made = TypeVar("Made")
Item = TypeVar("Item")
Value = TypeVar("Value")
ItemOut = TypeVar("ItemOut", covariant=True)


def numbers(seed: int, use: int, epoch: int, row: int = 0) -> np.random.Generator:
    """Return the random numbers for one use: of an epoch, or of one row of it."""
    return np.random.default_rng([seed, epoch, row, use])


class Pass(Protocol[ItemOut]):
    """What one epoch has."""

    def __len__(self) -> int: ...
    def take(self, number: int) -> ItemOut:
        """Return an item, the same whenever it is asked for."""
        ...


class Source(Protocol[ItemOut]):
    """What has epochs."""

    @property
    def seed(self) -> int: ...
    def epoch(self, epoch: int) -> Pass[ItemOut]: ...


class Lazy(Sequence[Value]):
    """A sequence whose values are made when they are asked for: `at` makes that of a number from 0."""

    def at(self, number: int) -> Value:
        """Return a value."""
        raise NotImplementedError

    @overload
    def __getitem__(self, number: int) -> Value: ...
    @overload
    def __getitem__(self, number: slice) -> list[Value]: ...
    def __getitem__(self, number: int | slice) -> Value | list[Value]:
        """Return a value, or a list of several."""
        found = range(len(self))[number]
        return self.at(found) if isinstance(found, int) else [self.at(one) for one in found]


class Chunks:
    """Parts of at most `length` tokens, none across two documents; each token in one chunk of an epoch.

    With `fresh_cuts` longer documents are cut at other places in each epoch: the first chunk of one has from
    1 to `length` tokens, all others but the last have `length`. First and last ones may be as short as 1
    token, and the number of chunks differs from epoch to epoch by at most one a document. What is taken of a
    chunk may hold the `ahead` tokens after it too: those that a model is to foretell.
    """

    def __init__(
        self, tokens: Tokens, length: int, seed: int, fresh_cuts: bool = True, ahead: int = 0
    ) -> None:  # fmt: skip
        for name, value, least in (("length", length, 1), ("seed", seed, 0)):
            if type(value) is not int or value < least:
                raise ConfigError(f"{name} is {value!r}; expected a whole number from {least}.")
        self.tokens, self.length, self.fresh_cuts = tokens, length, fresh_cuts
        self.seed, self.ahead = seed, ahead

    def epoch(self, epoch: int) -> "Places":
        """Return the chunks of an epoch in shuffled order."""
        return Places(self, epoch)


class Places(Lazy[tuple[int, int]]):
    """Where the M chunks of one epoch begin and end. It holds 24 bytes per document and 8 per chunk."""

    def __init__(self, chunks: Chunks, epoch: int) -> None:
        self.tokens, self.length, self.ahead = chunks.tokens, chunks.length, chunks.ahead
        sizes = np.diff(self.tokens.ends, prepend=0)
        self.first = np.minimum(sizes, self.length)  # D: tokens of a document's first chunk
        if chunks.fresh_cuts:
            cuts = numbers(chunks.seed, CUTS, epoch).integers(1, self.length, len(sizes), endpoint=True)
            self.first = np.where(sizes > self.length, cuts, self.first)
        count = 1 - (self.first - sizes) // self.length
        self.until = np.cumsum(count)  # D: chunks up to the end of a document
        self.starts = self.tokens.ends - sizes
        self.order = numbers(chunks.seed, ORDER, epoch).permutation(int(self.until[-1]))

    def __len__(self) -> int:
        return len(self.order)

    def at(self, number: int) -> tuple[int, int]:
        """Return the place of the first token of a chunk and that after its last."""
        chunk = int(self.order[number])
        document = int(np.searchsorted(self.until, chunk, "right"))
        nth = chunk - (int(self.until[document - 1]) if document else 0)
        begin, first = int(self.starts[document]), int(self.first[document])
        start = begin + first + (nth - 1) * self.length if nth else begin
        return start, min(begin + first + nth * self.length, int(self.tokens.ends[document]))

    def take(self, number: int) -> Ints:
        """Return the ids of a chunk, and `ahead` more where the document has them."""
        start, end = self[number]
        if self.ahead:
            last = int(self.tokens.ends[np.searchsorted(self.tokens.ends, start, "right")])
            end = min(end + self.ahead, last)
        return self.tokens.ids[start:end].astype(np.int64)


class Batches(Lazy[list[Made]]):
    """The batches of one epoch: what `make(chunk, random)` makes of `rows` chunks each, short ones first.

    A row is a function of the seed, the epoch and the chunk's number: batches can be taken alone, in any
    order, again. Of a tuple the first part counts as its length.
    """

    def __init__(
        self,
        source: Source[Item],
        epoch: int,
        rows: int,
        make: Callable[[Item, np.random.Generator], Made],
    ) -> None:
        if type(rows) is not int or rows < 1:
            raise ConfigError(f"rows is {rows!r}; expected a whole number from 1.")
        self.seed, self.number, self.rows = source.seed, epoch, rows
        self.items: Pass[Any] = source.epoch(epoch)
        self.make: Callable[[Any, np.random.Generator], Made] = make

    def __len__(self) -> int:
        return -(-len(self.items) // self.rows)

    def at(self, number: int) -> list[Made]:
        """Make the rows of a batch."""
        start = number * self.rows
        made = [self._row(number) for number in range(start, min(start + self.rows, len(self.items)))]
        return sorted(made, key=extent)

    def _row(self, number: int) -> Made:
        return self.make(self.items.take(number), numbers(self.seed, ROW, self.number, number))


def extent(made: Any) -> int:
    """Return the length of what was made, that of its first part if it is a tuple."""
    return len(made[0] if isinstance(made, tuple) else made)
