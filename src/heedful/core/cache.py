"""Keys and values of the tokens so far, kept so that a new token costs one step (memory set aside once)."""

from collections.abc import Sequence

from torch import Tensor, int64, tensor, zeros

from heedful.core.attention import Packed
from heedful.core.config import StackConfig
from heedful.errors import DataError


class Own:
    """One block's keys and values of the sequence itself: (B, places, G, K), filled from the front.

    What lies behind a row's tokens is masked, but has to be finite: nothing times no number is no number.
    """

    full = False

    def __init__(self, config: StackConfig, rows: int, places: int, like: Tensor) -> None:
        shape = (rows, places, config.kv_heads, config.head_width)
        self.key, self.value = (zeros(shape, dtype=like.dtype, device=like.device) for _ in range(2))
        self.at: tuple[Tensor, Tensor] = (zeros(0, dtype=int64),) * 2

    def add(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Write new ones (N, G, K) to where `at` says."""
        self.key[self.at], self.value[self.at] = key, value
        return self.key, self.value

    def read(self) -> tuple[Tensor, Tensor]:
        """Return all places; what lies behind the tokens of a row means nothing."""
        return self.key, self.value


class Other:
    """One block's keys and values of the encoder's output: computed at the first step, then read."""

    def __init__(self) -> None:
        self.full = False
        self.memory = Packed(())
        self.held: tuple[Tensor, Tensor] | None = None

    def add(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Lay packed ones (M, G, K) out as (B, longest, G, K)."""
        at = (self.memory.rows(), self.memory.places())
        both = []
        for part in (key, value):
            wide = part.new_zeros(len(self.memory.lengths), max(self.memory.lengths), *part.shape[1:])
            wide[at] = part
            both.append(wide)
        self.held, self.full = (both[0], both[1]), True
        return self.held

    def read(self) -> tuple[Tensor, Tensor]:
        """Return what the first step stored."""
        assert self.held is not None
        return self.held


class Cache:
    """What a decoder remembers of B sequences, up to `places` tokens in each."""

    def __init__(self, config: StackConfig, rows: int, places: int, like: Tensor) -> None:
        self.places = places
        self.past = [0] * rows
        self.own = [Own(config, rows, places, like) for _ in range(config.depth)]
        self.other = [Other() for _ in range(config.depth if config.cross else 0)]
        self.memory = Packed(())

    def layout(self, lengths: Sequence[int]) -> Packed:
        """Return the layout of new tokens, `lengths` of them in each row."""
        layout = Packed(tuple(lengths), tuple(self.past))
        longest = max(map(sum, zip(layout.lengths, layout.past, strict=True)), default=0)
        if longest > self.places:
            raise DataError(f"{longest} tokens; the cache has places for {self.places}. Ask for fewer.")
        return layout

    def begin(self, layout: Packed, memory: Packed | None) -> None:
        """Say where the tokens of `layout` will lie, and how the encoder's output is laid out."""
        at = (layout.rows(), layout.places())
        for keep in self.own:
            keep.at = at
        if memory is not None:
            self.memory = memory
            for other in self.other:
                other.memory = memory

    def end(self, layout: Packed) -> None:
        """Count the tokens that every block has written."""
        self.past = [past + new for past, new in zip(self.past, layout.lengths, strict=True)]

    def choose(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order; one may be named several times, or not at all."""
        index = tensor(rows, dtype=int64)
        self.past = [self.past[row] for row in rows]
        for keep in self.own:
            used = max(self.past, default=0)
            key, value = keep.key[index, :used], keep.value[index, :used]
            if len(rows) != len(keep.key):
                keep.key, keep.value = (x.new_zeros(len(rows), *x.shape[1:]) for x in (keep.key, keep.value))
            keep.key[:, :used], keep.value[:, :used] = key, value
        self.memory = (
            Packed(tuple(self.memory.lengths[row] for row in rows)) if self.memory.lengths else self.memory
        )
        for other in self.other:
            if other.held is not None:
                other.held = (other.held[0][index], other.held[1][index])
