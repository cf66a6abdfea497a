"""A leaderboard on the terminal: what the data check found, then the table, as wide as there is room."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from heedful.compare.view import Board, Row, items, number, pick, verdict, word
from heedful.report import figures

PLAIN = str.maketrans({"◆": "*", "■": ">", "–": "-", "−": "-", "→": "->", "µ": "u", "…": "..."})
STYLES = {"best": "bold green", "recommended": "bold yellow"}
SHOWN_CLASSES = 12


def show(document: Mapping[str, Any], checks: bool = True) -> "Screen":
    """Return what rich prints: the data check (unless `checks` is off), the table, the answer."""
    return Screen(document, checks)


def check_lines(document: Mapping[str, Any]) -> list[str]:
    """Return what the data check found as plain lines; the document needs no methods yet."""
    board = Board(document)
    rows = quantity(number(document, "data", "rows"), "row")
    parts = [f"{part} {figures.count(number(document, 'split', part))}" for part in ("train", "dev", "test")]
    notes = [("note", note) for note in items(document, "notes") if isinstance(note, str)]
    lines = [
        (board.name, f"{rows}, {quantity(board.class_count, 'class', 'classes')}"),
        ("classes", class_line(board)),
        ("split", ", ".join(parts) if number(document, "split", "train") is not None else ""),
        ("skipped", skipped(document)),
        ("check", ", ".join(found(document)) or "no duplicates, no conflicts"),
        ("leaks", leak_line(document)),
        *notes,
    ]
    return [" ".join(figures.clean(f"{head}: {content}").split()) for head, content in lines if content]


def quantity(amount: float | None, name: str, plural: str | None = None) -> str:
    """Write 1 row, 2 rows, – rows."""
    return f"{figures.count(amount)} {name if amount == 1 else plural or name + 's'}"


def class_line(board: Board) -> str:
    """Name the classes with their rows."""
    counts = []
    for item in items(board.document, "classes"):
        rows = [number(item, part) for part in ("train", "dev", "test")]
        total = sum(amount for amount in rows if amount is not None)
        counts.append(f"{word(item, 'name') or 'unnamed'} ({figures.count(total)})")
    more = f", and {len(counts) - SHOWN_CLASSES} more" if len(counts) > SHOWN_CLASSES else ""
    return ", ".join(counts[:SHOWN_CLASSES]) + more


def found(document: Mapping[str, Any]) -> list[str]:
    """Name what the data check found, without the zeros."""
    kinds = (
        ("duplicates", "duplicate row", None),
        ("near_duplicates", "near-duplicate row", None),
        ("conflicts", "text with two or more labels", "texts with two or more labels"),
    )
    amounts = ((number(document, "data", key), name, plural) for key, name, plural in kinds)
    return [quantity(amount, name, plural) for amount, name, plural in amounts if amount]


def skipped(document: Mapping[str, Any]) -> str:
    """Say how many rows were left out, by reason."""
    reasons = pick(document, "data", "skipped")
    counts = ((key, number(reasons, key)) for key in reasons) if isinstance(reasons, Mapping) else ()
    return ", ".join(f"{quantity(amount, 'row')} ({key})" for key, amount in counts if amount)


def leak_line(document: Mapping[str, Any]) -> str:
    """Say how many test rows stand in train, nothing where none do."""
    exact, near = (number(document, "data", key) for key in ("leaks_exact", "leaks_near"))
    if not exact and not near:
        return ""
    done = {"drop": "; dropped from the score", "keep": "; kept in the score"}
    policy = done.get(word(document, "split", "leaks") or "", "")
    return f"{quantity(exact, 'test row')} in train word for word, {figures.count(near)} nearly{policy}"


Column = tuple[str, int, Callable[[Row], str]]  # its head, its rank when room is short, its figure
COLUMNS: tuple[Column, ...] = (
    ("macro-F1", 1, lambda row: figures.score(row.macro_f1.value)),
    ("95 % interval", 2, lambda row: figures.span(row.macro_f1.low, row.macro_f1.high)),
    ("to the best", 3, lambda row: delta(row)),
    ("accuracy", 6, lambda row: figures.score(row.accuracy.value)),
    ("ECE", 7, lambda row: calibration(row)),
    ("texts/s", 4, lambda row: figures.rate(row.figure("texts_per_second"))),
    ("fit", 5, lambda row: figures.duration(row.figure("fit_seconds"))),
    ("memory", 8, lambda row: figures.size(row.figure("peak_memory_bytes"))),
    ("disk", 9, lambda row: figures.size(row.figure("artefact_bytes"))),
    ("cut", 10, lambda row: figures.percent(row.figure("truncated"))),
    ("energy (estimate)", 11, lambda row: figures.energy(row.figure("energy_joules"))),
)


def delta(row: Row) -> str:
    """The paired interval of the difference to the best."""
    return "the best" if row.kind == "best" else figures.span(row.delta.low, row.delta.high, sign=True)


def calibration(row: Row) -> str:
    """The calibration error before and after temperature scaling."""
    before, after = figures.score(row.figure("ece")), figures.score(row.figure("ece_calibrated"))
    return before if before == after == figures.MISSING else f"{before} → {after}"


def fits(table: Table, console: Console, options: ConsoleOptions) -> bool:
    """Is there room for the table as it is?"""
    roomy = options.update(width=10_000)
    return Measurement.get(console, roomy, table).maximum <= options.max_width


class Screen:
    """The leaderboard as something that rich can print at any width."""

    def __init__(self, document: Mapping[str, Any], checks: bool) -> None:
        self.document, self.checks = document, checks
        self.board = Board(document)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts; signs that the output cannot carry become ASCII."""
        plain = options.ascii_only

        def line(written: str, style: str = "") -> Text:
            return Text(written.translate(PLAIN) if plain else written, style=style)

        if self.checks:
            yield from (line(each) for each in check_lines(self.document))
            yield Text("")
        if self.board.rows:
            tables = (self.table(rank, line) for rank in range(len(COLUMNS), 0, -1))
            yield next((table for table in tables if fits(table, console, options)), self.table(1, line))
            yield Text("")
        yield from (line(figures.clean(sentence)) for sentence in verdict(self.board))
        yield from (line(each) for each in self.reasons())

    def table(self, ranks: int, line: Callable[..., Text]) -> Table:
        """Return the table with the columns of the first ranks."""
        shown = [column for column in COLUMNS if column[1] <= ranks]
        table = Table(
            box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True
        )
        table.add_column("method", overflow="fold")
        for head, _, _ in shown:
            table.add_column(line(head), justify="right", no_wrap=True)
        for row in self.board.rows:
            cells = [line(write(row)) for _, _, write in shown]
            table.add_row(line(self.named(row), STYLES.get(row.kind, "")), *cells)
        return table

    def named(self, row: Row) -> str:
        """The method's name with its sign, and below it its status where it is not done."""
        status = "" if row.status == "done" else f"\n  {figures.clean(row.status)}"
        return f"{row.symbol or ' '} {figures.clean(row.name)}{status}"

    def reasons(self) -> Iterator[str]:
        """Say what the marks mean, and why a method stopped or failed."""
        if self.board.chosen:
            yield "◆ best" + (" and recommended" if len(self.board.chosen) == 1 else "  ■ recommended")
        for row in self.board.rows:
            if row.status != "done":
                yield figures.clean(f"{row.name} {row.status}: {row.why or 'no reason was noted.'}")
