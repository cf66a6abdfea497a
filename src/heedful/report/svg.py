"""The few strokes that every chart is made of. Lengths are in the chart's own units, about one pixel each."""

import math
import unicodedata
from collections.abc import Callable, Iterable

from heedful.report.figures import clean

Scale = Callable[[float], float]
SIZE = 12.0  # of the letters
LARGER = 1.15  # pixels per unit where there is room


def escape(value: object) -> str:
    """Return text that is safe between tags and inside quoted attributes."""
    safe = clean(value)
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        safe = safe.replace(sign, name)
    return safe


def frame(width: float, height: float, title: str, about: str, parts: Iterable[str]) -> str:
    """Return a whole picture with its title and description."""
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width * LARGER:.0f}" height="{height * LARGER:.0f}" role="img"'
        f' aria-label="{escape(title)}"><title>{escape(title)}</title>'
        f"<desc>{escape(about)}</desc>{''.join(parts)}</svg>"
    )


def text(x: float, y: float, content: str, kind: str = "", anchor: str = "start", turn: float = 0) -> str:
    """Return a line of letters whose baseline begins, centres or ends at (x, y)."""
    turned = f' transform="rotate({turn:g} {x:.1f} {y:.1f})"' if turn else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turned}'
    return f'<text {place} class="{kind}">{escape(content)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """Return a straight stroke."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def box(
    x: float, y: float, width: float, height: float, kind: str, strength: float = 1, tip: str = ""
) -> str:
    """Return a rectangle, filled with the strength of 0 to 1."""
    inner = f"><title>{escape(tip)}</title></rect>" if tip else "/>"
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" class="{kind}"'
        f' fill-opacity="{strength:.2f}"{inner}'
    )


def trail(points: Iterable[tuple[float, float]], kind: str) -> str:
    """Return a line through the points."""
    return f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" class="{kind}"/>'


def spot(x: float, y: float, kind: str, tip: str, radius: float = 5) -> str:
    """Return a mark whose shape tells its kind too: diamond best, square recommended, else round."""
    inner = f"<title>{escape(tip)}</title>"
    if kind in ("best", "recommended"):
        half = radius * 0.95
        turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if kind == "best" else ""
        place = f'x="{x - half:.1f}" y="{y - half:.1f}" width="{2 * half:.1f}" height="{2 * half:.1f}"'
        return f'<rect {place} class="spot {kind}"{turn}>{inner}</rect>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="spot {kind}">{inner}</circle>'


def pointer(x: float, y: float, kind: str, turn: float) -> str:
    """Return the mark of what is off the scale: a triangle that points down, turned clockwise."""
    return (
        f'<polygon points="{x - 5:.1f},{y - 4:.1f} {x + 5:.1f},{y - 4:.1f} {x:.1f},{y + 4:.1f}"'
        f' class="spot {kind}" transform="rotate({turn:g} {x:.1f} {y:.1f})"/>'
    )


def breadth(content: str, size: float = SIZE) -> float:
    """Estimate, rather too wide than too narrow, how much room the letters take."""
    total = 0.0
    for letter in content:
        if unicodedata.combining(letter):
            continue
        wide = unicodedata.east_asian_width(letter) in "WF" or letter > "\uffff"
        narrow = letter in "iljtfrI.,:;'|!()[] -1"
        total += (
            1.2 if wide else 0.4 if narrow else 0.95 if letter in "mwMW@%—" or letter > "\u2190" else 0.66
        )
    return total * size


def clip(content: str, room: float, size: float = SIZE) -> str:
    """Return the letters that fit into the room, with … where some are left out."""
    content = " ".join(clean(content).split())
    if breadth(content, size) <= room:
        return content
    while content and breadth(content + "…", size) > room:
        content = content[:-1]
    return content.rstrip() + "…"


def ticks(low: float, high: float, wanted: int = 5, least: float = 0.02) -> list[float]:
    """Return round values, evenly spaced, the first at or below `low` and the last at or above `high`.

    Values nearer to each other than `least` are marked as if they were that far apart.
    """
    reach = max(high - low, least)
    power = 10.0 ** math.floor(math.log10(reach / wanted))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if reach / (power * factor) <= wanted)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * i, 10) for i in range(first, max(last, first + 1) + 1)]


def tick(x: float, y: float, mark: float, step: float, anchor: str = "middle", sign: bool = False) -> str:
    """Write a mark of an axis with as many digits as its step needs."""
    digits = max(0, math.ceil(-math.log10(step) - 1e-9))
    before = "" if mark == 0 else "−" if mark < 0 else "+" if sign else ""
    return text(x, y, f"{before}{abs(mark):,.{digits}f}", "tick", anchor)


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """Map [low, high] onto [start, end]; what lies outside stops at the border."""
    reach = (high - low) or 1.0

    def place(value: float) -> float:
        share = min(max((value - low) / reach, 0.0), 1.0)
        return start + share * (end - start)

    return place
