"""The whole encoder: input, stack, pooler; and how N token vectors become one for each sequence."""

from collections.abc import Callable

from torch import Tensor, cat, nn, tensor

from heedful.core.attention import Packed
from heedful.core.block import Block
from heedful.core.config import StackConfig
from heedful.core.inputs import Embedding


class Stack(nn.Module):
    """Block after block."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width, eps=config.norm_eps) if config.norm_at == "pre" else None

    def forward(self, x: Tensor, layout: Packed) -> Tensor:
        """Return (N, W) for x (N, W)."""
        for block in self.blocks:
            x = block(x, layout)
        return x if self.norm is None else self.norm(x)


class Pooler(nn.Module):
    """tanh of a linear map of the first token (Devlin et al. 2019, section 3.2)."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, layout: Packed) -> Tensor:
        """Return (B, W) for x (N, W)."""
        return self.dense(first(x, layout)).tanh()  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """Token ids in, one vector for each token out."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.config = config
        self.input = Embedding(config)
        self.stack = Stack(config)
        self.pooler = Pooler(config) if config.pooler else None

    def forward(self, ids: Tensor, layout: Packed, segments: Tensor | None = None) -> Tensor:
        """Return hidden states (N, W) for ids (N,)."""
        return self.stack(self.input(ids, layout, segments), layout)  # type: ignore[no-any-return]


def first(x: Tensor, layout: Packed) -> Tensor:
    """Return the first token of each sequence: (N, W) -> (B, W)."""
    lengths = tensor(layout.lengths, device=x.device)
    return x[lengths.cumsum(0) - lengths]


def mean(x: Tensor, layout: Packed) -> Tensor:
    """Return the mean over each sequence: (N, W) -> (B, W)."""
    return by_run(x, layout, lambda block: block.mean(dim=1))


def largest(x: Tensor, layout: Packed) -> Tensor:
    """Return the largest value over each sequence, for each of the W: (N, W) -> (B, W)."""
    return by_run(x, layout, lambda block: block.amax(dim=1))


def by_run(x: Tensor, layout: Packed, reduce: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply `reduce` (B, T, W) -> (B, W) to each run of equally long sequences: (N, W) -> (B, W)."""
    runs = zip(layout.runs, layout.split(x), strict=True)
    return cat([reduce(part.view(rows, length, -1)) for (rows, length), part in runs])
