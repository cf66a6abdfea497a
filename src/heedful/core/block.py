"""One block: attention to itself, perhaps to another sequence, then a feed-forward net."""

from collections.abc import Callable

from torch import Generator, Tensor, empty, int64, nn, uint8
from torch.nn import functional

from heedful.core.attention import Attention, Keep, Reach
from heedful.core.config import StackConfig

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "relu": functional.relu,
    "silu": functional.silu,
    "tanh": functional.tanh,
}


class Dropout(nn.Module):
    """In training, zero each value with probability p, to 1/256, and scale the rest up.

    One random number of 64 bits serves eight values: ten times torch's own speed on a CPU.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.level = min(255, round(p * 256))
        self.generator: Generator | None = None  # torch's own, where none is given

    def forward(self, x: Tensor) -> Tensor:
        """Return x with some of its values zero."""
        if not self.training or not self.level:
            return x
        drawn = empty(-(-x.numel() // 8), dtype=int64, device=x.device)
        drawn.random_(-(1 << 63), None, generator=self.generator)
        kept = drawn.view(uint8)[: x.numel()].view(x.shape) >= self.level
        return x * kept * (256 / (256 - self.level))


def norm(config: StackConfig) -> nn.Module:
    """Return a norm over W: by mean and variance (Ba et al. 2016), or root mean square (Zhang 2019)."""
    if config.norm == "rms":
        return nn.RMSNorm(config.width, eps=config.norm_eps)
    return nn.LayerNorm(config.width, eps=config.norm_eps, bias=config.biased.norm)


class FeedForward(nn.Module):
    """down(activation(up(x))), the same for every token (Vaswani et al. 2017, equation 2).

    Gated, it is down(activation(gate(x)) * up(x)) (Shazeer 2020).
    """

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[config.activation]
        self.gate = nn.Linear(config.width, config.hidden, config.biased.up) if config.gated else None
        self.up = nn.Linear(config.width, config.hidden, config.biased.up)
        self.down = nn.Linear(config.hidden, config.width, config.biased.down)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, W) for x (N, W)."""
        if self.gate is None:
            return self.down(self.activation(self.up(x)))  # type: ignore[no-any-return]
        return self.down(self.activation(self.gate(x)) * self.up(x))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Two sublayers, or three; `norm_at` says whether the norm comes before or after the sum."""

    def __init__(self, config: StackConfig, first: bool = False) -> None:
        super().__init__()
        self.post = config.norm_at == "post"
        self.attention = Attention(config)
        self.attention_norm = nn.Identity() if first and not config.first_norm else norm(config)
        self.cross = Attention(config) if config.cross else None
        self.cross_norm = norm(config) if config.cross else nn.Identity()
        self.feedforward = FeedForward(config)
        self.feedforward_norm = norm(config)
        self.dropout = Dropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        reach: Reach,
        memory: Tensor | None = None,
        across: Reach | None = None,
        keeps: tuple[Keep | None, Keep | None] = (None, None),
    ) -> Tensor:
        """Return (N, W) for x (N, W); `memory` (M, W) is what an encoder made, seen as `across` says."""
        x = self.add(x, lambda y: self.attention(y, reach, cache=keeps[0]), self.attention_norm)
        if self.cross is not None:
            cross = self.cross
            x = self.add(x, lambda y: cross(y, across, memory, keeps[1]), self.cross_norm)
        return self.add(x, self.feedforward, self.feedforward_norm)

    def add(self, x: Tensor, sublayer: Callable[[Tensor], Tensor], norm: nn.Module) -> Tensor:
        """Return norm(x + f(x)) with the norm after the sum, x + f(norm(x)) with it before."""
        if self.post:
            return norm(x + self.dropout(sublayer(x)))  # type: ignore[no-any-return]
        return x + self.dropout(sublayer(norm(x)))  # type: ignore[no-any-return]
