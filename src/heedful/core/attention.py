"""Scaled dot-product attention over packed sequences (Vaswani et al. 2017, section 3.2).

Shapes: N tokens of all sequences end to end, W width, H heads, K head width, B sequences of T tokens.
"""

from dataclasses import dataclass, field
from itertools import groupby

from torch import Tensor, cat, nn, split
from torch.nn.functional import scaled_dot_product_attention

from heedful.core.config import StackConfig


@dataclass(frozen=True)
class Packed:
    """How N tokens that lie end to end divide into sequences. No padding exists.

    Neighbours of equal length form a run, which attention handles as one dense block: order the
    sequences of a batch by length and there are few runs.
    """

    lengths: tuple[int, ...]
    runs: tuple[tuple[int, int], ...] = field(init=False)  # (sequences, tokens in each)

    def __post_init__(self) -> None:
        runs = tuple((len(list(same)), length) for length, same in groupby(self.lengths))
        object.__setattr__(self, "runs", runs)

    def split(self, x: Tensor) -> tuple[Tensor, ...]:
        """Cut (N, ...) into its runs."""
        return split(x, [rows * length for rows, length in self.runs])


def attend(
    query: Tensor, key: Tensor, value: Tensor, layout: Packed, causal: bool = False, dropout: float = 0.0
) -> Tensor:
    """Return softmax(query key^T / sqrt(K)) value inside each sequence: (N, H, K) -> (N, H, K)."""
    outputs = []
    for (rows, length), q, k, v in zip(layout.runs, *map(layout.split, (query, key, value)), strict=True):
        q, k, v = (part.view(rows, length, *part.shape[1:]).transpose(1, 2) for part in (q, k, v))
        mixed = scaled_dot_product_attention(q, k, v, is_causal=causal, dropout_p=dropout)  # (B, H, T, K)
        outputs.append(mixed.transpose(1, 2).flatten(0, 1))  # (B T, H, K)
    return cat(outputs)


class Attention(nn.Module):
    """Multi-head attention: H heads look at the sequence side by side."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.causal = config.causal
        self.dropout = config.attention_dropout
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)
        self.output = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, layout: Packed) -> Tensor:
        """Return (N, W) for x (N, W)."""
        shape = (len(x), self.heads, -1)
        query, key, value = (part(x).view(shape) for part in (self.query, self.key, self.value))  # (N, H, K)
        mixed = attend(query, key, value, layout, self.causal, self.dropout if self.training else 0.0)
        return self.output(mixed.flatten(-2))  # type: ignore[no-any-return]  # (N, W)
