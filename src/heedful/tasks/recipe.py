"""What is pretrained and how: sizes with names, or a YAML file that sets any of these fields."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from heedful.core.config import check_flags, check_numbers, check_sizes
from heedful.errors import ConfigError
from heedful.families import FAMILIES
from heedful.train.plan import OptimizerName, Plan, PrecisionName, ScheduleName

LARGEST = 1 << 20  # bytes of a YAML file
MINUTES = 15.0


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A model (sizes as in the core; `hidden` 0: four times the
    width, or 8/3 of it with a gate) and its training.

    `context` is the number of tokens of a sequence, `batch_tokens` that of a step. `family` is the form of
    the saved files ("": the usual one for the objective). `noise` chooses among an objective's ways ("":
    its first), `rate_masked`, `mean_span` and `whole_words` set it. The learning rates are peaks.
    """

    family: str = ""
    width: int = 256
    depth: int = 4
    heads: int = 4
    hidden: int = 0
    context: int = 128
    vocab: int = 8192
    dropout: float = 0.0
    noise: str = ""
    rate_masked: float = 0.15
    mean_span: float = 3.0
    whole_words: bool = False
    smoothing: float = 0.0
    batch_tokens: int = 2048
    optimizer: OptimizerName = "muon"
    rate: float = 3e-3
    matrix_rate: float = 0.02
    schedule: ScheduleName = "linear"
    warmup: float = 0.05
    weight_decay: float = 0.1
    clip: float = 1.0
    precision: PrecisionName = "auto"
    average: int = 1

    def __post_init__(self) -> None:
        check_sizes(self, "width", "depth", "heads", "context", "vocab", "batch_tokens", "average")
        check_sizes(self, "hidden", least=0)
        check_numbers(self, "dropout", "smoothing", least=0, below=1)
        check_numbers(self, "rate_masked", least=0.01, below=0.9)
        check_numbers(self, "mean_span", least=1, below=100)
        check_flags(self, "whole_words")
        if self.family and self.family not in FAMILIES:
            raise ConfigError(f"family is {self.family!r:.100}; known are {', '.join(FAMILIES)}.")
        if self.width % self.heads:
            raise ConfigError(f"width {self.width} is no multiple of heads {self.heads}; change one of them.")
        if self.context < 8:
            raise ConfigError(f"context is {self.context} tokens; expected at least 8.")
        self.plan()

    @property
    def rows(self) -> int:
        """Sequences of a step."""
        return max(1, self.batch_tokens // self.context)

    def plan(self, **more: Any) -> Plan:
        """Return the plan of the training."""
        mine = asdict(self)
        shared = {one.name for one in fields(Plan)} & set(mine)
        return Plan(**{**{name: mine[name] for name in shared}, "betas": (0.9, 0.99), **more})

    def sizes(self, vocab: int, gated: bool) -> dict[str, Any]:
        """Return the sizes by the paths of the core's fields."""
        return {
            "input.vocab": vocab,
            "input.positions": self.context,
            "input.segments": 2,
            "width": self.width,
            "depth": self.depth,
            "heads": self.heads,
            "kv_heads": self.heads,
            "head_width": self.width // self.heads,
            "hidden": self.hidden or (round(self.width / 24) * 64 if gated else 4 * self.width),
            "dropout": self.dropout,
            "attention_dropout": self.dropout,
            "head.outputs": vocab,
            "head.tied": True,
        }


SIZES: dict[str, Mapping[str, Any]] = {  # named as BERT's small ones (Turc et al. 2019)
    "tiny": {"width": 128, "depth": 2, "heads": 2},
    "mini": {"width": 256, "depth": 4, "heads": 4},
    "small": {"width": 512, "depth": 4, "heads": 8, "context": 256, "batch_tokens": 8192, "rate": 2e-3},
}


def read_recipe(
    size: str, usual: Mapping[str, Any] | None = None, sizes: Mapping[str, Mapping[str, Any]] | None = None
) -> Recipe:
    """Return the recipe of a named size or a YAML file, whose word goes before what is `usual` for a task."""
    named = SIZES if sizes is None else sizes
    found = {**(usual or {}), **(named[size] if size in named else read_yaml(Path(size)))}
    known = [one.name for one in fields(Recipe)]
    for name in found:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
            raise ConfigError(f"{size} sets {name!r:.100}, which is no field of a recipe; {hint}")
    try:
        return Recipe(**found)
    except TypeError as problem:
        raise ConfigError(f"{size} has a value of the wrong kind ({problem}).") from None


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the fields of a YAML file."""
    import yaml

    if not path.is_file():
        raise ConfigError(f"there is no size {str(path)!r}; expected {', '.join(SIZES)}, or a YAML file.")
    if path.stat().st_size > LARGEST:
        raise ConfigError(f"{path} has {path.stat().st_size} bytes; expected a short YAML file of settings.")
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as problem:
        raise ConfigError(f"{path} is no YAML file: {' '.join(str(problem).split()):.200}") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{path} holds no settings; expected lines such as `width: 256`.")
    return found


@dataclass(frozen=True)
class Limit:
    """When a training ends: after `steps`, or after `minutes`."""

    steps: int | None
    minutes: float | None

    @classmethod
    def of(cls, minutes: float | None, tokens: int | None, recipe: Recipe) -> "Limit":
        """Return the limit that was asked for; 15 minutes where none was."""
        if minutes is not None and tokens is not None:
            raise ConfigError("minutes and tokens are both given; expected one of them.")
        for name, value in (("minutes", minutes), ("tokens", tokens)):
            if value is not None and not 0 < value < float("inf"):
                raise ConfigError(f"{name} is {value}; expected more than 0.")
        if tokens is not None:
            return cls(max(1, int(tokens) // (recipe.rows * recipe.context)), None)
        return cls(None, MINUTES if minutes is None else minutes)

    @property
    def seconds(self) -> float | None:
        """The limit of time."""
        return self.minutes and self.minutes * 60
