"""Curves over a common axis, with their last values and the reference lines named at the right."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from heedful.report.figures import count, number
from heedful.report.svg import Scale, breadth, clip, frame, line, linear, spot, text, tick, ticks, trail

Point = tuple[float, float]
LEFT, TOP, BELOW = 58.0, 10.0, 46.0  # room for the marks and words of the axes
HIGH = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
NOTHING = 1e-12  # what is smaller is drawn as 0
GAP = 16.0  # between two names at the right
WIDE, SMALL = (860.0, 380.0), (440.0, 250.0)


@dataclass(frozen=True)
class Curve:
    """A line through points whose x grow; one whose y is not finite breaks it. Without a name, no label."""

    name: str
    points: Sequence[Point]
    kind: str = "first"  # first | second | faint
    dots: bool = False  # a mark at each point, that tells its figures

    @property
    def last(self) -> Point | None:
        """The last point that has a value."""
        return next((point for point in reversed(self.points) if math.isfinite(point[1])), None)


def plot(
    curves: Sequence[Curve],
    title: str,
    axes: tuple[str, str],
    size: tuple[float, float] = SMALL,
    reach: tuple[float, float] | None = None,
    references: Mapping[str, float] | None = None,
) -> str:
    """Draw the curves from x = 0 on; what lies outside `reach` (the ends of y, None: all) is cut off."""
    references = references or {}
    low, high = reach or span(curves, references.values())
    largest = max(abs(low), abs(high))
    power = power_of(largest)
    unit = 10.0**power
    marks = ticks(low / unit, high / unit, 5, 1.0 if largest < NOTHING else largest / unit * 1e-3)
    borders = marks[0] * unit, marks[-1] * unit
    ends = [(curve, curve.last) for curve in curves if curve.name]
    names = [
        *((last[1], curve.name, curve.kind) for curve, last in ends if last),
        *((value, name, "rule") for name, value in references.items()),
    ]
    room = min(
        max((breadth(f"{name} {number(value)}") for value, name, _ in names), default=0.0), size[0] * 0.36
    )
    right, bottom = size[0] - room - 26, size[1] - BELOW
    furthest = max((x for curve in curves for x, _ in curve.points), default=1.0) or 1.0
    across, up = linear(0, furthest, LEFT, right), linear(*borders, bottom, TOP)
    words = axes[0], axes[1] + (f" (× 10{str(power).translate(HIGH)})" if power else "")
    parts = [
        *field(marks, unit, furthest, across, up, words),
        *rules(references.values(), borders, right, up),
    ]
    for curve in curves:
        parts += strokes(curve, borders, across, up)
    parts += labels(names, room, right, bottom, up)
    return frame(*size, title, "; ".join(told(curve) for curve in curves if curve.name), parts)


def span(curves: Iterable[Curve], others: Iterable[float]) -> tuple[float, float]:
    """Return the lowest and the highest value, 0 and 1 where there is none."""
    values = [y for curve in curves for _, y in curve.points if math.isfinite(y)] + [*others]
    return (min(values), max(values)) if values else (0.0, 1.0)


def power_of(largest: float) -> int:
    """Return the power of ten in whose units an axis is marked: 0 where its figures are short as they are."""
    return 0 if largest < NOTHING or 0.02 <= largest < 1e5 else math.floor(math.log10(largest))


def field(
    marks: Sequence[float], unit: float, furthest: float, across: Scale, up: Scale, words: tuple[str, str]
) -> Iterable[str]:
    """Draw the grid, the marks of both axes (`marks` in units of `unit`) and their words."""
    left, right, bottom, top = across(0), across(furthest), up(marks[0] * unit), up(marks[-1] * unit)
    for mark in marks:
        yield line(left, up(mark * unit), right, up(mark * unit), "grid")
        yield tick(left - 8, up(mark * unit) + 4, mark, marks[1] - marks[0], "end")
    whole = 5.0 if furthest == int(furthest) else 0.0  # no halves of steps
    steps = [x for x in ticks(0, furthest, 5, max(whole, 1e-9)) if x <= furthest * 1.0001]
    for x in steps:
        yield line(across(x), bottom, across(x), bottom + 5, "axisline")
        yield tick(across(x), bottom + 18, x, steps[1] - steps[0] if len(steps) > 1 else 1.0)
    yield line(left, bottom, right, bottom, "axisline")
    yield text((left + right) / 2, bottom + 37, words[0], "axis", "middle")
    yield text(12, (top + bottom) / 2, words[1], "axis", "middle", turn=-90)


def rules(values: Iterable[float], ends: tuple[float, float], right: float, up: Scale) -> Iterable[str]:
    """Draw the reference lines that lie on the scale."""
    for value in values:
        if on(value, ends):
            yield line(LEFT, up(value), right, up(value), "reference")


def strokes(curve: Curve, ends: tuple[float, float], across: Scale, up: Scale) -> Iterable[str]:
    """Draw a curve and, where they are asked for or there is but one, its points."""
    known = [point for point in curve.points if math.isfinite(point[1])]
    for piece in pieces(curve.points, *ends):
        yield trail([(across(x), up(y)) for x, y in piece], f"curve {curve.kind}")
    for x, y in known if curve.dots or len(known) == 1 else ():
        if on(y, ends):
            yield spot(across(x), up(y), curve.kind, f"{curve.name}: {number(y)} at {count(x)}", 3.5)


def on(value: float, ends: tuple[float, float]) -> bool:
    """Does a value lie on the scale, but for rounding?"""
    slack = 1e-9 * (ends[1] - ends[0])
    return ends[0] - slack <= value <= ends[1] + slack


def pieces(points: Sequence[Point], low: float, high: float) -> list[list[Point]]:
    """Return the parts of a line whose y lie in [low, high], cut off where it crosses a border."""
    found: list[list[Point]] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        rise = y1 - y0
        if not math.isfinite(rise) or max(y0, y1) < low or min(y0, y1) > high:
            continue
        ends = sorted(((low - y0) / rise, (high - y0) / rise)) if rise else [0.0, 1.0]
        first, last = max(ends[0], 0.0), min(ends[1], 1.0)
        start, end = ((x0 + (x1 - x0) * t, min(max(y0 + rise * t, low), high)) for t in (first, last))
        if first == 0 and found and found[-1][-1] == start:
            found[-1].append(end)
        else:
            found.append([start, end])
    return found


def labels(
    names: Sequence[tuple[float, str, str]], room: float, right: float, bottom: float, up: Scale
) -> Iterable[str]:
    """Write each name and its figure at the height of that value, or as near as the others allow."""
    ordered = sorted(names, key=lambda name: up(name[0]))
    heights = apart([up(value) for value, _, _ in ordered], TOP, bottom)
    for (value, name, kind), y in zip(ordered, heights, strict=True):
        yield line(right + 3, up(value), right + 14, y, "leader")
        yield text(right + 18, y + 4, label(name, value, room), f"name {kind}")


def apart(wanted: Sequence[float], top: float, bottom: float) -> list[float]:
    """Return places near the wanted ones (in rising order), apart, and inside if there is room."""
    found: list[float] = []
    for y in wanted:
        found.append(max(y, found[-1] + GAP) if found else max(y, top))
    limit = bottom
    for i in reversed(range(len(found))):
        found[i] = min(found[i], limit)
        limit = found[i] - GAP
    return found


def label(name: str, value: float, room: float) -> str:
    """Write a name, as much of it as there is room for, and its figure: 5-gram 1.669."""
    figure = f" {number(value)}"
    return clip(name, room - breadth(figure) + 0.5) + figure


def told(curve: Curve) -> str:
    """Say in words where a curve begins, ends, and how far it reaches."""
    known = [point for point in curve.points if math.isfinite(point[1])]
    if not known:
        return f"{curve.name}: no figures"
    (x0, y0), (x1, y1) = known[0], known[-1]
    low, high = span([curve], ())
    return (
        f"{curve.name}: {number(y0)} at {count(x0)}, {number(y1)} at {count(x1)}, "
        f"between {number(low)} and {number(high)}"
    )
