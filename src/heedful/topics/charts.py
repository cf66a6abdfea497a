"""The pictures of topics as SVG text: the tree of their mergers, and the years."""

from collections.abc import Sequence

from heedful.report.figures import count
from heedful.report.svg import box, clip, frame, line, linear, text, tick, ticks
from heedful.topics.hierarchy import Merger
from heedful.types import Ints

ROW, WIDTH, NAMES = 18.0, 860.0, 300.0
HIGHEST = 400  # topics in a tree


def dendrogram(names: Sequence[str], mergers: Sequence[Merger]) -> str:
    """Draw which topics merge, and at which distance: the names at the left, the trunk at the right."""
    order = leaves(len(names), mergers)
    high = ROW * len(names)
    furthest = max((merger.distance for merger in mergers), default=1.0) or 1.0
    marks = ticks(0, furthest)
    at = linear(0, marks[-1], NAMES + 8, WIDTH - 12)
    place = {topic: (at(0), ROW * (row + 0.5)) for row, topic in enumerate(order)}
    parts = [text(NAMES, ROW * (row + 0.5) + 4, clip(names[topic], NAMES - 8), "name", "end")
             for row, topic in enumerate(order)]  # fmt: skip
    for number, merger in enumerate(mergers):
        x = at(merger.distance)
        (x1, y1), (x2, y2) = place[merger.left], place[merger.right]
        tip = f"{', '.join(merger.words)} ({len(merger.topics)} topics)"
        parts += [line(x1, y1, x, y1, "branch"), line(x2, y2, x, y2, "branch")]
        parts += [line(x, y1, x, y2, "branch"), box(x - 3, min(y1, y2), 6, abs(y2 - y1), "cell", 0, tip)]
        place[len(names) + number] = (x, (y1 + y2) / 2)
    parts += [tick(at(mark), high + 18, mark, marks[1] - marks[0]) for mark in marks]
    parts.append(text((NAMES + WIDTH) / 2, high + 36, "distance (1 − cosine)", "axis", "middle"))
    about = "; ".join(f"{merger.distance:.2f}: {', '.join(merger.words)}" for merger in mergers[-8:])
    return frame(WIDTH, high + 44, "Hierarchy of topics", about, parts)


def leaves(topics: int, mergers: Sequence[Merger]) -> list[int]:
    """Return the topics in an order in which no branches cross."""
    return [*mergers[-1].topics] if mergers else [*range(topics)]


def heat(names: Sequence[str], columns: Sequence[str], counts: Ints, totals: Ints, title: str) -> str:
    """Draw a row for each topic and a column for each bin: the darker, the greater its share of the bin."""
    wide = max(14.0, min(60.0, (WIDTH - NAMES) / max(1, len(columns))))
    shares = counts / totals.clip(min=1)[None, :]
    largest = float(shares.max()) or 1.0
    parts = []
    for row, name in enumerate(names):
        parts.append(text(NAMES, ROW * (row + 0.5) + 4, clip(name, NAMES - 8), "name", "end"))
        for column, bin_ in enumerate(columns):
            if counts[row, column]:
                told = f"{count(int(counts[row, column]))} of {count(int(totals[column]))} texts"
                x, strength = NAMES + 8 + wide * column, 0.08 + 0.92 * float(shares[row, column]) / largest
                parts.append(
                    box(x, ROW * row + 1, wide - 1, ROW - 2, "cell", strength, f"{name}, {bin_}: {told}")
                )
    high = ROW * len(names)
    step = max(1, round(64 / wide)) if len(columns) > 1 else 1
    for column in range(0, len(columns), step):
        x = NAMES + 8 + wide * (column + 0.5)
        parts.append(text(x, high + 16, clip(columns[column], wide * step), "tick", "middle"))
    width = max(WIDTH, NAMES + 16 + wide * len(columns))
    return frame(width, high + 24, title, f"{len(names)} topics, {len(columns)} columns", parts)
