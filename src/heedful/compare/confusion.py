"""The confusion matrix: read from the document, folded where there are many classes, drawn."""

import math
from collections.abc import Sequence
from typing import Any

from heedful.compare.view import items
from heedful.report.figures import count, finite, percent
from heedful.report.svg import box, breadth, clip, frame, text

LARGEST = 25  # rows of a picture
Counts = list[list[float]]


def counted(value: Any) -> Counts | None:
    """Return the counts as C x C numbers, None if they are not that."""
    lines = [[finite(cell) for cell in items(line)] for line in items(value)]
    if not lines or any(len(line) != len(lines) or None in line for line in lines):
        return None
    return [[max(cell or 0.0, 0.0) for cell in line] for line in lines]


def gathered(names: Sequence[str], counts: Counts) -> tuple[list[str], Counts]:
    """Put the classes beyond the largest ones together into one."""
    if len(names) <= LARGEST:
        return list(names), counts
    order = sorted(range(len(names)), key=lambda i: -sum(counts[i]))
    groups = [[i] for i in sorted(order[: LARGEST - 1])] + [sorted(order[LARGEST - 1 :])]
    merged = [[sum(counts[i][j] for i in rows for j in columns) for columns in groups] for rows in groups]
    return [names[group[0]] for group in groups[:-1]] + [f"{len(groups[-1])} others"], merged


def commonest(counts: Counts, most: int = 5) -> list[tuple[int, int, float]]:
    """Return the mistakes that occur most: true class, predicted class, rows."""
    found = [
        (i, j, value)
        for i, row in enumerate(counts)
        for j, value in enumerate(row)
        if i != j and value >= 0.5
    ]
    return sorted(found, key=lambda mistake: -mistake[2])[:most]


def matrix(names: Sequence[str], counts: Counts, title: str) -> str:
    """Draw true classes as rows and predicted ones as columns, with recall and precision at the ends."""
    total = len(names)
    cell = next(room for most, room in ((3, 84.0), (6, 46.0), (12, 33.0), (99, 25.0)) if total <= most)
    shown = [clip(name, 118) for name in names]
    longest = max(map(breadth, shown))
    left, top = max(longest, 66.0) + 12, longest * 0.71 + 36
    far, foot = left + cell * total, top + cell * total
    columns = list(zip(*counts, strict=True))
    parts = [box(left, top, cell * total, cell * total, "cell")]
    for i, (name, row) in enumerate(zip(shown, counts, strict=True)):
        middle = cell * (i + 0.5)
        parts.append(text(left - 8, top + middle + 4, name, "name", "end"))
        parts.append(text(left + middle + 3, top - 8, name, "name", turn=-45 if longest > cell else 0, anchor=
                          "start" if longest > cell else "middle"))  # fmt: skip
        parts.append(text(far + 8, top + middle + 4, share(row[i], sum(row)), "tick"))
        parts.append(text(left + middle, foot + 17, share(row[i], sum(columns[i])), "tick", "middle"))
        for j, value in enumerate(row):
            if value > 0:
                tip = f"{name} → {shown[j]}: {count(value)} ({percent(value / sum(row))})"
                parts += square(left + cell * j, top + cell * i, cell, value, value / sum(row), i == j, tip)
    parts += [
        text(left, 12, "predicted →", "axis"), text(left - 8, top - 10, "true ↓", "axis", "end"),
        text(far + 8, foot + 17, "← precision, %", "tick"), text(far + 8, 12, "recall, % ↓", "tick"),
    ]  # fmt: skip
    width = far + max(90.0, breadth(shown[-1]) * 0.71 - cell / 2 + 16)
    about = "; ".join(
        f"{name}: {share(row[i], sum(row))} % found"
        for i, (name, row) in enumerate(zip(names, counts, strict=True))
    )
    return frame(math.ceil(width), foot + 25, title, about, parts)


def square(x: float, y: float, cell: float, value: float, part: float, right: bool, tip: str) -> list[str]:
    """Draw one cell; the shade grows with the root of its share of the row, so that rare mistakes show."""
    strength = part**0.5
    written = f"{value:.0f}" if value >= 0.5 else "·"
    ink = "on" if strength > 0.62 else "off"
    size = "small" if breadth(written) > cell - 4 or cell < 30 else ""
    return [
        box(x + 0.5, y + 0.5, cell - 1, cell - 1, "hit" if right else "miss", 0.06 + 0.94 * strength, tip),
        text(x + cell / 2, y + cell / 2 + 4, written, f"count {ink} {size}".strip(), "middle"),
    ]


def share(part: float, of: float) -> str:
    """Write part / of as whole percent without the sign."""
    return f"{100 * part / of:.0f}" if of > 0 else "–"
