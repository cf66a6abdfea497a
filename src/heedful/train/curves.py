"""The pictures of a training: its figures as curves, thinned and smoothed."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from heedful.report.figures import finite
from heedful.report.plot import WIDE, Curve, Point, plot

MOST = 600  # points of a curve
SMOOTHED = 40  # a smoothed line's window is this part of all figures
LATE = 0.04  # what comes before this share of the training does not set the scale
Lines = Sequence[Mapping[str, Any]]


def series(lines: Lines, name: str, across: str = "step") -> list[Point]:
    """Return a figure of the training lines over another one; one that is missing is not a number."""
    return [
        (x, math.nan if (y := finite(line[name])) is None else y)
        for line in lines
        if name in line and (x := finite(line.get(across))) is not None
    ]


def scores(lines: Lines) -> dict[str, list[Point]]:
    """Return what was scored on the dev part: the values of each name over the steps."""
    found: dict[str, list[Point]] = {}
    for line in lines:
        dev = line.get("dev")
        for name, value in dev.items() if isinstance(dev, Mapping) else ():
            number = finite(value)
            found.setdefault(str(name), []).append((line["step"], math.nan if number is None else number))
    return found


def window(count: int) -> int:
    """Return over how many neighbouring figures a smoothed line is the mean: an odd number."""
    return 2 * (count // SMOOTHED // 2) + 1


def places(count: int) -> list[int]:
    """Return which of `count` points are drawn: at most MOST, evenly spaced, both ends among them."""
    if count <= MOST:
        return list(range(count))
    return [round(i * (count - 1) / (MOST - 1)) for i in range(MOST)]


def thin(points: Sequence[Point]) -> list[Point]:
    """Return the points that are drawn."""
    return [points[i] for i in places(len(points))]


def smooth(points: Sequence[Point]) -> list[Point]:
    """Return, for the points that are drawn, means over the window around them.

    At the start the window is narrower, since the loss falls fast there; at the end it is one-sided.
    """
    half, found = window(len(points)) // 2, []
    for i in places(len(points)):
        near = [y for _, y in points[max(i - half, 0) : i + min(half, i) + 1] if math.isfinite(y)]
        found.append((points[i][0], math.fsum(near) / len(near) if near else math.nan))
    return found


def reach(
    raw: Sequence[Point], lines: Sequence[Sequence[Point]], others: Sequence[float]
) -> tuple[float, float]:
    """Return the ends of the scale: without the steep start, and without what would halve the rest."""
    points = [point for one in (raw, *lines) for point in one]
    begin = LATE * max((x for x, _ in points), default=0.0)
    late = [[y for x, y in one if x >= begin and math.isfinite(y)] for one in (raw, *lines)]
    single = sorted(late[0])
    odd = len(single) // 50  # at either end
    kept = [*single[odd : len(single) - odd], *(y for one in late[1:] for y in one)]
    low, high = (min(kept), max(kept)) if kept else (0.0, 1.0)
    for value in sorted(others, key=lambda value: max(low - value, value - high)):
        if max(high, value) - min(low, value) <= 2 * max(high - low, 1e-9):
            low, high = min(low, value), max(high, value)
    return low, high


def losses(
    raw: Sequence[Point], dev: Sequence[Point], axis: str, baselines: Mapping[str, float]
) -> tuple[str, set[str]]:
    """Draw the loss of the training and of the dev part; return the baselines that are off the scale too."""
    line = smooth(raw)
    ends = reach(raw, [line, dev], list(baselines.values()))
    shown = {name: value for name, value in baselines.items() if ends[0] <= value <= ends[1]}
    curves = [Curve("training", line), *([Curve("dev", dev, "second", True)] if dev else [])]
    if window(len(raw)) > 1:
        curves.insert(0, Curve("", thin(raw), "faint"))
    picture = plot(curves, "Loss over the training", ("step", axis), WIDE, ends, shown)
    return picture, set(baselines) - set(shown)


def measured(name: str, points: Sequence[Point], baselines: Mapping[str, float]) -> str:
    """Draw a figure of the dev part that is not the loss."""
    title = f"{name} on the dev part"
    return plot([Curve("dev", points, "second", True)], title, ("step", name), references=baselines)


def rates(lines: Lines) -> str:
    """Draw the learning rate, nothing where none is known."""
    points = thin(series(lines, "rate"))
    if not points:
        return ""
    return plot([Curve("", points)], "Learning rate", ("step", "learning rate"), reach=(0.0, highest(points)))


def pace(lines: Lines) -> str:
    """Draw how many tokens a second were read, over the time; nothing where that is not known."""
    points = thin(series(lines, "tokens_per_second", "seconds"))
    if not points:
        return ""
    unit, seconds = clock(points[-1][0])
    points = [(x / seconds, y) for x, y in points]
    return plot([Curve("", points)], "Pace", (unit, "tokens/s"), reach=(0.0, highest(points)))


def highest(points: Sequence[Point]) -> float:
    """Return the highest y, 1 where none is above 0."""
    return max((y for _, y in points if y > 0), default=1.0)


def clock(seconds: float) -> tuple[str, float]:
    """Return the unit that suits a time, and its seconds."""
    return ("seconds", 1.0) if seconds < 120 else ("minutes", 60.0) if seconds < 7200 else ("hours", 3600.0)
