"""Scaled dot-product attention over packed sequences (Vaswani et al. 2017, section 3.2).

Shapes: N tokens of all sequences end to end, W width, H heads, G heads of key and value, K head width,
B sequences of T queries and S keys.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from torch import Tensor, arange, cat, nn, split, tensor
from torch.nn.functional import scaled_dot_product_attention

from heedful.core.config import StackConfig


@dataclass(frozen=True)
class Packed:
    """How N tokens that lie end to end divide into sequences. No padding exists.

    Neighbours of equal length form a run, which attention handles as one dense block: order the
    sequences of a batch by length and there are few runs. `past` counts the tokens of each sequence that
    a cache holds from before.
    """

    lengths: tuple[int, ...]
    past: tuple[int, ...] = ()
    runs: tuple[tuple[int, int], ...] = field(init=False)  # (sequences, tokens in each)

    def __post_init__(self) -> None:
        runs = tuple((len(list(same)), length) for length, same in groupby(self.lengths))
        object.__setattr__(self, "runs", runs)

    def places(self) -> Tensor:
        """Return the place of every token in its sequence: (N,)."""
        if not any(self.past):
            return cat([arange(length).repeat(rows) for rows, length in self.runs])
        pairs = zip(self.past, self.lengths, strict=True)
        return cat([arange(past, past + length) for past, length in pairs])

    def rows(self) -> Tensor:
        """Return the sequence that every token belongs to: (N,)."""
        return arange(len(self.lengths)).repeat_interleave(tensor(self.lengths))

    def split(self, x: Tensor) -> tuple[Tensor, ...]:
        """Cut (N, ...) into its runs."""
        return split(x, [rows * length for rows, length in self.runs])


@dataclass(frozen=True)
class Reach:
    """Which queries meet which keys: B sequences of T queries and S keys a run, and how places act there.

    `biases` (B or 1, H or 1, T, S), one for each run where not None, are added to the scores, or tell by
    True what may attend. `causal` leaves the same to the kernel. `turn` holds cosine and sine, each (N, K).
    """

    runs: tuple[tuple[int, int, int], ...]
    biases: tuple[Tensor | None, ...]
    causal: bool = False
    turn: tuple[Tensor, Tensor] | None = None


@dataclass(frozen=True)
class Seen:
    """What a call of attention held, for pictures: query (B, H, T, K), key and value (B, H, S, K)."""

    query: Tensor
    key: Tensor
    value: Tensor
    bias: Tensor | None
    scale: float

    def scores(self) -> Tensor:
        """Return query key^T before scale and mask: (B, H, T, S)."""
        return self.query @ self.key.transpose(-1, -2)

    def weights(self) -> Tensor:
        """Return softmax(scale query key^T + bias): (B, H, T, S), rows that sum to 1."""
        scores = self.scores() * self.scale
        if self.bias is not None and self.bias.dtype.is_floating_point:
            scores = scores + self.bias
        elif self.bias is not None:
            scores = scores.masked_fill(~self.bias, -float("inf"))
        return scores.softmax(-1)


WATCHER: ContextVar[list[Seen] | None] = ContextVar("watcher", default=None)


@contextmanager
def watched() -> Iterator[list[Seen]]:
    """Collect what every attention call inside the block holds, in order."""
    seen: list[Seen] = []
    token = WATCHER.set(seen)
    try:
        yield seen
    finally:
        WATCHER.reset(token)


def attend(
    query: Tensor, key: Tensor, value: Tensor, reach: Reach, scale: float, dropout: float = 0.0
) -> Tensor:
    """Return softmax(scale query key^T + bias) value inside each sequence: (N, H, K) -> (N, H, K).

    Key and value are packed (M, G, K), or lie in a cache (rows, places, G, K) of which the front is read.
    """
    outputs = []
    queries = split(query, [rows * length for rows, length, _ in reach.runs])
    grouped = query.shape[-2] != key.shape[-2]
    for q, k, v, bias, (rows, length, _) in zip(
        queries, by_run(key, reach), by_run(value, reach), reach.biases, reach.runs, strict=True
    ):
        q = q.view(rows, length, *q.shape[1:])
        q, k, v = (part.transpose(1, 2) for part in (q, k, v))
        mixed = scaled_dot_product_attention(
            q, k, v, bias, dropout, is_causal=reach.causal and bias is None, scale=scale, enable_gqa=grouped
        )  # (B, H, T, K)
        outputs.append(mixed.transpose(1, 2).flatten(0, 1))  # (B T, H, K)
        if (watcher := WATCHER.get()) is not None:
            watcher.append(seen(q, k, v, bias, scale, reach.causal))
    return outputs[0] if len(outputs) == 1 else cat(outputs)


def by_run(x: Tensor, reach: Reach) -> Sequence[Tensor]:
    """Return keys or values of each run: (B, S, G, K)."""
    if x.dim() == 3:
        parts = split(x, [rows * length for rows, _, length in reach.runs])
        return [
            p.view(rows, length, *x.shape[1:]) for p, (rows, _, length) in zip(parts, reach.runs, strict=True)
        ]
    blocks = split(x, [rows for rows, _, _ in reach.runs])
    return [block[:, :length] for block, (_, _, length) in zip(blocks, reach.runs, strict=True)]


def seen(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, scale: float, causal: bool) -> Seen:
    """Return a record in which groups are repeated and the kernel's own mask is written out."""
    k, v = (part.repeat_interleave(q.shape[1] // part.shape[1], 1) for part in (k, v))
    if causal and bias is None:
        bias = (arange(k.shape[2]) <= arange(q.shape[2])[:, None])[None, None]
    return Seen(q, k, v, bias, scale)


def rotate(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Turn each pair (x_i, x_{i + K/2}) of (N, H, K) by its place's angle (Su et al. 2021, equation 34)."""
    cosine, sine = (part.unsqueeze(1) for part in turn)  # (N, 1, K)
    front, back = x.chunk(2, -1)
    return x * cosine + cat((-back, front), -1) * sine


class Keep(Protocol):
    """One block's place in a cache: keys and values from before, to which new ones (M, G, K) are added."""

    full: bool  # is there nothing to add? (an encoder's keys and values are computed once)

    def add(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Store packed keys and values; return all of them, each (B, places, G, K)."""

    def read(self) -> tuple[Tensor, Tensor]:
        """Return all of them, each (B, places, G, K)."""


class Attention(nn.Module):
    """Multi-head attention: H heads look at one sequence, their own or another's, side by side."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        inner, narrow = config.heads * config.head_width, config.kv_heads * config.head_width
        self.head_width = config.head_width
        self.scale = config.head_width**-0.5 if config.score_scale is None else config.score_scale
        self.dropout = config.attention_dropout
        self.query = nn.Linear(config.width, inner, config.biased.query)
        self.key = nn.Linear(config.width, narrow, config.biased.key)
        self.value = nn.Linear(config.width, narrow, config.biased.value)
        self.output = nn.Linear(inner, config.width, config.biased.output)
        self.attend = attend  # or another that does the same

    def forward(
        self, x: Tensor, reach: Reach, memory: Tensor | None = None, cache: Keep | None = None
    ) -> Tensor:
        """Return (N, W) for x (N, W), which looks at itself, or at `memory` (M, W)."""
        query = self.heads(self.query(x))  # (N, H, K)
        if cache is not None and cache.full:
            key, value = cache.read()
        else:
            source = x if memory is None else memory
            key, value = self.heads(self.key(source)), self.heads(self.value(source))  # (M, G, K)
            if reach.turn is not None:
                key = rotate(key, reach.turn)
            if cache is not None:
                key, value = cache.add(key, value)
        if reach.turn is not None:
            query = rotate(query, reach.turn)
        mixed = self.attend(query, key, value, reach, self.scale, self.dropout if self.training else 0.0)
        return self.output(mixed.flatten(-2))  # type: ignore[no-any-return]  # (N, W)

    def heads(self, x: Tensor) -> Tensor:
        """Cut (N, H K) into heads (N, H, K)."""
        return x.view(*x.shape[:-1], -1, self.head_width)
