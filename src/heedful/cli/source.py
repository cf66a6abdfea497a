"""Where `heedful predict` takes its texts from: arguments, a table, or standard input."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from heedful.errors import DataError


def gather(
    texts: Sequence[str], table: str | None, column: str | None, out: str | None
) -> tuple[str, list[str]]:
    """Return the name of the text column and the texts, in order. What can be refused is refused here."""
    if out is not None:
        _check_out(out, table)
    if table is not None:
        if texts:
            raise click.UsageError("texts were given as arguments and as --file; give one of them.")
        return _from_table(table, column)
    if column is not None:
        raise click.UsageError("--text names a column of --file TABLE, which is missing.")
    if texts:
        return "text", [text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for text in texts]
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("no text was given: add one, or --file TABLE, or pipe lines in.")
    lines = sys.stdin.buffer.read().decode("utf-8-sig", "replace").replace("\r\n", "\n")
    if not lines.strip():
        raise DataError("standard input held no text; expected one text per line.")
    return "text", lines.removesuffix("\n").split("\n")


def _from_table(table: str, column: str | None) -> tuple[str, list[str]]:
    from heedful.data import read_texts

    found = read_texts(table, text=column)
    for note in found.notes:
        click.echo(f"heedful: {note}", err=True)
    return found.column, found.texts


def _check_out(out: str, table: str | None) -> None:
    """Refuse before the work what could not be written after it."""
    from heedful.data.write import SUFFIXES

    path = Path(out)
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"{out} ends in {path.suffix or 'nothing'!r}; expected one of {', '.join(SUFFIXES)}.")
    if path.is_dir():
        raise DataError(f"{out} is a folder; expected a file to write, such as {path / 'answers.csv'}.")
    if not path.parent.is_dir():
        raise DataError(f"the folder {path.parent} does not exist. Make it first, or write elsewhere.")
    if table is not None and path.exists() and Path(table).exists() and path.samefile(table):
        raise DataError(f"{out} is the table that is read. Write to another file.")
