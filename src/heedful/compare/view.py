"""The leaderboard document read for people: typed rows, in which every figure may be missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from heedful.report.figures import finite, rate, score, span, times

FLOOR = "majority"
MARKS = {"best": "◆", "recommended": "■", "best, recommended": "◆"}


def pick(value: Any, *keys: str) -> Any:
    """Follow the keys through mappings; None where the way ends."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def number(value: Any, *keys: str) -> float | None:
    """Return the finite number at the end of the keys, else None."""
    return finite(pick(value, *keys))


def word(value: Any, *keys: str) -> str | None:
    """Return what stands at the end of the keys as text, else None."""
    found = pick(value, *keys)
    return None if found is None or isinstance(found, Mapping | list) else str(found)


def items(value: Any, *keys: str) -> list[Any]:
    """Return the list at the end of the keys, else an empty one."""
    found = pick(value, *keys)
    return list(found) if isinstance(found, Sequence) and not isinstance(found, str) else []


def part(value: float | None) -> float | None:
    """Return a share or a difference of shares, None for what is neither."""
    return value if value is not None and abs(value) <= 1.000001 else None


@dataclass(frozen=True)
class Score:
    """A figure with its 95 % interval and its value for each seed."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    seeds: tuple[float, ...] = ()

    @classmethod
    def read(cls, source: Any) -> "Score":
        """Take `{"value", "low", "high", "seeds"}`; what cannot be a score is missing."""
        low, high = (part(number(source, key)) for key in ("low", "high"))
        seeds = tuple(seed for seed in map(part, map(finite, items(source, "seeds"))) if seed is not None)
        return cls(part(number(source, "value")), low, high, seeds)


@dataclass(frozen=True)
class Row:
    """One method of the leaderboard."""

    name: str
    status: str
    source: Mapping[str, Any] = field(repr=False)
    mark: str = ""  # "", "best", "recommended" or "best, recommended"

    def figure(self, key: str) -> float | None:
        """Return one of the plain figures."""
        return number(self.source, key)

    @cached_property
    def macro_f1(self) -> Score:
        """Macro-F1, the figure that ranks."""
        return Score.read(pick(self.source, "macro_f1"))

    @cached_property
    def accuracy(self) -> Score:
        """Accuracy."""
        return Score.read(pick(self.source, "accuracy"))

    @cached_property
    def delta(self) -> Score:
        """Macro-F1 minus the best's, with the paired interval."""
        return Score.read(pick(self.source, "delta"))

    @property
    def symbol(self) -> str:
        """The sign that marks the best and the recommended, beside any colour."""
        return MARKS.get(self.mark, "")

    @property
    def kind(self) -> str:
        """The style of its marks in the charts."""
        return self.mark.split(",")[0] or ("floor" if self.name == FLOOR else "other")

    @property
    def title(self) -> str:
        """Its name with the sign before it."""
        return f"{self.symbol} {self.name}" if self.symbol else self.name

    @property
    def why(self) -> str | None:
        """Why it stopped or failed."""
        return word(self.source, "why")

    @property
    def seconds_per_text(self) -> float | None:
        """The time that one prediction takes."""
        rate = self.figure("texts_per_second")
        return 1 / rate if rate is not None and 1e-6 < rate < 1e12 else None


class Board:
    """The document with its methods ranked: highest macro-F1 first, those without a figure last."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        best, recommended = word(document, "best"), word(document, "recommended")
        rows = []
        for source in items(document, "methods"):
            name = word(source, "name") or "unnamed"
            marks = [mark for mark, owner in (("best", best), ("recommended", recommended)) if name == owner]
            rows.append(Row(name, word(source, "status") or "unknown", source, ", ".join(marks)))
        self.rows = sorted(rows, key=lambda row: -1.0 if row.macro_f1.value is None else row.macro_f1.value)
        self.rows.reverse()
        self.best = self.row(best)
        self.recommended = self.row(recommended)
        self.floor = self.row(FLOOR)

    def row(self, name: str | None) -> Row | None:
        """Return the method of that name."""
        return next((row for row in self.rows if row.name == name), None)

    @property
    def chosen(self) -> list[Row]:
        """The best and the recommended, once each."""
        return [row for row in self.rows if row.mark]

    @property
    def name(self) -> str:
        """The table's name."""
        return word(self.document, "name") or "Leaderboard"

    @property
    def classes(self) -> list[str]:
        """The class names, in the order of the confusion matrices."""
        return [word(item, "name") or "unnamed" for item in items(self.document, "classes")]

    @property
    def class_count(self) -> float | None:
        """How many classes there are."""
        found = pick(self.document, "data", "classes")
        return len(found) if isinstance(found, Mapping | list) else finite(found) or len(self.classes) or None


def verdict(board: Board) -> list[str]:
    """Return the answer in plain sentences: the winner, the recommendation and the floor."""
    best = board.best
    if best is None:
        return ["No method has a score yet, so there is no winner."]
    sentences = [
        f"{best.name} scores highest: macro-F1 {score(best.macro_f1.value)}"
        f" (95 % interval {span(best.macro_f1.low, best.macro_f1.high)})."
    ]
    if board.recommended is not None:
        sentences.append(advice(best, board.recommended))
    if board.floor is not None and board.floor is not best:
        sentences.append(
            f"{FLOOR}, which gives every text the same answer, scores {score(board.floor.macro_f1.value)}."
        )
    return sentences


def advice(best: Row, recommended: Row) -> str:
    """Say which method to use and why."""
    if recommended is best:
        return (
            f"{best.name} is also the recommendation: no method that answers faster"
            " has a paired interval against it that includes 0."
        )
    why = (
        f"{recommended.name} is recommended: the cheapest to run whose paired interval against the best"
        f" includes 0 ({span(recommended.delta.low, recommended.delta.high, sign=True)})."
    )
    mine, theirs = recommended.figure("texts_per_second"), best.figure("texts_per_second")
    if mine and theirs and mine > theirs:
        why += f" It answers {rate(mine)} texts per second, {times(mine / theirs)} as many as {best.name}."
    return why
