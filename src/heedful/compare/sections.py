"""The parts of the report from top to bottom: what was asked, the answer, the figures, how to use it."""

import json
import shlex
from collections.abc import Mapping

from heedful.compare import evidence
from heedful.compare.charts import Mark, scatter, whiskers
from heedful.compare.tables import leaderboard
from heedful.compare.view import Board, Row, Score, items, number, pick, verdict, word
from heedful.report import figures
from heedful.report.figures import MISSING
from heedful.report.markup import facts, figure, named, part, tag
from heedful.report.svg import escape

LEGEND = "◆\u00a0best · ■\u00a0recommended · ○\u00a0majority, the floor · ●\u00a0the others"


def header(board: Board) -> str:
    """What was asked: the table, its size, the split, the seeds, the day."""
    document = board.document
    parts = [figures.count(number(document, "split", part)) for part in ("train", "dev", "test")]
    published = " (test as published)" if pick(document, "split", "published") is True else ""
    columns = [word(document, "columns", column) for column in ("text", "label")]
    seeds = [str(seed) for seed in items(document, "seeds")]
    pairs = [
        ("Rows", figures.count(number(document, "data", "rows"))),
        ("Classes", figures.count(board.class_count)),
        ("Train / dev / test", MISSING if parts == [MISSING] * 3 else " / ".join(parts) + published),
        ("Columns", " → ".join(name for name in columns if name) or MISSING),
        ("Seeds", ", ".join(seeds) or MISSING),
        ("Date", figures.day(word(document, "date"))),
        ("Took", figures.duration(number(document, "seconds"))),
    ]
    title = tag("p", "Heedful leaderboard", class_="eyebrow") + tag("h1", escape(board.name))
    asked = tag("p", "Which method sorts these texts into their classes well enough, and at what cost?")
    return tag("header", title + asked + facts(pairs))


def answer(board: Board) -> str:
    """The winner and the recommendation in sentences, with their figures beside the floor's."""
    sentences = tag("p", escape(" ".join(verdict(board))), class_="verdict")
    shown = board.chosen + ([board.floor] if board.floor and not board.floor.mark else [])
    return part("answer", "The answer", sentences + tag("div", "".join(map(card, shown)), class_="cards"))


def card(row: Row) -> str:
    """One method's figures, large."""
    role = {"best": "Best", "recommended": "Recommended", "best, recommended": "Best and recommended"}
    score = row.macro_f1
    content = (
        tag("p", escape(f"{row.symbol} {role.get(row.mark, 'The floor')}".strip()), class_="role")
        + tag("p", escape(row.name), class_="who")
        + tag("p", figures.score(score.value) + tag("small", "macro-F1"), class_="large")
        + tag("p", escape(f"95 % interval {figures.span(score.low, score.high)}"), class_="muted")
        + tag("p", escape(cost_line(row)), class_="muted")
    )
    return tag("div", content, class_=f"card {row.kind}")


def cost_line(row: Row) -> str:
    """Return what a method costs in a few words."""
    rate = figures.rate(row.figure("texts_per_second"))
    fit = figures.duration(row.figure("fit_seconds"))
    disk = figures.size(row.figure("artefact_bytes"))
    known = ((rate, f"{rate} texts/s"), (fit, f"fit in {fit}"), (disk, f"{disk} on disk"))
    return " · ".join(words for figure, words in known if figure != MISSING)


def table(board: Board) -> str:
    """The leaderboard with a line on how to read it, and what stopped or failed."""
    if not board.rows:
        return ""
    note = (
        "Small figures are 95 % intervals: bootstrap over the test rows, paired where two methods are"
        " compared. Macro-F1 is the mean of the classes' F1 scores. ECE is the expected calibration error"
        " before → after temperature scaling. *Energy is an estimate, not a measurement."
        " – means there is no such figure."
    )
    return part("table", "All methods", leaderboard(board) + tag("p", note, class_="note") + trouble(board))


def trouble(board: Board) -> str:
    """What stopped or failed, and why."""
    points = "".join(
        tag(
            "li",
            tag("strong", escape(row.name)) + escape(f" ({row.status}): {row.why or 'no reason was noted.'}"),
        )
        for row in board.rows
        if row.status != "done"
    )
    return tag("h3", "What stopped or failed") + tag("ul", points) if points else ""


def intervals(board: Board) -> str:
    """The scores and the paired differences as two pictures."""
    scored = [row for row in board.rows if row.macro_f1.value is not None]
    if not scored:
        return ""
    marks = [mark(row, row.macro_f1, row.title) for row in scored]
    floor = board.floor.macro_f1.value if board.floor else None
    pictures = figure(
        whiskers(marks, "Macro-F1 of each method", "macro-F1, 95 % interval", floor),
        f"{LEGEND}. A dashed line marks majority where the scale reaches it.",
    )
    paired = [row for row in scored if row.delta.value is not None or row is board.best]
    if board.best is not None and len(paired) > 1:
        marks = [mark(row, row.delta, row.title) for row in paired]
        pictures += figure(
            whiskers(
                marks, "Difference to the best", "macro-F1 minus the best's, 95 % paired interval", 0.0, True
            ),
            "Where an interval reaches the dashed line, the test rows cannot tell the method from the best.",
        )
    return tag("div", pictures, class_="pair")


def mark(row: Row, score: Score, label: str) -> Mark:
    """Return what the charts draw of a method."""
    return Mark(label, score.value or 0.0, score.low, score.high, row.kind, row.seconds_per_text or 1.0)


def pictured(board: Board) -> str:
    """The section of the interval pictures."""
    return part("intervals", "How sure the figures are", intervals(board))


def cost(board: Board) -> str:
    """Score against the time per text, and what each step up costs."""
    rows = [row for row in board.rows if row.seconds_per_text is not None and row.macro_f1.value is not None]
    if len(rows) < 2:
        return ""
    rows.sort(key=lambda row: row.mark == "")
    points = [mark(row, row.macro_f1, row.name) for row in rows]
    words = tag(
        "p",
        "Higher is better, further left is cheaper. The line joins the methods that no other beats at both:",
    )
    prose = tag(
        "div", words + tag("ul", "".join(tag("li", escape(line)) for line in ladder(points))), class_="prose"
    )
    picture = figure(scatter(points, "Macro-F1 against time per text"), LEGEND)
    return part("cost", "Score against cost", tag("div", picture + prose, class_="pair"))


def ladder(points: list[Mark]) -> list[str]:
    """Say what each step along the front costs, from the cheapest up."""
    lines: list[str] = []
    before: Mark | None = None
    for point in sorted(points, key=lambda point: (point.seconds, -point.value)):
        if before is not None and point.value <= before.value:
            continue
        value, time = figures.score(point.value), figures.duration(point.seconds)
        line = f"{point.label}: macro-F1 {value} at {time} per text"
        if before is not None:
            gain, price = figures.signed(point.value - before.value), point.seconds / before.seconds
            line += f" ({gain} for {figures.times(price)} the time)"
        lines.append(line)
        before = point
    return lines


def use(board: Board) -> str:
    """How to put the recommended method to work, on the command line and in Python."""
    blocks = "".join(use_one(row) for row in reversed(board.chosen) if word(row.source, "artefact"))
    return part("use", "Use it", tag("div", blocks, class_="pair")) if blocks else ""


def use_one(row: Row) -> str:
    """Return the commands for one saved method."""
    folder = figures.clean(word(row.source, "artefact"))
    quoted = shlex.quote(folder)
    shell = f'heedful predict {quoted} "a text to sort"\nheedful serve {quoted}'
    python = (
        f"import heedful\n\nmodel = heedful.load({json.dumps(folder, ensure_ascii=False)})\n"
        'model.predict(["a text to sort"])\nmodel.predict_proba(["a text to sort"])'
    )
    content = tag("h3", escape(f"{row.title} ({row.mark.replace(', ', ' and ')})"))
    for code in (shell, python):
        content += tag("pre", tag("code", escape(code)), tabindex="0")
    return tag("div", content)


def setup(board: Board) -> str:
    """Machine, versions, seeds and how the figures were made."""
    machine = pick(board.document, "machine")
    pairs = named(machine) if isinstance(machine, Mapping) else []
    pairs += [
        ("split seed", word(board.document, "split", "seed") or MISSING),
        ("minutes allowed", figures.count(number(board.document, "minutes"))),
    ]
    return part("setup", "How it was measured", facts(pairs, "facts small") + tag("ul", METHOD))


METHOD = "".join(
    tag("li", sentence)
    for sentence in (
        "Every method learned from the same training rows; settings were chosen on the dev rows only.",
        "Scores are means over the seeds. A method without randomness is trained once.",
        "Intervals come from resampling the test rows, the same resamples for every method.",
        "Calibration error uses 15 bins of equal width; the temperature is set on the dev rows.",
        "Times are from this machine; the methods ran one after the other, each in its own process.",
    )
)


def footer(board: Board) -> str:
    """The last line."""
    version = word(board.document, "machine", "heedful")
    made = f"Made by Heedful {version}" if version else "Made by Heedful"
    return tag("footer", tag("p", escape(f"{made}. This page is complete in itself: it loads nothing.")))


STORY = (
    answer, table, pictured, cost,
    evidence.mistakes, evidence.hardest, evidence.checks, evidence.leaks,
    use, setup,
)  # fmt: skip
