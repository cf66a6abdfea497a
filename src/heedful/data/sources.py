"""The files of a corpus: found in folders, their form told from their content, their texts streamed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from heedful.data.columns import as_text, guess_text, named, profiles
from heedful.data.delimited import delimited_rows, guess_dialect
from heedful.data.documents import Piece, cut_text
from heedful.data.files import TextFile, check_regular, head, look
from heedful.data.jsonrows import json_rows, looks_json
from heedful.data.parquet import MAGIC, parquet_rows
from heedful.data.rows import Rows
from heedful.data.table import SAMPLE_ROWS, while_small
from heedful.errors import DataError
from heedful.storage import read_json

EXPECTED = "text, JSONL, CSV or Parquet, packed with gzip or not"
LINES = "lines of text, packed with gzip or not"
ROWS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".tab")  # suffixes of files that hold rows
USUAL = ("text", "content")
LOOKED = 16 << 20  # bytes from which the encoding of a text is told
LISTED = 32 << 20  # bytes of a JSON list, which has to be in memory at once
REPORT = "report.json"  # of a folder that `heedful clean` wrote; it lists the parts


@dataclass(frozen=True)
class RowTexts:
    """The texts of one column; every row is a document."""

    rows: Rows
    column: str

    def pieces(self, skipped: Counter[str]) -> Iterator[Piece]:
        """Yield the documents; rows without a text are counted in `skipped`."""
        for _, values in self.rows.read([self.column]):
            text = None if isinstance(values, str) else as_text(values[0])
            if text is None:
                skipped[values if isinstance(values, str) else "nested text"] += 1
            elif text.strip():
                yield from cut_text(text)
            else:
                skipped["empty text"] += 1


def gather(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of a folder and of those in it, sorted, with their names in it; no hidden ones.

    Of a folder that `heedful clean` wrote only the parts count. Links to folders are not followed.
    """
    parts = cleaned_parts(folder)
    if parts is not None:
        yield from ((name, folder / name) for name in parts)
        return
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as problem:
        raise DataError(f"{folder} cannot be listed: {problem.strerror}. Check its permissions.") from None
    for entry in entries:
        if not entry.is_dir():
            yield entry.name, entry
        elif not entry.is_symlink():
            yield from ((f"{entry.name}/{name}", path) for name, path in gather(entry))


def cleaned_parts(folder: Path) -> list[str] | None:
    """Return the parts of a cleaned corpus, None for any other folder."""
    try:
        report = read_json(folder / REPORT, DataError)
    except DataError:
        return None
    parts = report.get("parts") if isinstance(report, dict) and "rules" in report else None
    if not isinstance(parts, list) or not all(isinstance(name, str) for name in parts):
        return None
    return [name for name in parts if Path(name).name == name]


def open_file(path: Path) -> TextFile | Rows:
    """Return a text, or the rows of JSON, CSV or Parquet; anything else is a DataError.

    Only the beginning is read: damage further on shows when the file is streamed.
    """
    check_regular(path, EXPECTED)
    first = head(path, EXPECTED)
    if first.startswith(MAGIC):
        return parquet_rows(path, limit=None)
    listed = first.lstrip()[:1] == b"["  # a JSON list is read whole, so its size must be known
    file = look(path, first, limit=None, most=None if listed else LOOKED, expected=EXPECTED)
    if file.suffix in ROWS:
        lines = list(islice(while_small(file.lines()), SAMPLE_ROWS))
    else:
        lines = next(file.parts(), "").split("\n")
    if not any(line.strip() for line in lines):
        raise DataError(f"{path} begins with nothing but blank lines; expected {EXPECTED}.")
    if looks_json(lines, file.suffix):
        return json_rows(file, lines, LISTED)
    dialect = guess_dialect(lines, file.suffix) if file.suffix in ROWS else None
    return delimited_rows(file, lines, dialect, []) if dialect else file


def open_text(path: Path) -> TextFile:
    """Return a file as text, whatever its lines look like."""
    check_regular(path, LINES)
    return look(path, head(path, LINES), limit=None, most=LOOKED, expected=LINES)


def text_column(rows: Rows, name: str, column: str | None) -> str:
    """Return the column of texts: the one that is named, else `text` or `content`, else a guess."""
    if column is not None:
        return named(rows.columns, column, "the text", name)
    for usual in USUAL:
        for found in rows.columns:
            if found.strip().casefold() == usual:
                return found
    records = (values for _, values in rows.read(rows.columns) if not isinstance(values, str))
    return guess_text(profiles(rows.columns, list(islice(records, 100))), name, flag="--column")
