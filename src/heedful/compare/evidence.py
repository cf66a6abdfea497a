"""The parts of the report that show single rows and classes: mistakes, confidence, data checks, leaks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from heedful.compare.charts import Bin, bar, reliability
from heedful.compare.confusion import commonest, counted, gathered, matrix
from heedful.compare.view import Board, Row, items, number, pick, word
from heedful.report import figures
from heedful.report.figures import MISSING
from heedful.report.markup import figure, folded, grid, part, tag
from heedful.report.svg import escape

LONGEST = 300  # letters of an example


def sample(value: Any) -> str:
    """Return an example's text, cut, in its own writing direction."""
    written = figures.clean(value)
    if len(written) > LONGEST:
        written = written[:LONGEST].rstrip() + "…"
    return tag("span", escape(written), dir="auto", class_="sample")


def shown_for(board: Board, draw: Callable[[Row], str]) -> str:
    """Draw for the best and the recommended in the open, for the others folded."""
    marked, others = "", ""
    for row in sorted(board.rows, key=lambda row: row.mark == ""):
        content = draw(row)
        role = f" ({row.mark.replace(', ', ' and ')})" if row.mark else ""
        whole = tag("h3", escape(row.title + role)) + content if content else ""
        marked, others = (marked + whole, others) if row.mark else (marked, others + whole)
    return marked + (folded("The other methods" if marked else "The methods", others) if others else "")


def mistakes(board: Board) -> str:
    """Confusion and reliability."""
    content = shown_for(board, lambda row: beside(confusion(board, row) + confidence(row)))
    note = (
        "The matrix: test rows by true class (rows) and predicted class (columns), mean over seeds."
        " The curve: can its probabilities be believed?"
    )
    return part("mistakes", "Where they go wrong", tag("p", note, class_="note") + content if content else "")


def beside(content: str) -> str:
    """Put two things side by side where there is room."""
    return tag("div", content, class_="row") if content else ""


def confusion(board: Board, row: Row) -> str:
    """The confusion matrix and the mistakes that occur most."""
    counts = counted(pick(row.source, "confusion"))
    if counts is None:
        return ""
    names = (
        board.classes if len(board.classes) == len(counts) else [f"class {i + 1}" for i in range(len(counts))]
    )
    drawn_names, drawn = gathered(names, counts)
    words = [
        f"{tag('bdi', escape(names[i]))} taken for {tag('bdi', escape(names[j]))} ({figures.count(value)})"
        for i, j, value in commonest(counts)
    ]
    caption = f"Most often: {'; '.join(words)}." if words else "No test row was taken for another class."
    if len(drawn) < len(counts):
        caption += f" The {len(counts) - len(drawn) + 1} classes with the fewest test rows are drawn as one."
    return figure(matrix(drawn_names, drawn, f"Confusion of {row.name}"), caption, "wide")


def confidence(row: Row) -> str:
    """The reliability curve before and after temperature scaling."""
    before, after = (bins(pick(row.source, "reliability", part)) for part in ("before", "after"))
    if not before and not after:
        return ""
    errors = [figures.score(row.figure(key)) for key in ("ece", "ece_calibrated")]
    notes = (f"before: error {errors[0]}", f"after scaling: error {errors[1]}")
    picture = reliability(before, after, f"Reliability of {row.name}", notes)
    return figure(picture, "On the dashed line confidence and accuracy agree; larger dots hold more texts.")


def bins(value: Any) -> list[Bin]:
    """Return the bins that hold texts."""
    found = []
    for item in items(value):
        confidence, accuracy, held = (number(item, key) for key in ("confidence", "accuracy", "count"))
        if confidence is not None and accuracy is not None and held:
            found.append((confidence, accuracy, max(held, 0.0)))
    return sorted(found)


def hardest(board: Board) -> str:
    """The test rows to which a method gave the least probability of the true class."""
    content = shown_for(board, hardest_of)
    note = "Test rows whose true class got the least probability. Some may be labelled wrongly."
    return part("hardest", "The hardest rows", tag("p", note, class_="note") + content if content else "")


def hardest_of(row: Row) -> str:
    """The table of one method's hardest rows."""
    lines = [
        (
            escape(word(item, "row") or MISSING),
            sample(word(item, "text") or MISSING),
            tag("bdi", escape(word(item, "true") or MISSING)),
            tag("bdi", escape(word(item, "predicted") or MISSING)),
            escape(small(number(item, "probability"))),
        )
        for item in items(row.source, "hardest")
    ]
    heads = ("Row", "Text", "True", "Predicted", "P(true)")
    return grid(f"Hardest for {row.name}", heads, lines, "rows") if lines else ""


def small(value: float | None) -> str:
    """Write a probability; a tiny one never reads 0."""
    return "<0.001" if value is not None and 0 < value < 0.001 else figures.score(value)


CHECKS = (
    ("duplicates", "Duplicates", "rows whose text stands earlier in the table (case and punctuation aside)"),
    ("near_duplicates", "Near duplicates", "rows that share half of their word triples with another"),
    ("conflicts", "Conflicts", "texts that carry two or more different labels"),
    ("leaks_exact", "Leaks, exact", "test rows whose text stands in train"),
    ("leaks_near", "Leaks, near", "test rows that nearly stand in train"),
    ("truncated", "Cut texts", "texts longer than the encoder reads"),
)


def skipped(board: Board) -> list[tuple[str, str, str]]:
    """The line on the rows that were left out, none where every row was taken."""
    reasons = pick(board.document, "data", "skipped")
    if not isinstance(reasons, Mapping) or not reasons:
        return []
    total = sum(number(reasons, reason) or 0 for reason in reasons)
    listed = ", ".join(f"{reason} {figures.count(number(reasons, reason))}" for reason in reasons)
    return [("Skipped", escape(figures.count(total)), escape(f"rows left out: {listed}"))]


def checks(board: Board) -> str:
    """What was read, what the data check found, and the classes."""
    lines = skipped(board)
    for key, name, about in CHECKS:
        found = number(board.document, "data", key)
        if found is not None:
            written = figures.count(found) if found == int(found) else figures.percent(found)
            lines.append((escape(name), escape(written), escape(about)))
    tables = (
        grid("What the data check found", ("Check", "Found", "What it means"), lines, "checks")
        if lines
        else ""
    )
    content = tag("div", tables + classes(board), class_="pair") if tables or board.classes else ""
    notes = "".join(
        tag("li", escape(note)) for note in items(board.document, "notes") if isinstance(note, str)
    )
    content += tag("ul", notes, class_="notes") if notes else ""
    content += examples("Examples of duplicates", items(board.document, "duplicates_examples"))
    content += examples("Examples of conflicts", items(board.document, "conflict_examples"))
    return part("checks", "The data check", content)


def examples(summary: str, found: Sequence[Any]) -> str:
    """Return examples of any shape: the text first, then what else is known of it."""
    points = ""
    for item in found:
        rest = (
            "; ".join(f"{key.replace('_', ' ')} {plain(item[key])}" for key in item if key != "text")
            if isinstance(item, dict)
            else ""
        )
        text = word(item, "text") if isinstance(item, dict) else plain(item)
        points += tag("li", sample(text or MISSING) + (tag("small", escape(rest)) if rest else ""))
    return folded(f"{summary} ({len(found)})", tag("ul", points, class_="examples")) if points else ""


def plain(value: Any) -> str:
    """Write a value of an example: a list with commas."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {plain(value[key])}" for key in value)
    return (
        ", ".join(map(plain, value)) if isinstance(value, list) else MISSING if value is None else str(value)
    )


def leaks(board: Board) -> str:
    """Which test rows stand in train, and what was done about it."""
    found = items(board.document, "leaks")
    exact, near = (number(board.document, "data", key) for key in ("leaks_exact", "leaks_near"))
    if exact is None and near is None and not found:
        return ""
    if not exact and not near and not found:
        return part("leaks", "Leaks", tag("p", "No test row stands in train, exactly or nearly."))
    done = {
        "drop": " They were dropped: no score counts them.",
        "keep": " They were kept and count in the scores.",
    }
    policy = done.get(word(board.document, "split", "leaks") or "", "")
    words = f"{figures.count(exact)} test rows stand in train word for word, {figures.count(near)} nearly."
    lines = [
        (
            escape(word(item, "test_row") or MISSING),
            escape(word(item, "train_row") or MISSING),
            escape(word(item, "kind") or MISSING),
            sample(word(item, "text") or MISSING),
        )
        for item in found
    ]
    table = grid("Test rows that stand in train", ("Test row", "Train row", "Kind", "Text"), lines, "rows")
    return part(
        "leaks",
        "Leaks",
        tag("p", escape(words + policy)) + (folded(f"Show {len(lines)} of them", table) if lines else ""),
    )


def classes(board: Board) -> str:
    """The classes and how many rows each has in every part."""
    found = items(board.document, "classes")
    if not found:
        return ""
    parts = [key for key in ("train", "dev", "test") if any(number(item, key) is not None for item in found)]
    most = max((number(item, parts[0]) or 0 for item in found), default=0) if parts else 0
    lines = []
    for item in found:
        cells = [escape(figures.count(number(item, key))) for key in parts]
        share = bar((number(item, parts[0]) or 0) / most) if most > 0 else ""
        lines.append((tag("bdi", escape(word(item, "name") or "unnamed")), *cells, share))
    heads = ("Class", *(key.title() for key in parts), "Train rows")
    table = grid("Rows of each class", heads, lines, "classes")
    return table if len(found) <= 12 else folded(f"{len(found)} classes", table)
