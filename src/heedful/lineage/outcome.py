"""What an experiment comes to: figures beside the paper's, each with what it has to reach, and pictures."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Literal, TypeVar

from heedful.errors import DataError
from heedful.report.figures import number

T = TypeVar("T")
Judge = Literal["each", "mean", "median"]
JUDGES: dict[str, Callable[[Sequence[float]], float]] = {"mean": fmean, "median": median}


@dataclass(frozen=True)
class Effort:
    """How much is tried: the first seed, whether the short form will do, and where data lie."""

    seed: int = 0
    short: bool = False
    data: Path | None = None

    def seeds(self, full: int, short: int = 2) -> range:
        """Return the seeds to run, from the first one on."""
        return range(self.seed, self.seed + self.choose(full, short))

    def choose(self, full: T, short: T) -> T:
        """Return what belongs to the whole experiment, or to its short form."""
        return short if self.short else full

    def file(self, name: str) -> Path:
        """Return a file of the data; DataError where it is not there."""
        if self.data is None:
            raise DataError(f"this experiment reads {name}; name the folder that holds it with --data.")
        if not (self.data / name).is_file():
            raise DataError(f"found no {name} in {self.data}; --data names the folder that holds it.")
        return self.data / name


@dataclass(frozen=True)
class Gate:
    """A figure for each seed (or draw), what the paper reports, and the border.

    `by` says what has to lie between `least` and `most`: each value (at least `share` of them), their mean
    or their median. Without a border the figure is told and not judged.
    """

    what: str
    paper: str
    values: Sequence[float]
    least: float | None = None
    most: float | None = None
    by: Judge = "each"
    share: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(map(float, self.values)))

    @property
    def judged(self) -> bool:
        """Is there a border?"""
        return self.least is not None or self.most is not None

    @property
    def passed(self) -> bool:
        """Is the figure where it has to be?"""
        if self.by == "each":
            return sum(map(self.within, self.values)) >= self.needed
        return self.within(self.middle)

    @property
    def needed(self) -> int:
        """How many values have to be within the border."""
        return math.ceil(self.share * len(self.values) - 1e-9)

    @property
    def middle(self) -> float:
        """The mean, or the median where that is judged."""
        return float(JUDGES["mean" if self.by == "each" else self.by](self.values))

    def within(self, value: float) -> bool:
        """Does a value lie inside? (NaN does not)"""
        low = -math.inf if self.least is None else self.least
        return low <= value <= (math.inf if self.most is None else self.most)

    def found(self) -> str:
        """Tell the figure and its spread: median 730 (474 to 2,489, 30 values)."""
        if len(self.values) == 1:
            return short(self.values[0])
        name = "mean" if self.by == "each" else self.by
        low, high = short(min(self.values)), short(max(self.values))
        return f"{name} {short(self.middle)} ({low} to {high}, {len(self.values)} values)"

    def wanted(self) -> str:
        """Tell the border: at least 0.99 in 9 of 10."""
        if not self.judged:
            return ""
        least = "" if self.least is None else f"at least {short(self.least)}"
        most = "" if self.most is None else f"at most {short(self.most)}"
        border = " and ".join(filter(None, (least, most)))
        if self.by != "each":
            return f"{self.by} {border}"
        return border if self.share == 1 else f"{border} in {self.needed} of {len(self.values)}"


@dataclass(frozen=True)
class Picture:
    """A drawing (SVG) with what it shows."""

    title: str
    caption: str
    svg: str


@dataclass(frozen=True)
class Outcome:
    """All that an experiment found."""

    gates: Sequence[Gate]
    pictures: Sequence[Picture] = field(default=())

    @property
    def passed(self) -> bool:
        """Does every judged figure lie where it has to?"""
        return all(gate.passed for gate in self.gates if gate.judged)


def short(value: float) -> str:
    """Write a figure with about four digits, a whole one without a point: 1,425, 0.998, 1.2e-07."""
    return f"{int(value):,}" if float(value).is_integer() and abs(value) < 1e9 else number(value)
