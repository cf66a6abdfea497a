"""How `heedful predict` shows what it found: a table, lines, a document, or a file."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from heedful.cli.shapes import SHAPES
from heedful.studio.answers import BATCH

Predictions = list[dict[str, Any]]


def progress(total: int) -> Callable[[int], None]:
    """Return a counter of texts on stderr: only on a terminal, only where there is a wait."""

    def say(done: int) -> None:
        if total > BATCH and sys.stderr.isatty():
            click.echo(f"\r{done:,} of {total:,} texts", err=True, nl=done >= total)

    return say


def warnings(texts: Sequence[Any], truncated: int) -> None:
    """Say on stderr what the answers do not rest on."""
    empty = sum(not all(part.strip() for part in parts(text)) for text in texts)
    if empty:
        click.echo(
            f"heedful: {empty:,} of {len(texts):,} texts are empty; their answer says nothing.", err=True
        )
    if truncated:
        click.echo(
            f"heedful: {truncated:,} of {len(texts):,} texts are longer than the model reads.", err=True
        )


def parts(text: Any) -> tuple[str, ...]:
    """Return the text, or both texts of a pair."""
    return (text,) if isinstance(text, str) else tuple(text)


def document(texts: Sequence[Any], found: dict[str, Any], out: str | None) -> None:
    """Print the JSON document; the predictions are left out when they went into a file."""
    if out is None:
        pairs = zip(texts, found["predictions"], strict=True)
        shown = [
            {**dict(zip(("text", "pair"), parts(text), strict=False)), **answer} for text, answer in pairs
        ]
        found = {**found, "predictions": shown}
    else:
        found = {"out": out, "rows": len(texts), "truncated": found["truncated"]}
    click.echo(json.dumps(found, ensure_ascii=False, allow_nan=False))


def predictions(texts: Sequence[Any], found: Predictions, shape: str, top: int) -> None:
    """Print a table on a terminal, tab-separated lines otherwise."""
    if sys.stdout.isatty():
        _table(texts, found, shape, top)
        return
    for text, answer in zip(texts, found, strict=True):
        cells = [*SHAPES[shape].cells(answer, top), *parts(text)]
        click.echo("\t".join(map(_folded, cells)))


def _table(texts: Sequence[Any], found: Predictions, shape: str, top: int) -> None:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    first, second = SHAPES[shape].header
    table.add_column(first, no_wrap=True)
    table.add_column(second, justify="right")
    table.add_column("text", no_wrap=True)
    rows = [
        row
        for text, answer in zip(texts, found, strict=True)
        for row in SHAPES[shape].rows(" / ".join(parts(text)), answer, top)
    ]
    labels = min(max(len(first), *(cell_len(label) for label, _, _ in rows)), console.width // 3)
    room = max(console.width - labels - max(len(second), 5) - 4, 10)
    for label, figure, text in rows:
        cells = Text(_folded(label)), Text(_folded(text))
        for cell, width in zip(cells, (labels, room), strict=True):
            cell.truncate(width, overflow="ellipsis")
        table.add_row(cells[0], figure, cells[1])
    console.print(table)


def write(out: str, names: Sequence[str], texts: Sequence[Any], found: Predictions, shape: str) -> None:
    """Write the texts and what was found to a table, rows in their order."""
    from heedful.data import write_columns

    columns: dict[str, list[Any]] = {}
    split = zip(*map(parts, texts), strict=True) if texts else [[] for _ in names]
    for name, values in zip([*names, "pair"], split, strict=False):
        _add(columns, name, list(values))
    for name, values in SHAPES[shape].columns(found):
        _add(columns, name, values)
    write_columns(out, columns)
    click.echo(f"{len(texts):,} rows written to {out}", err=True)


def _add(columns: dict[str, list[Any]], name: str, values: list[Any]) -> None:
    """Add a column; a name that is taken (in upper or lower case) gets underscores."""
    taken = {known.casefold() for known in columns}
    while name.casefold() in taken:
        name += "_"
    columns[name] = values


def _folded(text: str) -> str:
    """Put a text on one line, without the control characters that could steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
