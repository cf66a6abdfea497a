"""`read_tagged`: sentences whose words have tags, out of CoNLL columns or JSON lines; nothing lost unsaid."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from heedful.data.columns import as_text, listing
from heedful.data.files import LIMIT, TextFile, check_regular, head, look
from heedful.data.jsonrows import json_rows, looks_json
from heedful.data.table import SAMPLE_ROWS, fingerprint, while_small
from heedful.errors import DataError

EXPECTED = "a word and its tag per line, a blank line between sentences; or JSON lines of words and tags"
WORDS, TAGS = ("words", "tokens"), ("tags", "ner_tags", "labels")
DOCUMENT = "-DOCSTART-"
TAG = re.compile(r"O|[A-Z](-\S+)?")
BLANK = " \t\r\n\f\v\ufeff"  # a line of these alone ends a sentence

# (number of the line or row, (words, tags) or why the sentence cannot be used)
Record = tuple[int, tuple[list[str], list[str]] | str]


@dataclass(frozen=True, kw_only=True)
class TaggedTable:
    """N sentences, each a list of words and a list of as many tags.

    `rows` are the lines on which the sentences begin (rows of a JSON list). `skipped` maps a reason to the
    number of sentences left out, `notes` name the first of each. `fingerprint` is the SHA-256 of all of it.
    """

    words: list[list[str]]
    tags: list[list[str]]
    rows: list[int]
    source: str
    skipped: dict[str, int]
    notes: list[str]
    fingerprint: str

    def taken(self, places: Sequence[int]) -> "TaggedTable":
        """Return the sentences at these places."""
        words, tags = [self.words[i] for i in places], [self.tags[i] for i in places]
        rows = [self.rows[i] for i in places]
        return replace(self, words=words, tags=tags, rows=rows, fingerprint=mark(words, tags))


def read_tagged(source: str | Path, limit: int = LIMIT) -> TaggedTable:
    """Read sentences from CoNLL columns (first: word, last: tag; tabs or blanks) or JSON with words and tags.

    A sentence with a broken line is left out, counted and named. `limit` bounds the bytes that are read.
    """
    path = Path(source)
    check_regular(path, EXPECTED)
    file = look(path, head(path, EXPECTED), limit, expected=EXPECTED)
    lines = list(islice(while_small(file.lines()), SAMPLE_ROWS))
    if not any(line.strip(BLANK) for line in lines):
        raise DataError(f"{path} has only blank lines; expected {EXPECTED}.")
    notes = list(file.notes)
    records = (
        object_records(file, lines, notes) if looks_json(lines, file.suffix) else Columns(file, notes).read()
    )
    return gathered(str(source), records, notes)


def gathered(source: str, records: Iterator[Record], notes: list[str]) -> TaggedTable:
    """Return the table of all records that can be used."""
    words: list[list[str]] = []
    tags: list[list[str]] = []
    rows: list[int] = []
    skipped: Counter[str] = Counter()
    first: dict[str, int] = {}
    for number, found in records:
        if isinstance(found, str):
            skipped[found] += 1
            first.setdefault(found, number)
            continue
        words.append(found[0])
        tags.append(found[1])
        rows.append(number)
    reasons = [
        f"{count} sentence{'s'[: count > 1]} left out: {why} (the first at {first[why]})."
        for why, count in skipped.items()
    ]
    if not words:
        why = f"all sentences are broken: {' '.join(reasons)}" if reasons else "there are no sentences."
        raise DataError(f"{source}: {why} Expected {EXPECTED}.")
    return TaggedTable(
        words=words, tags=tags, rows=rows, source=source, skipped=dict(skipped), notes=[*notes, *reasons],
        fingerprint=mark(words, tags),
    )  # fmt: skip


def mark(words: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> str:
    """Return the SHA-256 of words and tags, in order."""
    return fingerprint([json.dumps(part) for part in words], [json.dumps(part) for part in tags])


class Columns:
    """A file of columns: sentences by and by, and what was passed over in `notes` once all are read."""

    def __init__(self, file: TextFile, notes: list[str]) -> None:
        self.file, self.notes = file, notes
        self.width = 0  # columns of the first line; all lines have as many
        self.passed: Counter[str] = Counter()

    def read(self) -> Iterator[Record]:
        """Yield each sentence with the line on which it begins, or with what is wrong in it."""
        words: list[str] = []
        tags: list[str] = []
        start, wrong = 0, ""
        for number, line in enumerate(self.file.lines(), 1):
            cells = self.cells(line, first=not start)
            if cells:
                start = start or number
                wrong = wrong or self.fault(cells)
                words.append(cells[0])
                tags.append(cells[-1])
            elif cells is None and start:
                yield start, wrong or (words, tags)
                words, tags, start, wrong = [], [], 0, ""
        if start:
            yield start, wrong or (words, tags)
        self.notes += [
            f"{count} line{'s'[: count > 1]} passed over: {why}." for why, count in self.passed.items()
        ]

    def cells(self, line: str, first: bool) -> list[str] | None:
        """Return the columns of a line; None where a sentence ends, no columns where there is nothing."""
        bare = line.rstrip(BLANK).lstrip("\ufeff")
        cells = [cell.strip(" ") for cell in bare.split("\t")] if "\t" in bare else bare.split()
        if not cells or not bare:
            return None
        if cells[0] == DOCUMENT:
            self.passed[f"{DOCUMENT} begins a document"] += 1
            return None
        if first and bare.startswith("# ") and not TAG.fullmatch(cells[-1]):
            self.passed["a comment"] += 1
            return []
        return cells

    def fault(self, cells: list[str]) -> str:
        """Return what is wrong with a line, "" if nothing is."""
        if len(cells) < 2:
            return "a line without a tag"
        if not cells[0]:
            return "a line without a word"
        self.width = self.width or len(cells)
        return "" if len(cells) == self.width else f"a line that has not {self.width} columns"


def object_records(file: TextFile, lines: Sequence[str], notes: list[str]) -> Iterator[Record]:
    """Yield the sentences of JSON objects that have a list of words and a list of tags."""
    rows = json_rows(file, lines)
    names = [next((name for name in usual if name in rows.columns), "") for usual in (WORDS, TAGS)]
    if not all(names):
        raise DataError(
            f"{file.path} has the keys {listing(rows.columns)}; expected {' or '.join(WORDS)}, and "
            f"{' or '.join(TAGS)}. Rename them."
        )
    notes += [*rows.notes, f"Words are {names[0]!r}, tags are {names[1]!r}."]
    for number, values in rows.read(names):
        yield number, values if isinstance(values, str) else sentence(*values)


def sentence(words: Any, tags: Any) -> tuple[list[str], list[str]] | str:
    """Return words and tags of an object, or why it is no sentence."""
    for name, part in (("words", words), ("tags", tags)):
        if not isinstance(part, list) or not all(isinstance(one, str) for one in part):
            return f"{name} that are no list of strings"
        if not all(one.strip() for one in part):
            return f"empty strings among the {name}"
    if not words:
        return "no words"
    if len(words) != len(tags):
        return "words and tags that differ in number"
    return [as_text(word) or "" for word in words], [as_text(tag) or "" for tag in tags]
