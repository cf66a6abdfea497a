"""The two pictures that charts of curves do not give: images in a grid, and points in a plane."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heedful.report.svg import box, frame, linear, spot, text

CELL, GAP, HEAD = 4.0, 6.0, 18.0  # of a pixel, between images, above a row's name
LEVELS = 16  # shades: neighbours of one shade are one stroke
SIDE, EDGE = 300.0, 8.0  # of a plane of points
KINDS = ("first", "second", "other")


def tiles(
    rows: Sequence[tuple[str, ArrayLike]], title: str, about: str, cell: float = CELL, gap: float = GAP
) -> str:
    """Draw rows of images (n, height, width), each row scaled from its darkest to its lightest and named."""
    stacks = [(name, np.asarray(images, dtype=float)) for name, images in rows]
    parts, y, width = [], 0.0, 0.0
    for name, images in stacks:
        if name:
            parts.append(text(0, y + 12, name, "axis"))
            y += HEAD
        low, reach = float(images.min()), float(np.ptp(images)) or 1.0
        for number, image in enumerate(images):
            shades = np.rint((image - low) / reach * LEVELS).astype(int)
            parts += strokes(shades, number * (image.shape[1] * cell + gap), y, cell)
        width = max(width, len(images) * (images.shape[2] * cell + gap))
        y += images.shape[1] * cell + gap
    return frame(width, y, title, about, parts)


def strokes(shades: NDArray[np.int_], x: float, y: float, cell: float) -> list[str]:
    """Draw one image (height, width) of shades, runs of one shade as one box, white left out."""
    parts = [box(x, y, shades.shape[1] * cell, shades.shape[0] * cell, "tile", 0.04)]
    for line, row in enumerate(shades):
        ends = [*(np.flatnonzero(np.diff(row)) + 1), len(row)]
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            if row[start]:
                left, top, shade = x + start * cell, y + line * cell, row[start] / LEVELS
                parts.append(box(left, top, (end - start) * cell, cell, "ink", shade))
    return parts


def plane(groups: Sequence[tuple[str, ArrayLike]], title: str, about: str, radius: float = 2.5) -> str:
    """Draw groups of points (n, 2) in one plane, each group in its own colour (three, then again)."""
    clouds = [(name, np.asarray(points, dtype=float)) for name, points in groups]
    both = np.concatenate([points for _, points in clouds])
    low, high = both.min(axis=0), both.max(axis=0)
    across, up = linear(low[0], high[0], EDGE, SIDE - EDGE), linear(low[1], high[1], SIDE - EDGE, EDGE)
    parts = [
        spot(across(x), up(y), KINDS[number % len(KINDS)], name, radius)
        for number, (name, points) in enumerate(clouds)
        for x, y in points
    ]
    parts.append(text(EDGE, SIDE + 14, " · ".join(name for name, _ in clouds if name), "axis"))
    return frame(SIDE, SIDE + 22, title, about, parts)


def named(groups: Sequence[tuple[str, Sequence[tuple[str, ArrayLike]]]], title: str, about: str) -> str:
    """Draw groups of named points in one plane: each a (name, (x, y)), the groups in their own colours."""
    points = np.array([point for _, group in groups for _, point in group], dtype=float)
    low, high = points.min(axis=0), points.max(axis=0)
    width, height = 2 * SIDE, 1.4 * SIDE
    across, up = linear(low[0], high[0], EDGE, width - 80), linear(low[1], high[1], height - EDGE, EDGE + 8)
    parts, places = [], iter(points)
    for number, (name, group) in enumerate(groups):
        kind = KINDS[number % len(KINDS)]
        for word, (x, y) in zip((word for word, _ in group), places, strict=False):
            parts.append(spot(across(x), up(y), kind, f"{word}: {name}", 3))
            parts.append(text(across(x) + 5, up(y) + 4, word, f"name {kind}"))
    return frame(width, height, title, about, parts)
