"""Keys and values of the tokens so far, kept so that a new token costs one step (memory set aside once)."""

from collections.abc import Sequence

from torch import Tensor, arange, cat, full, int64, tensor, zeros

from heedful.core.attention import Packed
from heedful.core.config import StackConfig
from heedful.errors import DataError

LARGEST = 8 << 30  # bytes of keys and values


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

    def copy(self, source: Tensor, target: Tensor, rows: int) -> None:
        """Copy the tokens at some of the B places to others; then keep the first rows."""
        for part in (self.key, self.value):
            flat = part.view(-1, *part.shape[2:])  # (B places, G, K)
            flat.index_copy_(0, target, flat.index_select(0, source))
        self.key, self.value = self.key[:rows], self.value[:rows]


class Other:
    """One block's keys and values of the encoder's output: computed at the first step, then read."""

    def __init__(self) -> None:
        self.full = False
        self.memory = Packed(())
        self.key = self.value = zeros(0)

    def add(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Lay packed ones (M, G, K) out as (B, longest, G, K)."""
        at = (self.memory.rows(), self.memory.places())
        shape = (len(self.memory.lengths), max(self.memory.lengths), *key.shape[1:])
        self.key, self.value, self.full = key.new_zeros(shape), value.new_zeros(shape), True
        self.key[at], self.value[at] = key, value
        return self.key, self.value

    def read(self) -> tuple[Tensor, Tensor]:
        """Return what the first step stored."""
        return self.key, self.value

    def copy(self, source: Tensor, target: Tensor, rows: int) -> None:
        """Copy some rows to others; then keep the first rows."""
        for part in (self.key, self.value):
            part.index_copy_(0, target, part.index_select(0, source))
        self.key, self.value = self.key[:rows], self.value[:rows]


class Cache:
    """What a decoder remembers of B sequences, up to `places` tokens in each.

    `origin` (B, places) numbers the token at every place, and `texts` tells which memory a row reads: rows
    that come from one differ in little, and little is copied when they change places.
    """

    def __init__(self, config: StackConfig, rows: int, places: int, like: Tensor) -> None:
        self.config, self.places = config, places
        self.check(rows)
        self.past = [0] * rows
        self.own = [Own(config, rows, places, like) for _ in range(config.depth)]
        self.other = [Other() for _ in range(config.depth if config.cross else 0)]
        self.memory = Packed(())
        self.written = 0
        self.origin, self.texts = full((rows, places), -1, device=like.device), list(range(rows))

    def check(self, rows: int) -> None:
        """Raise DataError where as many sequences take too much memory."""
        config = self.config
        size = 8 * config.depth * rows * self.places * config.kv_heads * config.head_width
        if size > LARGEST:
            raise DataError(
                f"{rows} sequences of {self.places} tokens need {size >> 20} MB of memory; at most "
                f"{LARGEST >> 20} are taken. Ask for fewer tokens."
            )

    def layout(self, lengths: Sequence[int]) -> Packed:
        """Return the layout of new tokens, `lengths` of them in each row."""
        layout = Packed(tuple(lengths), tuple(self.past))
        longest = max(map(sum, zip(layout.lengths, layout.past, strict=True)), default=0)
        if longest > self.places:
            raise DataError(f"{longest} tokens; the cache has places for {self.places}. Ask for fewer.")
        return layout

    def begin(self, layout: Packed, memory: Packed | None) -> None:
        """Say where the tokens of `layout` will lie, and how the encoder's output is laid out."""
        single = set(layout.lengths) == {1}
        at = (layout.rows(), tensor(layout.past) if single else layout.places())
        self.origin[at] = arange(self.written, self.written + len(at[0]), device=self.origin.device)
        self.written += len(at[0])
        for keep in self.own:
            keep.at = at
        if memory is not None:
            self.memory, self.texts = memory, list(range(len(memory.lengths)))
            for other in self.other:
                other.memory = memory

    def end(self, layout: Packed) -> None:
        """Count the tokens that every block has written."""
        self.past = [past + new for past, new in zip(self.past, layout.lengths, strict=True)]

    def choose(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order; one may be named several times, or not at all."""
        self.grow(len(rows))
        self.past = [self.past[row] for row in rows]
        self.choose_own(tensor(rows, dtype=int64, device=self.origin.device))
        if self.memory.lengths:
            self.choose_other(rows)

    def choose_own(self, rows: Tensor) -> None:
        """Copy the tokens that other rows (B,) have at the same place."""
        used = max(self.past, default=0)
        wanted = self.origin[rows, :used]  # (B, T)
        self.origin, before = self.origin[: len(rows)], self.origin[: len(rows), :used]
        row, place = (wanted != before).nonzero(as_tuple=True)
        for keep in self.own:
            keep.copy(rows[row] * self.places + place, row * self.places + place, len(rows))
        self.origin[:, :used] = wanted

    def choose_other(self, rows: Sequence[int]) -> None:
        """Copy the memory where a row reads another text than before."""
        wanted = [self.texts[row] for row in rows]
        if wanted == self.texts:
            return
        target = [i for i, (new, old) in enumerate(zip(wanted, self.texts, strict=False)) if new != old]
        source = tensor([rows[i] for i in target], dtype=int64, device=self.origin.device)
        for other in self.other:
            other.copy(source, tensor(target, dtype=int64, device=source.device), len(rows))
        self.memory = Packed(tuple(self.memory.lengths[row] for row in rows))
        self.texts = wanted

    def grow(self, rows: int) -> None:
        """Make places for as many rows, if there are fewer."""
        more = rows - len(self.past)
        if more <= 0:
            return
        self.check(rows)
        for keep in (*self.own, *(self.other if self.memory.lengths else ())):
            keep.key, keep.value = wider(keep.key, rows), wider(keep.value, rows)
        self.origin = cat([self.origin, self.origin.new_full((more, self.places), -1)])
        self.texts += [-1] * more


def wider(x: Tensor, rows: int) -> Tensor:
    """Return (B, ...) with more rows, all zero."""
    wide = x.new_zeros(rows, *x.shape[1:])
    wide[: len(x)] = x
    return wide
