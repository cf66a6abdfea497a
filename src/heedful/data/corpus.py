"""`Corpus`: documents for pretraining, streamed from files and folders of any size in bounded memory."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from heedful.data.documents import BETWEEN, Piece, cut_parts, split_parts
from heedful.data.files import TextFile, content_digest, nearest
from heedful.data.rows import Rows
from heedful.data.sources import RowTexts, gather, open_file, text_column
from heedful.errors import ConfigError, DataError

Documents: TypeAlias = Literal["file", "paragraph", "line"]
DOCUMENTS: tuple[Documents, ...] = ("file", "paragraph", "line")
SHOWN = 5  # files that a note names


@dataclass(frozen=True)
class Source:
    """One file of a corpus; `name` is relative to the folder that was named."""

    name: str
    path: Path
    content: TextFile | RowTexts


class Corpus:
    """Documents of text files, gzip, JSONL, CSV, Parquet and folders of them.

    `documents` says what one document is in a text file: the whole of it, what stands between blank lines, or
    a line; elsewhere a row is one. `column` names the texts of rows (else `text`, `content`, or a guess).
    Everything is checked and its form found when the corpus is built; contents are streamed, never held.
    `notes` say what was guessed and left out; `skipped` counts the rows of the last pass that had no text.
    """

    def __init__(
        self, sources: Sequence[str | Path] | str | Path, column: str | None = None,
        documents: Documents = "file",
    ) -> None:  # fmt: skip
        if documents not in DOCUMENTS:
            raise ConfigError(f"documents is {documents!r}; expected one of {', '.join(DOCUMENTS)}.")
        self.column, self.documents = column, documents
        self.skipped: Counter[str] = Counter()
        self.sources: list[Source] = []
        left_out: list[str] = []
        notes: Counter[str] = Counter()
        self.named = [Path(p) for p in ([sources] if isinstance(sources, (str, Path)) else sources)]
        for path in self.named:
            for name, file, content in opened_files(path, left_out):
                self.sources.append(Source(name, file, self._chosen(content, file)))
                notes.update(content.notes)
        if not self.sources:
            raise DataError("no corpus is named; expected files or folders of text. Name at least one.")
        if column and all(isinstance(source.content, TextFile) for source in self.sources):
            raise DataError(
                f"a column {column!r} is named, but the corpus is plain text without columns. Leave it out."
            )
        self.notes = [
            *self._told(),
            *(f"{note} ({n:,} files)" if n > 1 else note for note, n in notes.items()),
        ]
        self.notes += [f"Left out: {problem}" for problem in left_out[:SHOWN]]
        if len(left_out) > SHOWN:
            self.notes.append(f"Left out: {len(left_out) - SHOWN:,} more files.")

    @property
    def files(self) -> list[Path]:
        """Return the files that are read, in order."""
        return [source.path for source in self.sources]

    def pieces(self) -> Iterator[Piece]:
        """Yield all documents in pieces, the same each time."""
        for _, piece in self.sourced():
            yield piece

    def sourced(self) -> Iterator[tuple[str, Piece]]:
        """Yield all documents in pieces, each with the name of its source."""
        self.skipped.clear()
        for source in self.sources:
            for piece in self._read(source.content):
                yield source.name, piece

    def fingerprint(self) -> str:
        """Return a SHA-256 that changes with the corpus: one pass over the disk, nothing is unpacked.

        It covers how documents are told apart and, for each file in order, its name (relative to the folder
        that was named), its size and all of its bytes as they lie on the disk; no dates, not where it lies.
        """
        digest = hashlib.sha256(json.dumps([self.documents, self.column]).encode())
        for source in self.sources:
            digest.update(json.dumps([source.name, *content_digest(source.path)]).encode())
        return digest.hexdigest()

    def _read(self, content: TextFile | RowTexts) -> Iterator[Piece]:
        if isinstance(content, RowTexts):
            return content.pieces(self.skipped)
        if self.documents == "file":
            return cut_parts(content.parts())
        return split_parts(content.parts(), BETWEEN[self.documents])

    def _chosen(self, content: TextFile | Rows, path: Path) -> TextFile | RowTexts:
        if isinstance(content, TextFile):
            return content
        return RowTexts(content, text_column(content, str(path), self.column))

    def _told(self) -> Iterator[str]:
        """Yield what the columns are."""
        columns = Counter(s.content.column for s in self.sources if isinstance(s.content, RowTexts))
        for column, count in columns.items():
            yield f"Text is column {column!r} of {count:,} file{'s'[: count != 1]}."


def opened_files(named: Path, left_out: list[str]) -> Iterator[tuple[str, Path, TextFile | Rows]]:
    """Yield name, path and content of the files of one source.

    What cannot be read is a DataError if it was named, and added to `left_out` if it only lies in a folder.
    """
    if not named.exists():
        raise DataError(f"there is no file or folder {named}{nearest(named)}. Check the name.")
    if not named.is_dir():
        yield named.name, named, open_file(named)
        return
    read, before = 0, len(left_out)
    for name, path in gather(named):
        try:
            content = open_file(path)
        except DataError as problem:
            left_out.append(str(problem))
            continue
        read += 1
        yield name, path, content
    if not read:
        first = f": {left_out[before]}" if len(left_out) > before else "."
        raise DataError(f"the folder {named} has no file that can be read as text{first} Name another one.")
