"""Where `heedful summarize` takes its documents from: text files, a table, or standard input."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import click

from heedful.artefact import is_artefact, within
from heedful.catalogue import entry, locate
from heedful.checkpoint.find import has_model
from heedful.cli.source import check_out
from heedful.cli.told import piped
from heedful.data.columns import as_text, guess_text, named, profiles
from heedful.data.files import LIMIT, LONGEST, TextFile
from heedful.data.rows import Rows
from heedful.data.sources import open_file
from heedful.data.table import SAMPLE_ROWS, open_rows
from heedful.errors import DataError

MISSING = "no document was given: name a text file or a table, or pipe a text in."


@dataclass(frozen=True)
class Documents:
    """N texts in order, and the summaries of a table that they are scored against (None: no such column).

    `columns` are what a written table holds of them, `places` the file or the row of each.
    """

    texts: list[str]
    columns: dict[str, list[str]]
    places: list[dict[str, str | int]]
    references: list[str] | None = None
    notes: list[str] = field(default_factory=list)

    def scored(self) -> list[int]:
        """Return which of them have a text and a reference."""
        wanted = self.references or [""] * len(self.texts)
        return [row for row, text in enumerate(self.texts) if text.strip() and wanted[row].strip()]


def model(files: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """Return the folder of a model, if the first of the files is one, and the others."""
    first = Path(files[0]) if files else None
    if first is not None and first.is_dir() and any(is_model(folder) for folder in (first, within(first))):
        return files[0], files[1:]
    return None, files


def is_model(folder: Path) -> bool:
    """Has a folder an artefact or a checkpoint?"""
    return is_artefact(folder) or has_model(folder)


def gather(files: Sequence[str], column: str | None, reference: str | None, out: str | None) -> Documents:
    """Return the documents, and say how they were read; what can be refused is refused here."""
    if out is not None:
        for one in (*files, None):
            check_out(out, one)
    contents = [(name, opened(name)) for name in files]
    if len(contents) == 1 and isinstance(contents[0][1], Rows):
        _, rows = open_rows(files[0], [one for one in (column, reference) if one], LIMIT, labels=False)
        found = from_table(rows, files[0], column, reference)
        if reference is not None and not found.scored():
            raise DataError(f"{files[0]}: no row has both a text and a reference; there is nothing to score.")
    elif column is not None or reference is not None:
        flag = "--reference" if column is None else "--column"
        raise click.UsageError(f"{flag} names a column of one table; plain text has none. Leave it out.")
    else:
        found = from_texts(contents)
    for note in dict.fromkeys(found.notes):
        click.echo(f"heedful: {note}", err=True)
    return found


def from_texts(contents: Sequence[tuple[str, TextFile | Rows]]) -> Documents:
    """Return files of text as one document each, or standard input where there are none."""
    texts = [whole(name, content) for name, content in contents] or [piped(MISSING, "a document")]
    names = [name for name, _ in contents] or ["-"]
    notes = [note for _, content in contents for note in content.notes]
    return Documents(texts, {"file": names, "text": texts}, [{"file": name} for name in names], notes=notes)


def opened(name: str) -> TextFile | Rows:
    """Return a text or the rows of a table: a file, or a table of the catalogue."""
    path, known = Path(name), entry(name)
    if known is not None and known.kind == "table" and not path.is_file():
        path = locate(name) / "table.jsonl"
    return open_file(path)


def whole(name: str, content: TextFile | Rows) -> str:
    """Return the text of a file."""
    if isinstance(content, Rows):
        raise DataError(f"{name} is a table, with a document in each row. Name it alone.")
    text, size = [], 0
    for part in content.parts():
        size += len(part)
        if size > LONGEST:
            raise DataError(
                f"{name} has more than {LONGEST:,} characters, the most of one document. Split it."
            )
        text.append(part)
    return "".join(text)


def from_table(rows: Rows, name: str, column: str | None, reference: str | None) -> Documents:
    """Return the documents of every row; one that cannot be read is empty and counted in the notes."""
    wanted = named(rows.columns, reference, "the reference", name) if reference else None
    text = named(rows.columns, column, "the text", name) if column else guessed(rows, name, wanted)
    if text == wanted:
        raise DataError(f"{name}: {text!r} is named for both text and reference; expected two columns.")
    asked = [text, wanted] if wanted else [text]
    cells: list[list[str]] = []
    numbers: list[dict[str, str | int]] = []
    unread = 0
    for number, values in rows.read(asked):
        read = [None if isinstance(values, str) else as_text(values[place]) for place in range(len(asked))]
        unread += None in read
        cells.append([cell or "" for cell in read])
        numbers.append({"row": number})
    if not cells:
        raise DataError(f"{name}: there are no rows; expected a document in {text!r}.")
    notes = [*rows.notes, f"Text is column {text!r}."]
    notes += [f"{unread:,} rows could not be read and count as empty."] if unread else []
    columns = {one: list(values) for one, values in zip(asked, zip(*cells, strict=True), strict=True)}
    return Documents(columns[text], columns, numbers, columns[wanted] if wanted else None, notes)


def guessed(rows: Rows, name: str, reference: str | None) -> str:
    """Return the column that holds the documents, as its name and its first rows tell."""
    records = (values for _, values in rows.read(rows.columns) if not isinstance(values, str))
    found = profiles(rows.columns, list(islice(records, SAMPLE_ROWS)))
    return guess_text(found, name, taken=reference, flag="--column")
