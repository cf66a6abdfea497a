"""Where `heedful predict` takes its texts from: arguments, a table, or standard input."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from heedful.cli.told import piped
from heedful.errors import DataError


def gather(
    texts: Sequence[str], table: str | None, column: str | None, out: str | None, pair: str | None = None
) -> tuple[list[str], list[Any]]:
    """Return the names of the text columns and the texts, in order; pairs, where `pair` names a column.

    What can be refused is refused here.
    """
    if out is not None:
        check_out(out, table)
    if table is not None:
        if texts:
            raise click.UsageError("texts were given as arguments and as --file; give one of them.")
        return _from_table(table, column, pair)
    for flag, name in (("--text", column), ("--pair", pair)):
        if name is not None:
            raise click.UsageError(f"{flag} names a column of --file TABLE, which is missing.")
    if texts:
        return ["text"], [
            text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for text in texts
        ]
    lines = piped("no text was given: add one, or --file TABLE, or pipe lines in.", "one text per line")
    return ["text"], lines.removesuffix("\n").split("\n")


def fitting(given: list[Any], wants_pairs: bool) -> list[Any]:
    """Return texts as the model reads them: for pairs, a line holds both with a tab between."""
    if not wants_pairs:
        if given and not isinstance(given[0], str):
            raise DataError("--pair names a second text; this model reads one. Leave it out.")
        return given
    found = [tuple(one.split("\t")) if isinstance(one, str) else one for one in given]
    wrong = next((place for place, one in enumerate(found, 1) if len(one) != 2), None)
    if wrong is not None:
        raise DataError(
            f"text {wrong} is not two texts with one tab between them, which this model reads. Write it so, "
            "or name two columns of a table with --file, --text and --pair."
        )
    return found


def _from_table(table: str, column: str | None, pair: str | None) -> tuple[list[str], list[Any]]:
    from heedful.data import read_texts

    if pair is not None and column is None:
        raise click.UsageError("--pair names the second text of a pair; name the first with --text.")
    found = [read_texts(table, text=one) for one in ([column, pair] if pair is not None else [column])]
    for note in dict.fromkeys(note for one in found for note in one.notes):
        click.echo(f"heedful: {note}", err=True)
    names = [one.column for one in found]
    return names, found[0].texts if pair is None else list(zip(*(one.texts for one in found), strict=True))


def check_out(out: str, table: str | None) -> None:
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
