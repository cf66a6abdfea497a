"""The pictures of a leaderboard as SVG text: pure functions without dependencies."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from heedful.compare.labels import Box, place
from heedful.report.figures import count, duration, percent, score, signed, span
from heedful.report.svg import breadth, clip, frame, line, linear, pointer, spot, text, tick, ticks, trail

WIDTH = 440.0
ROW = 28.0


@dataclass(frozen=True)
class Mark:
    """One method in a picture: its score with the interval, and the time that a prediction takes."""

    label: str
    value: float
    low: float | None
    high: float | None
    kind: str  # best | recommended | floor | other
    seconds: float = 1.0

    @property
    def ends(self) -> tuple[float, float]:
        """The interval, which is the value itself where none is known."""
        return (
            self.value if self.low is None else self.low,
            self.value if self.high is None else self.high,
        )


def focus(rows: Sequence[Mark]) -> tuple[float, float]:
    """Return the reach of the scale; the lowest rows stay outside if that halves its length."""
    ordered = sorted(rows, key=lambda row: -row.value)

    def reach(kept: Sequence[Mark]) -> tuple[float, float]:
        ends = [end for row in kept for end in (row.value, *row.ends)]
        return min(ends), max(ends)

    low, high = reach(ordered)
    for left_out in range(1, len(ordered) // 3 + 1):
        kept = reach(ordered[:-left_out])
        if kept[1] - kept[0] < (high - low) / 2:
            return kept
    return low, high


def whiskers(
    rows: Sequence[Mark], title: str, axis: str, reference: float | None = None, sign: bool = False
) -> str:
    """Draw a dot and its interval per row, with a dashed line at `reference`."""
    low, high = focus(rows)
    if sign and reference is not None:
        low, high = min(low, reference), max(high, reference)
    marks = ticks(low, high, 4)
    left = max(24.0, *(breadth(clip(row.label, 140)) + 16 for row in rows))
    top, bottom = 6.0, 6.0 + ROW * len(rows)
    at = linear(marks[0], marks[-1], left, WIDTH - 64)
    parts = []
    for mark in marks:
        parts.append(line(at(mark), top, at(mark), bottom, "grid"))
        parts.append(tick(at(mark), bottom + 16, mark, marks[1] - marks[0], sign=sign))
    if reference is not None and marks[0] <= reference <= marks[-1]:
        parts.append(line(at(reference), top, at(reference), bottom, "reference"))
    for i, row in enumerate(rows):
        y = top + ROW * (i + 0.5)
        parts.append(text(left - 12, y + 4, clip(row.label, 140), f"name {row.kind}", "end"))
        parts.append(text(WIDTH - 2, y + 4, signed(row.value) if sign else score(row.value), "figure", "end"))
        if row.value < marks[0]:
            parts += [pointer(left, y, row.kind, 90), text(left + 10, y + 4, "off the scale", "tick")]
        else:
            parts.append(line(at(row.ends[0]), y, at(row.ends[1]), y, f"whisker {row.kind}"))
            parts.append(spot(at(row.value), y, row.kind, told(row, sign)))
    parts.append(text((left + WIDTH - 64) / 2, bottom + 36, axis, "axis", "middle"))
    return frame(WIDTH, bottom + 44, title, "; ".join(told(row, sign) for row in rows), parts)


def told(row: Mark, sign: bool = False) -> str:
    """Say a row's figure in words."""
    value = signed(row.value) if sign else score(row.value)
    return f"{row.label}: {value} ({span(row.low, row.high, sign)})"


def scatter(points: Sequence[Mark], title: str) -> str:
    """Draw macro-F1 against the time per text (logarithmic); a line joins what nothing beats at both."""
    left, right, top, bottom = 46.0, WIDTH - 22, 14.0, 274.0
    logs = [math.log10(point.seconds) for point in points]
    first, last = math.floor(min(logs) - 0.1), math.ceil(max(logs) + 0.1)
    marks = ticks(*focus(points))
    across, up = linear(first, last, left, right), linear(marks[0], marks[-1], bottom - 14, top)
    spots = [(across(at), up(point.value)) for at, point in zip(logs, points, strict=True)]
    inside = [point.value >= marks[0] for point in points]
    parts = []
    for mark in marks:
        parts.append(line(left, up(mark), right, up(mark), "grid"))
        parts.append(tick(left - 8, up(mark) + 4, mark, marks[1] - marks[0], "end"))
    for power in range(first, last + 1, max(1, math.ceil((last - first) / 6))):
        parts.append(line(across(power), bottom, across(power), bottom + 5, "axisline"))
        parts.append(text(across(power), bottom + 18, decade(power), "tick", "middle"))
    parts.append(line(left, bottom, right, bottom, "axisline"))
    words = "time per text at prediction (logarithmic; left is cheaper)"
    parts.append(text((left + right) / 2, bottom + 38, words, "axis", "middle"))
    parts.append(
        trail(
            [place for place, seen in zip(spots, inside, strict=True) if seen and place in front(spots)],
            "front",
        )
    )
    for point, (x, y), seen in zip(points, spots, inside, strict=True):
        ends = [up(end) for end in point.ends]
        parts.append(line(x, ends[0], x, ends[1], f"whisker faint {point.kind}") if seen else "")
        tip = f"{told(point)}, {duration(point.seconds)} per text"
        parts.append(spot(x, y, point.kind, tip) if seen else pointer(x, y + 6, point.kind, 0))
    parts += labels(points, spots, inside, Box(left + 2, 2, WIDTH - 2, bottom - 2))
    about = "; ".join(f"{told(point)} at {duration(point.seconds)} per text" for point in points)
    return frame(WIDTH, bottom + 46, title, about, parts)


def decade(power: int) -> str:
    """Write 10 ** power seconds on the axis."""
    return duration(10.0**power) if power < 0 else f"{10**power:,} s"


def front(spots: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the spots (y grows downwards) that no other beats both to the left and upwards."""
    kept: list[tuple[float, float]] = []
    for x, y in sorted(spots):
        if not kept or y < kept[-1][1]:
            kept.append((x, y))
    return kept


def labels(
    points: Sequence[Mark], spots: Sequence[tuple[float, float]], inside: Sequence[bool], room: Box
) -> list[str]:
    """Write each point's name where it covers neither another name nor a mark."""
    names = [
        clip(point.label, 120) + ("" if seen else f" {score(point.value)}, off the scale")
        for point, seen in zip(points, inside, strict=True)
    ]
    parts = []
    for point, name, (x, y), found in zip(points, names, spots, place(names, spots, room), strict=True):
        if found.far:
            parts.append(line(x, y, found.box.nearest_x(x), (found.box.top + found.box.bottom) / 2, "leader"))
        start = {
            "start": found.box.left,
            "middle": (found.box.left + found.box.right) / 2,
            "end": found.box.right,
        }
        parts.append(
            text(start[found.anchor], found.box.bottom - 3.5, name, f"name {point.kind}", found.anchor)
        )
    return parts


Bin = tuple[float, float, float]  # confidence, accuracy, count


def reliability(before: Sequence[Bin], after: Sequence[Bin], title: str, notes: tuple[str, str]) -> str:
    """Draw accuracy against confidence before and after temperature scaling; larger dots hold more texts."""
    width, left, right, top, bottom = 380.0, 48.0, 364.0, 50.0, 310.0
    across, up = linear(0, 1, left, right), linear(0, 1, bottom, top)
    parts = []
    for fifth in range(6):
        mark = fifth / 5
        parts.append(line(left, up(mark), right, up(mark), "grid"))
        parts.append(tick(left - 8, up(mark) + 4, mark, 0.2, "end"))
        parts.append(tick(across(mark), bottom + 17, mark, 0.2))
    parts.append(line(left, bottom, right, top, "reference"))
    for bins, kind in ((before, "before"), (after, "after")):
        most = max((held for *_, held in bins), default=1) or 1
        parts.append(trail([(across(said), up(right_)) for said, right_, _ in bins], f"curve {kind}"))
        for said, right_, held in bins:
            tip = f"{kind}: said {percent(said)}, right {percent(right_)}, {count(held)} texts"
            parts.append(spot(across(said), up(right_), kind, tip, 2.5 + 4 * (held / most) ** 0.5))
    for i, (kind, note) in enumerate(zip(("before", "after"), notes, strict=True)):
        y = 12 + 19 * i  # above the field, where no curve runs
        parts += [line(left + 10, y, left + 34, y, f"curve {kind}"), spot(left + 22, y, kind, note, 4)]
        parts.append(text(left + 42, y + 4, note, "name"))
    words = "confidence: the probability of its answer"
    parts.append(text((left + right) / 2, bottom + 37, words, "axis", "middle"))
    parts.append(text(13, (top + bottom) / 2, "share that was right", "axis", "middle", turn=-90))
    about = f"{notes[0]}; {notes[1]}. On the dashed diagonal confidence and accuracy agree."
    return frame(width, bottom + 45, title, about, parts)


def bar(share: float) -> str:
    """Draw a thin bar for a table's cell, filled by the share of 0 to 1."""
    filled = 100 * min(max(share, 0.0), 1.0)
    return (
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect x="0" y="0" width="{filled:.1f}" height="8"/></svg>'
    )
