"""From token ids to the first (N, W)."""

from collections.abc import Sequence

from torch import Tensor, arange, cat, int64, nn, tensor, zeros_like

from heedful.core.attention import Packed
from heedful.core.block import Dropout
from heedful.core.config import StackConfig


class Embedding(nn.Module):
    """Token + position + segment, each a row of a table, normed (Devlin et al. 2019, figure 2)."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.token = nn.Embedding(config.input.vocab, config.width)
        self.position = nn.Embedding(config.input.positions, config.width)
        self.segment = nn.Embedding(config.input.segments, config.width) if config.input.segments else None
        self.norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.dropout = Dropout(config.dropout)

    def forward(self, ids: Tensor, layout: Packed, segments: Tensor | None = None) -> Tensor:
        """Return (N, W) for ids (N,) and segments (N,), 0 where not given."""
        places = cat([arange(length, device=ids.device).repeat(rows) for rows, length in layout.runs])
        x = self.token(ids) + self.position(places)
        if self.segment is not None:
            x = x + self.segment(zeros_like(ids) if segments is None else segments)
        return self.dropout(self.norm(x))  # type: ignore[no-any-return]


def pack(sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Packed]:
    """Lay B lists of token ids end to end: ids (N,) and their layout."""
    ids = tensor([token for sequence in sequences for token in sequence], dtype=int64)
    return ids, Packed(tuple(len(sequence) for sequence in sequences))
