"""How `heedful predict` shows what it found: a table, lines, a document, or a file."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from heedful.studio.answers import BATCH, ranked

Predictions = list[dict[str, Any]]


def progress(total: int) -> Callable[[int], None]:
    """Return a counter of texts on stderr: only on a terminal, only where there is a wait."""

    def say(done: int) -> None:
        if total > BATCH and sys.stderr.isatty():
            click.echo(f"\r{done:,} of {total:,} texts", err=True, nl=done >= total)

    return say


def warnings(texts: Sequence[str], truncated: int) -> None:
    """Say on stderr what the answers do not rest on."""
    empty = sum(not text.strip() for text in texts)
    if empty:
        click.echo(
            f"heedful: {empty:,} of {len(texts):,} texts are empty; their answer says nothing.", err=True
        )
    if truncated:
        click.echo(
            f"heedful: {truncated:,} of {len(texts):,} texts are longer than the model reads.", err=True
        )


def document(texts: Sequence[str], found: dict[str, Any], out: str | None) -> None:
    """Print the JSON document; the predictions are left out when they went into a file."""
    if out is None:
        pairs = zip(texts, found["predictions"], strict=True)
        found = {**found, "predictions": [{"text": text, **answer} for text, answer in pairs]}
    else:
        found = {"out": out, "rows": len(texts), "truncated": found["truncated"]}
    click.echo(json.dumps(found, ensure_ascii=False, allow_nan=False))


def predictions(texts: Sequence[str], found: Predictions, top: int) -> None:
    """Print a table on a terminal, tab-separated lines otherwise."""
    if sys.stdout.isatty():
        _table(texts, found, top)
        return
    for text, answer in zip(texts, found, strict=True):
        cells = [cell for label, p in ranked(answer, top) for cell in (label, f"{p:.4f}")]
        click.echo("\t".join(_folded(cell) for cell in [*cells, text]))


def _table(texts: Sequence[str], found: Predictions, top: int) -> None:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("label", no_wrap=True)
    table.add_column("probability", justify="right")
    table.add_column("text", no_wrap=True)
    rows = [row for text, answer in zip(texts, found, strict=True) for row in _rows(text, answer, top)]
    labels = min(max(len("label"), *(cell_len(label) for label, _, _ in rows)), console.width // 3)
    room = max(console.width - labels - len("probability") - 4, 10)
    for label, figure, text in rows:
        cells = Text(_folded(label)), Text(_folded(text))
        for cell, width in zip(cells, (labels, room), strict=True):
            cell.truncate(width, overflow="ellipsis")
        table.add_row(cells[0], figure, cells[1])
    console.print(table)


def _rows(text: str, answer: dict[str, Any], top: int) -> Iterator[tuple[str, str, str]]:
    """Yield label, figure and text of one answer: the most probable labels, then the neighbours it used."""
    for rank, (label, p) in enumerate(ranked(answer, top)):
        yield label, f"{p:.1%}", "" if rank else text
    for near in answer.get("neighbours", ()):
        yield f"~ {near['label']}", f"{near['cosine']:.2f}", near["text"]


def write(out: str, name: str, texts: Sequence[str], found: Predictions) -> None:
    """Write the texts, `label`, `probability` and a column per class to a table, rows in their order."""
    from heedful.data import write_columns

    columns: dict[str, list[Any]] = {name: list(texts)}
    _add(columns, "label", [answer["label"] for answer in found])
    _add(columns, "probability", [answer["probability"] for answer in found])
    for label in found[0]["probabilities"] if found else ():
        _add(columns, label, [answer["probabilities"][label] for answer in found])
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
