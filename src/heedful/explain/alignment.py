"""Which source words a target word looked at: attention between two sentences, as a page that opens offline.

T words of the target look at S words of the source.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heedful.errors import DataError
from heedful.report.figures import percent
from heedful.report.markup import figure, part, tag
from heedful.report.shell import shell
from heedful.report.svg import box, breadth, clip, escape, frame, text
from heedful.text.words import IDEOGRAMS
from heedful.types import Floats

UNSPACED = re.compile(rf"[\s{IDEOGRAMS}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # also Thai to Khmer
MOST, LONGEST = 20, 60  # pairs on a page, words of a side
FAINT = 0.001  # what is less is not drawn
REST = 0.005  # so much of a row that goes to no word gets a column
SLACK = 0.01  # by so much a row may sum to more than 1
CELLS = ((4, 52.0), (8, 40.0), (16, 31.0), (26, 24.0), (40, 19.0))  # up to so many words, units of a cell
SMALLEST, WRITTEN = 17.0, 30.0  # the least cell, and the least in which a figure is written
ROOM = 118.0  # units of a word
TURN, RISE = -60.0, 0.87  # degrees of a slanting word, and their sine
LEGEND = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
ABOUT = (
    "Each row is a word of the target, each column a word of the source. A cell says how many per cent of "
    "the row's attention went to that source word; the outlined one got the most. Point at a cell to read "
    "its figure. Attention shows where the model looked. It is no proof of what caused a word."
)
STYLE = """
.heedful { --faint: #000; --strong: #fff; }
@media (prefers-color-scheme: dark) { .heedful { --faint: #fff; --strong: #000; } }
@media print { body.heedful { --faint: #000; --strong: #fff; } }
.heedful svg .back { fill: var(--raised); }
.heedful svg .weight { fill: var(--accent); }
.heedful svg .rest { fill: var(--other); }
.heedful svg .strongest { stroke: var(--ink); stroke-width: 2; }
.heedful svg .share { font-size: 11px; pointer-events: none; fill: #000; }
.heedful svg .share.faint { fill: var(--faint); }
.heedful svg .share.strong { fill: var(--strong); }
.heedful .lead { max-width: 80ch; }
.heedful .sides { margin: 0 0 16px; display: grid; gap: 6px; max-width: 80ch; }
.heedful .sides dd { width: fit-content; font-weight: 400; }
"""


@dataclass(frozen=True)
class Pair:
    """The words of two sentences, and how much each target word looked at each source word: (T, S).

    A row sums to 1, or to less where special tokens were left out.
    """

    source: Sequence[str]
    target: Sequence[str]
    weights: Floats


def word_groups(content: str, offsets: Sequence[tuple[int, int]]) -> tuple[list[str], list[list[int]]]:
    """Return the words of a text and the numbers of the tokens of each.

    `offsets` (start, end) are the characters of each token, as the tokenizer gives them. Blanks part words;
    in a script written without them each token is a word. A token that covers nothing but blanks (a special
    one covers nothing) is in no word, and a word without a token is left out.
    """
    spans: list[tuple[int, int]] = []
    groups: list[list[int]] = []
    for number, (start, end) in enumerate(offsets):
        piece = content[start:end]
        if not piece.strip():
            continue
        start, end = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        if spans and goes_on(content, spans[-1][1], start):
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
            groups[-1].append(number)
        else:
            spans.append((start, end))
            groups.append([number])
    return [content[start:end] for start, end in spans], groups


def goes_on(content: str, end: int, start: int) -> bool:
    """Does a token that starts here belong to the word whose last token ended there?"""
    return start < end or not UNSPACED.search(content[end - 1 : start + 1])  # the first: parts of one sign


def merged(
    weights: Floats, source_groups: Sequence[Sequence[int]], target_groups: Sequence[Sequence[int]]
) -> Floats:
    """Return the weights between words (T, S) from those between tokens, groups of which make the words.

    Summed over the tokens of a source word, averaged over those of a target word (Clark et al. 2019,
    section 4.1).
    """
    rows, columns = weights.shape
    sizes = np.array([max(1, len(group)) for group in target_groups])[:, None]
    found: Floats = members(target_groups, rows).T @ weights @ members(source_groups, columns) / sizes
    return found


def members(groups: Sequence[Sequence[int]], tokens: int) -> Floats:
    """Return the matrix (tokens, groups) with a 1 where a token is in a group."""
    found = np.zeros((tokens, len(groups)))
    for place, group in enumerate(groups):
        if any(not 0 <= number < tokens for number in group):
            raise DataError(
                f"group {place} is {list(group)}; expected numbers of tokens from 0 to {tokens - 1}."
            )
        found[list(group), place] = 1
    return found


def alignment_page(title: str, pairs: Sequence[Pair], about: str = "") -> str:
    """Return the page; `about` says what the weights are of, such as the layer and the heads."""
    sections = [section(number, pair) for number, pair in enumerate(pairs[:MOST], 1)]
    left_out = f"The first {MOST} of {len(pairs):,} pairs are drawn." if len(pairs) > MOST else ""
    lead = (about, ABOUT, left_out if pairs else "There are no pairs to draw.")
    words = "".join(tag("p", escape(one), class_="lead") for one in lead if one)
    head = tag("header", tag("p", "Heedful attention", class_="eyebrow") + tag("h1", escape(title)) + words)
    foot = tag("footer", tag("p", "This page is complete in itself: it loads nothing."))
    return shell(title, head + tag("main", legend() + "".join(sections)) + foot, STYLE)


def section(number: int, pair: Pair) -> str:
    """Return one pair: both sentences and the picture."""
    weights = checked(number, pair)[:LONGEST, :LONGEST]
    sides = "".join(
        tag("div", tag("dt", name) + tag("dd", escape(" ".join(words)), dir="auto"))
        for name, words in (("Source", pair.source), ("Target", pair.target))
    )
    content = tag("dl", sides, class_="sides")
    if not weights.size:
        return part(
            f"pair-{number}", f"Pair {number}", content + tag("p", "A side has no words: nothing to draw.")
        )
    kept = Pair(pair.source[:LONGEST], pair.target[:LONGEST], weights)
    rest = 1 - weights.sum(axis=1)
    drawn = figure(picture(kept, rest, f"Attention of pair {number}"), caption(pair, rest), "wide")
    return part(f"pair-{number}", f"Pair {number}", content + drawn)


def checked(number: int, pair: Pair) -> Floats:
    """Return the weights of a pair; raise DataError where they are not what is expected."""
    weights = np.asarray(pair.weights, dtype=np.float64)
    expected = (len(pair.target), len(pair.source))
    if weights.shape != expected and (weights.size or 0 not in expected):
        raise DataError(
            f"pair {number} has weights of {weights.shape}; expected {expected}: a row for each target word, "
            "a column for each source word."
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or (weights.sum(axis=-1) > 1 + SLACK).any():
        raise DataError(f"pair {number}: expected weights from 0 up, in rows that sum to 1 or less.")
    return weights.reshape(expected)


def caption(pair: Pair, rest: Floats) -> str:
    """Say what of the pair is not drawn."""
    sentences = [
        f"The first {LONGEST} of {len(words)} words of the {name} are drawn."
        for name, words in (("source", pair.source), ("target", pair.target))
        if len(words) > LONGEST
    ]
    if (rest >= REST).any():
        sentences.append("Rest: what went to no word here, such as the mark at the end of a sentence.")
    return escape(" ".join(sentences))


def picture(pair: Pair, rest: Floats, title: str) -> str:
    """Draw the weights (T, S), source words along the top, and the rest of each row (T,) if there is some."""
    more = bool((rest >= REST).any())
    names, sides = [clip(word, ROOM) for word in pair.source], [clip(word, ROOM) for word in pair.target]
    heads = [*names, "rest"] if more else names
    high, wide = pair.weights.shape
    cell = next((units for most, units in CELLS if max(high, wide) <= most), SMALLEST)
    turned = max(map(breadth, heads)) > cell - 4
    left = max(*map(breadth, sides), 56.0) + 12
    top = 32 + (max(map(breadth, heads)) * RISE if turned else 8)
    places = [left + cell * j + (8 if j == wide else 0) for j in range(len(heads))]
    parts = [
        text(left, 12, "source →", "axis"), text(left - 8, top - 10, "target ↓", "axis", "end"),
        box(left, top, cell * wide, cell * high, "back", tip=f"less than {percent(FAINT)}"),
    ]  # fmt: skip
    for j, (name, x) in enumerate(zip(heads, places, strict=True)):
        kind = "tick" if j == wide else "name"
        parts.append(column(name, x + cell / 2, top - 8, kind, turned))
    for i, name in enumerate(sides):
        parts.append(text(left - 8, top + cell * (i + 0.5) + 4, name, "name", "end"))
        parts += row(pair, i, float(rest[i]) if more else 0.0, places, top + cell * i, cell)
    ends = [x + (cell + breadth(name)) / 2 for name, x in zip(heads, places, strict=True)]  # slanting or not
    width = max(*ends, places[-1] + cell, left + 60) + 12
    return frame(float(np.ceil(width)), float(np.ceil(top + cell * high + 4)), title, summary(pair), parts)


def column(name: str, x: float, y: float, kind: str, turned: bool) -> str:
    """Write a word over its column, slanting where words are wider than columns."""
    return text(x + 4, y, name, kind, turn=TURN) if turned else text(x, y, name, kind, "middle")


def row(pair: Pair, i: int, rest: float, places: Sequence[float], y: float, cell: float) -> list[str]:
    """Draw what one target word looked at."""
    weights, parts = pair.weights[i], []
    strongest = int(weights.argmax())
    for j, weight in enumerate(weights.tolist()):
        if weight >= FAINT:
            kind = "weight strongest" if j == strongest else "weight"
            parts += square(places[j], y, cell, weight, kind, f"{pair.target[i]} looks at {pair.source[j]}")
    if rest >= FAINT:
        parts += square(places[-1], y, cell, rest, "rest", f"{pair.target[i]} looks at no word here")
    return parts


def square(x: float, y: float, cell: float, weight: float, kind: str, what: str) -> list[str]:
    """Draw one cell, with its figure where there is room; the shade grows with the root of the weight."""
    shade = min(weight, 1.0) ** 0.5
    parts = [box(x + 1, y + 1, cell - 2, cell - 2, kind, shade, f"{percent(weight)}: {what}")]
    if cell >= WRITTEN and weight >= REST:
        ink = "faint" if shade < 0.6 else "strong" if shade > 0.85 else "middle"
        parts.append(text(x + cell / 2, y + cell / 2 + 4, f"{100 * weight:.0f}", f"share {ink}", "middle"))
    return parts


def summary(pair: Pair) -> str:
    """Say in words which source word each target word looked at the most."""
    best = pair.weights.argmax(axis=1)
    return "; ".join(
        f"{word}: most at {pair.source[j]} ({percent(float(pair.weights[i, j]))})"
        for i, (word, j) in enumerate(zip(pair.target, best.tolist(), strict=True))
    )


def legend() -> str:
    """Draw the shades with their shares, and the mark of the strongest word."""
    parts = []
    for place, share in enumerate(LEGEND):
        parts.append(box(place * 46.0, 2, 40, 20, "back"))
        parts.append(box(place * 46.0, 2, 40, 20, "weight", share**0.5))
        parts.append(text(place * 46.0 + 20, 37, f"{100 * share:.0f} %", "tick", "middle"))
    mark = len(LEGEND) * 46.0 + 18
    parts.append(box(mark, 2, 20, 20, "weight strongest", 0.5))
    parts.append(text(mark + 28, 16, "the most in its row"))
    picture = frame(
        mark + 170, 42, "Legend", "Shades from 1 to 100 % of a row, the strongest outlined", parts
    )
    return figure(picture, "The shade grows with the root of the share, alike in all pictures.", "wide")
