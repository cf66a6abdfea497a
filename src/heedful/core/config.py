"""What distinguishes one transformer from another, as data. Nothing here needs torch."""

from dataclasses import dataclass, fields
from typing import Literal, get_args

from heedful.errors import ConfigError

Activation = Literal["gelu", "gelu_tanh", "relu", "silu"]
NormAt = Literal["pre", "post"]
LARGEST = 1 << 31
DEEPEST = 1000


@dataclass(frozen=True, kw_only=True)
class TokenInput:
    """Token ids to vectors: rows of a table, plus learned positions and segments."""

    vocab: int
    positions: int
    segments: int = 0

    def __post_init__(self) -> None:
        check_sizes(self, ("vocab", "positions", *(("segments",) if self.segments else ())))


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """A stack of `depth` blocks of width W over one kind of input."""

    input: TokenInput
    width: int
    depth: int
    heads: int
    hidden: int
    activation: Activation = "gelu"
    norm_at: NormAt = "post"
    norm_eps: float = 1e-12
    causal: bool = False
    pooler: bool = False
    dropout: float = 0.0
    attention_dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes(self, ("width", "depth", "heads", "hidden"))
        if self.depth > DEEPEST:
            raise ConfigError(f"depth is {self.depth}; expected at most {DEEPEST} blocks.")
        if self.width % self.heads:
            raise ConfigError(f"width {self.width} is no multiple of heads {self.heads}; change one of them.")
        check_choice("activation", self.activation, get_args(Activation))
        check_choice("norm_at", self.norm_at, get_args(NormAt))
        for name in ("dropout", "attention_dropout", "norm_eps"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not 0 <= value < 1:
                raise ConfigError(f"{name} is {value!r}; expected a number from 0 to below 1.")

    @property
    def head_width(self) -> int:
        """K, the width of one head."""
        return self.width // self.heads


def check_sizes(config: object, names: tuple[str, ...]) -> None:
    """Raise ConfigError unless each named field is a whole number from 1 to 2**31."""
    for field in fields(config):  # type: ignore[arg-type]
        value = getattr(config, field.name)
        if field.name in names and (type(value) is not int or not 1 <= value <= LARGEST):
            raise ConfigError(f"{field.name} is {value!r}; expected a whole number from 1 to {LARGEST}.")


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise ConfigError unless `value` is one of `choices`."""
    if value not in choices:
        raise ConfigError(f"{name} is {value!r}; expected one of {', '.join(choices)}.")
