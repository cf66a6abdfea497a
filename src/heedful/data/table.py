"""`read_table`: any table of labelled text in, two lists out, with every guess and every mend said."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from heedful.catalogue import entry, locate
from heedful.data import columns as guess
from heedful.data.delimited import delimited_rows, guess_dialect
from heedful.data.files import LIMIT, check_regular, head, look
from heedful.data.frames import frame_rows
from heedful.data.jsonrows import json_rows, looks_json
from heedful.data.lines import labelled, labelled_rows, plain_rows
from heedful.data.parquet import MAGIC, parquet_rows
from heedful.data.rows import Rows
from heedful.errors import DataError

SAMPLE_ROWS = 2000
SAMPLE_LETTERS = 4 << 20


@dataclass(frozen=True, kw_only=True)
class Table:
    """N labelled texts. Rows that cannot be used are left out and counted in `skipped`.

    `rows` are 1-based line numbers of a text file, row numbers of anything else; `skipped` maps a reason to a
    count; `notes` say what was guessed and mended; `fingerprint` is the SHA-256 of texts and labels in order.
    """

    texts: list[str]
    labels: list[str]
    rows: list[int]
    source: str
    text_column: str
    label_column: str
    skipped: dict[str, int]
    notes: list[str]
    fingerprint: str


class TextRows(NamedTuple):
    """The texts of every row in order; one that cannot be read is empty and counted in the notes."""

    texts: list[str]
    rows: list[int]
    column: str
    notes: list[str]


def read_table(source: Any, text: str | None = None, label: str | None = None, limit: int = LIMIT) -> Table:
    """Read labelled texts from a file, a catalogue name or a table in memory.

    `text` and `label` name the columns; what is not named is guessed, and refused where that is not clear.
    `limit` bounds the bytes that are read, unpacked. Whether they can be learned from is `inspect`'s to say.
    """
    name, rows = open_rows(source, [n for n in (text, label) if n], limit)
    text, label = choose(rows, name, text, label)
    assert label is not None
    texts: list[str] = []
    labels: list[str] = []
    numbers: list[int] = []
    skipped: Counter[str] = Counter()
    first_bad = ""
    for number, values in rows.read([text, label]):
        found = usable(values)
        if isinstance(found, str):
            skipped[found] += 1
            first_bad = first_bad or f"the first, row {number}: {found}"
            continue
        texts.append(found[0])
        labels.append(found[1])
        numbers.append(number)
    if not texts:
        why = f"all {skipped.total()} rows are bad ({first_bad})" if skipped else "there are no rows"
        raise DataError(f"{name}: {why}; expected a text in {text!r} and a label in {label!r}.")
    notes = [*rows.notes, f"Text is column {text!r}, label is column {label!r}.", *label_notes(labels)]
    return Table(
        texts=texts, labels=labels, rows=numbers, source=name, text_column=text, label_column=label,
        skipped=dict(skipped), notes=notes, fingerprint=fingerprint(texts, labels),
    )  # fmt: skip


def read_texts(source: Any, text: str | None = None, limit: int = LIMIT) -> TextRows:
    """Read the texts of every row, in order: N rows in, N texts out. No labels are needed."""
    name, rows = open_rows(source, [text] if text else [], limit, labels=False)
    column, _ = choose(rows, name, text, None, labels=False)
    texts: list[str] = []
    numbers: list[int] = []
    unread: Counter[str] = Counter()
    for number, values in rows.read([column]):
        value = values if isinstance(values, str) else guess.as_text(values[0])
        if isinstance(values, str) or value is None:
            unread[values if isinstance(values, str) else "nested text"] += 1
            value = ""
        texts.append(value)
        numbers.append(number)
    if not texts:
        raise DataError(f"{name}: there are no rows; expected a text in {column!r}.")
    notes = [*rows.notes, f"Text is column {column!r}."]
    notes += [f"{count} rows could not be read and count as empty: {why}." for why, count in unread.items()]
    return TextRows(texts, numbers, column, notes)


def open_rows(source: Any, wanted: Sequence[str], limit: int, labels: bool = True) -> tuple[str, Rows]:
    """Return what to call the source, and its rows."""
    if not isinstance(source, (str, Path)):
        return "the table", frame_rows(source)
    path = Path(source)
    known = entry(str(source))
    if known is not None and not os.path.isfile(path):  # noqa: PTH113 (a name too long is no error)
        if known.kind != "table":
            raise DataError(f"{source} is a {known.kind} of the catalogue; expected a table.")
        path = locate(str(source)) / "table.jsonl"
    return str(source), file_rows(path, wanted, limit, labels)


def file_rows(path: Path, wanted: Sequence[str], limit: int, labels: bool) -> Rows:
    """Return the rows of a file, its format told from its content; the suffix only tips the scales."""
    size = check_regular(path)
    first = head(path)
    if first.startswith(MAGIC):
        if size > limit:
            raise DataError(
                f"{path} has {size:,} bytes; at most {limit:,} are read. Take a part of its rows."
            )
        return parquet_rows(path, limit)
    file = look(path, first, limit)
    lines = list(islice(while_small(file.lines()), SAMPLE_ROWS))
    if not any(line.strip() for line in lines):
        raise DataError(f"{path} has only blank lines; expected a table.")
    if looks_json(lines, file.suffix):
        rows = json_rows(file, lines)
    else:
        dialect = guess_dialect(lines, file.suffix)
        bare = file.suffix not in (".csv", ".tsv", ".tab")
        spaced = dialect is None or dialect.delimiter != "\t"
        if bare and spaced and labelled(lines, words=labels):
            rows = labelled_rows(file)
        elif dialect is None:
            rows = plain_rows(file)
        else:
            rows = delimited_rows(file, lines, dialect, wanted)
    rows.notes.extend(file.notes)
    return rows


def while_small(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines until they hold SAMPLE_LETTERS characters."""
    total = 0
    for line in lines:
        yield line
        total += len(line)
        if total > SAMPLE_LETTERS:
            return


def choose(
    rows: Rows, name: str, text: str | None, label: str | None, labels: bool = True
) -> tuple[str, str | None]:
    """Return the text and label columns: those named, else those guessed from the first rows."""
    if not rows.columns:
        raise DataError(f"{name} has no columns; expected a column of texts.")
    text = guess.named(rows.columns, text, "the text", name) if text else None
    label = guess.named(rows.columns, label, "the label", name) if label else None
    if text is not None and text == label:
        raise DataError(f"{name}: {text!r} is named for both text and label; expected two columns.")
    if text is None or (labels and label is None):
        records = (values for _, values in rows.read(rows.columns) if not isinstance(values, str))
        found = guess.profiles(rows.columns, list(islice(records, SAMPLE_ROWS)))
        text = text or guess.guess_text(found, name, taken=label)
        label = label or (guess.guess_label(found, name, text) if labels else None)
    return text, label


def usable(values: tuple[Any, ...] | str) -> tuple[str, str] | str:
    """Return text and label of a row, or why it is skipped."""
    if isinstance(values, str):
        return values
    text, label = guess.as_text(values[0]), guess.as_label(values[1])
    if text is None or label is None:
        return "nested text" if text is None else "nested label"
    if not text.strip():
        return "empty text"
    return (text, label) if label else "empty label"


def label_notes(labels: Sequence[str]) -> list[str]:
    """Return a note on labels that differ only by case, which are kept apart."""
    folded: dict[str, set[str]] = {}
    for label in sorted(set(labels)):
        folded.setdefault(label.casefold(), set()).add(label)
    same = [" and ".join(sorted(names)) for names in folded.values() if len(names) > 1]
    return [f"Labels that differ only by case are kept apart: {guess.listing(same)}."] if same else []


def fingerprint(texts: Sequence[str], labels: Sequence[str]) -> str:
    """Return the SHA-256 of the texts and labels, in order, with their lengths."""
    digest = hashlib.sha256()
    for text, label in zip(texts, labels, strict=True):
        for part in (text.encode(), label.encode()):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()
