"""Names beside dots: each takes the free place that is nearest to its dot."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from heedful.report.svg import SIZE, breadth

RINGS = (9.0, 15.0, 24.0, 36.0, 52.0, 72.0)
FAR = 2  # from this ring on a line joins the name to its dot
SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1))
Spots = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Box:
    """A rectangle; `top` is the smaller y."""

    left: float
    top: float
    right: float
    bottom: float

    def shared(self, other: "Box") -> float:
        """Return the area that both cover."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(wide, 0.0) * max(high, 0.0)

    def within(self, room: "Box") -> bool:
        """Is it wholly inside the room?"""
        return (
            self.left >= room.left and self.top >= room.top
            and self.right <= room.right and self.bottom <= room.bottom
        )  # fmt: skip

    def away(self, spot: tuple[float, float]) -> float:
        """Return the distance to a point outside."""
        across = max(self.left - spot[0], 0.0, spot[0] - self.right)
        down = max(self.top - spot[1], 0.0, spot[1] - self.bottom)
        return math.hypot(across, down)

    def nearest_x(self, x: float) -> float:
        """Return the x inside the box that is nearest."""
        return min(max(x, self.left), self.right)


@dataclass(frozen=True)
class Placed:
    """Where a name stands, and whether it needs a line to its dot."""

    box: Box
    far: bool
    anchor: str  # start | middle | end: the side that is nearest to the dot


def place(names: Sequence[str], spots: Spots, room: Box) -> list[Placed]:
    """Return a place for each name, greedily in the order given: first names have the first choice."""
    taken = [Box(x - 7, y - 7, x + 7, y + 7) for x, y in spots]
    found = []
    for i, (name, (x, y)) in enumerate(zip(names, spots, strict=True)):
        others = [spot for j, spot in enumerate(spots) if j != i]

        def cost(choice: tuple[int, Box], own: tuple[float, float] = (x, y), others: Spots = others) -> float:
            ring, box = choice
            covered = sum(box.shared(other) for other in taken)
            near = box.away(own) + 3
            doubtful = sum(box.away(other) < near for other in others)  # it seems to name another dot
            outside = 0.0 if box.within(room) else 1e6
            return (
                outside
                + (1e3 + covered if covered else 0.0)
                + (30.0 * doubtful if ring < FAR else 0.0)
                + ring
            )

        ring, box = min(candidates(name, x, y), key=cost)
        taken.append(box)
        anchor = "start" if box.left > x else "end" if box.right < x else "middle"
        found.append(Placed(box, ring >= FAR, anchor))
    return found


def candidates(name: str, x: float, y: float) -> list[tuple[int, Box]]:
    """Return the boxes around a dot with the number of their ring, the near ones first."""
    wide, high = breadth(name), SIZE + 3
    boxes = []
    for i, ring in enumerate(RINGS):
        for across, down in SIDES:
            middle = x + across * (ring + wide / 2)
            centre = y + down * (ring + high / 2 - 2)
            boxes.append((i, Box(middle - wide / 2, centre - high / 2, middle + wide / 2, centre + high / 2)))
    return boxes
