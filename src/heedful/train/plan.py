"""How long, how fast, in what manner: the plan of a training, and the learning rate at each point of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from heedful.core.config import check_choices, check_flags, check_numbers, check_sizes
from heedful.errors import ConfigError

ScheduleName = Literal["linear", "cosine", "inverse_sqrt", "wsd", "constant"]
OptimizerName = Literal["adamw", "muon"]
PrecisionName = Literal["fp32", "bf16", "auto"]
FALL = 0.2  # share of the training in which "wsd" falls


def linear(share: float, warmup: float) -> float:
    """Fall to 0 in a straight line."""
    return (1 - share) / (1 - warmup)


def cosine(share: float, warmup: float) -> float:
    """Fall to 0 along half a cosine (Loshchilov and Hutter 2017, equation 5)."""
    return 0.5 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup)))


def inverse_sqrt(share: float, warmup: float) -> float:
    """Fall as 1 / sqrt(step) (Vaswani et al. 2017, equation 3)."""
    return math.sqrt(max(warmup, 1e-3) / max(share, warmup, 1e-3))


def wsd(share: float, warmup: float) -> float:  # noqa: ARG001
    """Stay at the peak, then fall to 0 along 1 - sqrt (Hägele et al. 2024, section 4)."""
    return 1.0 if share < 1 - FALL else 1 - math.sqrt(1 - (1 - share) / FALL)


def constant(share: float, warmup: float) -> float:  # noqa: ARG001
    """Stay at the peak."""
    return 1.0


SCHEDULES: dict[str, Callable[[float, float], float]] = {
    "linear": linear, "cosine": cosine, "inverse_sqrt": inverse_sqrt, "wsd": wsd, "constant": constant,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A training of `epochs`, or of `steps`, or (neither) until the clock ends it.

    `rate` is the peak of AdamW, `matrix_rate` that of Muon, which `optimizer` "muon" puts on the matrices of
    the blocks. It rises over the first `warmup` share and then follows `schedule`. A batch is cut into
    `parts` (None: one for each core), whose gradients are added up: more of them need less memory, and the
    outcome depends on their number by rounding and dropout alone. Blocks further from the head learn by
    `layer_decay` less each (Howard and Ruder 2018, section 3.2); `thaw` lets one more of them learn each
    epoch, the last first (3.3). The model is scored `trials` times at equal distances (None: after each
    epoch); after `patience` scores without a new best the training ends. `spare` is the share of the clock
    that is left over.
    """

    rate: float
    epochs: int | None = None
    steps: int | None = None
    schedule: ScheduleName = "linear"
    warmup: float = 0.1
    optimizer: OptimizerName = "adamw"
    matrix_rate: float = 0.02
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float = 1.0
    parts: int | None = None
    layer_decay: float = 1.0
    thaw: bool = False
    trials: int | None = None
    patience: int | None = None
    spare: float = 0.1
    precision: PrecisionName = "fp32"
    seed: int = 0

    def __post_init__(self) -> None:
        check_choices(self, schedule=ScheduleName, optimizer=OptimizerName, precision=PrecisionName)
        check_numbers(self, "rate", "matrix_rate", "weight_decay", least=0, below=1e3)
        check_numbers(self, "warmup", "spare", least=0, below=1)
        check_numbers(self, "clip", "layer_decay", least=1e-9, below=1e9)
        check_flags(self, "thaw")
        limits = ("epochs", "steps", "parts", "trials", "patience")
        check_sizes(self, *(name for name in limits if getattr(self, name) is not None))
        if self.epochs is not None and self.steps is not None:
            raise ConfigError(f"found {self.epochs} epochs and {self.steps} steps; expected one of them.")

    def factor(self, share: float) -> float:
        """Return the learning rate, as a share of its peak, where `share` of the training is done."""
        if share < self.warmup:
            return share / self.warmup
        return max(0.0, SCHEDULES[self.schedule](min(share, 1.0), self.warmup))
