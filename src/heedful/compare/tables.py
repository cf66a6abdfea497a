"""The leaderboard as an HTML table."""

from collections.abc import Callable

from heedful.compare.view import Board, Row, Score
from heedful.report import figures
from heedful.report.figures import MISSING
from heedful.report.markup import scroller, tag
from heedful.report.svg import escape

Cell = tuple[str, float | None]  # what is shown (HTML) and what the column is sorted by


def two(main: str, below: str) -> str:
    """Return a figure with a smaller one below it."""
    return escape(main) + tag("small", escape(below)) if below != MISSING else escape(main)


def scored(value: Score) -> Cell:
    """A score above its interval."""
    return two(figures.score(value.value), figures.span(value.low, value.high)), value.value


def difference(row: Row) -> Cell:
    """The difference to the best above its paired interval."""
    delta = row.delta
    if row.mark.startswith("best"):
        return tag("span", "the best", class_="muted"), 0.0
    return two(figures.signed(delta.value), figures.span(delta.low, delta.high, sign=True)), delta.value


def spread(row: Row) -> Cell:
    """The least and the greatest macro-F1 over the seeds."""
    seeds = row.macro_f1.seeds
    if len(seeds) < 2:
        return MISSING, None
    return escape(figures.span(min(seeds), max(seeds))), max(seeds) - min(seeds)


def calibration(row: Row) -> Cell:
    """Expected calibration error before and after temperature scaling."""
    before, after = row.figure("ece"), row.figure("ece_calibrated")
    if before is None and after is None:
        return MISSING, None
    return f"{figures.score(before)} → {figures.score(after)}", after


def plain(key: str, write: Callable[[float | None], str]) -> Callable[[Row], Cell]:
    """Return a column that writes one figure."""
    return lambda row: (escape(write(row.figure(key))), row.figure(key))


COLUMNS: dict[str, tuple[tuple[str, str, Callable[[Row], Cell]], ...]] = {
    "Quality on the test rows": (
        ("Macro-F1", "mean over seeds, 95 % bootstrap interval", lambda row: scored(row.macro_f1)),
        ("To the best", "macro-F1 minus the best's, 95 % paired bootstrap interval", difference),
        ("Accuracy", "mean over seeds, 95 % bootstrap interval", lambda row: scored(row.accuracy)),
        ("Seeds", "least and greatest macro-F1 over the seeds", spread),
        ("ECE", "expected calibration error before → after temperature scaling", calibration),
    ),
    "Cost on this machine": (
        ("Texts/s", "texts per second at prediction", plain("texts_per_second", figures.rate)),
        ("Fit", "time to train, mean per seed", plain("fit_seconds", figures.duration)),
        ("Memory", "peak memory of the process", plain("peak_memory_bytes", figures.size)),
        ("On disk", "size of the saved artefact", plain("artefact_bytes", figures.size)),
        ("Energy*", "an estimate from processor time", plain("energy_joules", figures.energy)),
        (
            "Cut texts",
            "share of test texts of which the end was not seen",
            plain("truncated", figures.percent),
        ),
    ),
}


def name_cell(row: Row) -> str:
    """The method's name with its marks in words, and its status where it is not done."""
    marks = "".join(tag("span", mark, class_=f"mark {mark}") for mark in row.mark.split(", ") if mark)
    state = "" if row.status == "done" else tag("span", escape(row.status), class_="state")
    return tag("span", escape(row.title), class_="method") + marks + state


def leaderboard(board: Board) -> str:
    """Return the table of all methods, one row each, highest macro-F1 first."""
    groups = tag("th", "Method", scope="col", rowspan="2")
    heads = ""
    for group, columns in COLUMNS.items():
        groups += tag("th", group, scope="colgroup", colspan=str(len(columns)), class_="group")
        heads += "".join(tag("th", head, scope="col", title=tip) for head, tip, _ in columns)
    body = "".join(method_row(row) for row in board.rows)
    caption = "Methods, highest macro-F1 first"
    head = tag("thead", tag("tr", groups) + tag("tr", heads))
    table = tag("table", tag("caption", caption) + head + tag("tbody", body), class_="board")
    return scroller(table, caption)


def method_row(row: Row) -> str:
    """Return one line of the leaderboard."""
    cells = tag("th", name_cell(row), scope="row")
    for columns in COLUMNS.values():
        for _, _, column in columns:
            shown, order = column(row)
            cells += tag("td", shown, data_order=None if order is None else f"{order:.9g}")
    return tag("tr", cells, class_=row.mark.split(",")[0] or None)
