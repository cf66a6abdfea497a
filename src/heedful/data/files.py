"""A file as it comes: can it be read, how is it packed, encoded, what must be mended; in bounded memory."""

import codecs
import difflib
import gzip
import hashlib
import io
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedful.catalogue import entries
from heedful.errors import DataError

LIMIT = 2 << 30  # bytes of one table, after decompression
LONGEST = 64 << 20  # characters of one line
CHUNK = 1 << 20
RATIO, TRUSTED = 200, 64 << 20  # text shrinks 3 to 20 times; more than 200 past 64 MiB is no text
KINDS = "CSV, TSV, JSONL, Parquet or lines of `label text`"

MAGIC = {
    b"PK\x03\x04": "a zip archive or an Excel workbook; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file; save the sheet as CSV",
    b"%PDF": "a PDF; put its text into a CSV",
    b"BZh": "packed with bzip2; unpack it first",
    b"\xfd7zXZ": "packed with xz; unpack it first",
    b"(\xb5/\xfd": "packed with zstandard; unpack it first",
    b"7z\xbc\xaf": "a 7-Zip archive; unpack it first",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"ARROW1": "an Arrow file; save it as Parquet",
    b"\x93NUMPY": "a NumPy array; save the table as CSV",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x7fELF": "a program",
}
BOMS = {  # longest first: the mark of UTF-32 begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
UNUSED_1252 = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])
CONTROL = bytes(c for c in range(1, 32) if c not in b"\t\n\v\f\r\x1a\x1b\x1c\x1d\x1e\x1f")


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A text file whose first look is done; `lines()` streams it decoded, line ends kept."""

    path: Path
    encoding: str
    nuls: int
    size: int  # bytes after decompression, of the part that was looked at
    notes: list[str]

    def lines(self) -> Iterator[str]:
        """Yield the lines without NUL characters; undecodable bytes read as U+FFFD."""
        with self.opened(newline="") as handle:
            number = 0
            while line := handle.readline(LONGEST):
                number += 1
                if len(line) >= LONGEST:
                    raise DataError(
                        f"{self.path}: line {number} has more than {LONGEST:,} characters; expected a table "
                        "of texts. Break the line up."
                    )
                yield line.replace("\0", "") if self.nuls else line

    def parts(self) -> Iterator[str]:
        """Yield the text in parts of a million characters, as `lines` does; every line end reads as \\n."""
        with self.opened(newline=None) as handle:
            while part := handle.read(CHUNK):
                yield part.replace("\0", "")

    def opened(self, newline: str | None) -> io.TextIOWrapper:
        """Open the file for its decoded text."""
        return io.TextIOWrapper(
            unpacked(self.path), encoding=self.encoding, errors="replace", newline=newline
        )

    @property
    def suffix(self) -> str:
        """Return the lower-case suffix, that of packing left out: `.csv` for `a.CSV.gz`."""
        path = self.path.with_suffix("") if self.path.suffix.lower() == ".gz" else self.path
        return path.suffix.lower()


def check_regular(path: Path, expected: str = KINDS) -> int:
    """Return the size in bytes of a regular file that has some; anything else is a DataError."""
    try:
        state = path.stat()
    except FileNotFoundError:
        raise DataError(
            f"there is no file {path}{nearest(path)}. Name a table or one of {tables()}."
        ) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise DataError(f"{str(path)[:200]!r} cannot be opened: {reason}. Check the path.") from None
    if stat.S_ISDIR(state.st_mode):
        raise DataError(f"{path} is a folder; expected a file ({expected}). Name a file in it.")
    if not stat.S_ISREG(state.st_mode):
        kind = "a named pipe" if stat.S_ISFIFO(state.st_mode) else "a device or a socket"
        raise DataError(
            f"{path} is {kind}; expected a regular file ({expected}). Save what it gives to a file."
        )
    if state.st_size == 0:
        raise DataError(f"{path} is empty; expected {expected}.")
    return state.st_size


def nearest(path: Path) -> str:
    """Return what the folder holds that resembles a missing file's name, as the end of a sentence."""
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:
        return f" (and no folder {path.parent})"
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    return f"; the folder has {', '.join(close)}" if close else ""


def tables() -> str:
    """Return the tables that a name alone stands for."""
    return ", ".join(entry.name for entry in entries() if entry.kind == "table")


def opened(path: Path) -> io.BufferedReader:
    """Open a file for its bytes as they lie."""
    try:
        return path.open("rb")
    except OSError as problem:
        raise DataError(f"{path} cannot be opened: {problem.strerror}. Check its permissions.") from None


def content_digest(path: Path) -> tuple[int, str]:
    """Return a file's size and the SHA-256 of its bytes as they lie on the disk."""
    with opened(path) as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        return handle.tell(), digest


class Unpacked(io.RawIOBase):
    """The bytes of a file, unpacked if it is gzip; a damaged file or a bomb is a DataError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.packed = opened(path)
        zipped = self.packed.peek(2)[:2] == b"\x1f\x8b"
        self.source = gzip.GzipFile(fileobj=self.packed) if zipped else self.packed
        self.total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            found = self.source.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
            raise DataError(f"{self.path} is a damaged gzip file ({problem}). Copy it again.") from None
        except OSError as problem:
            raise DataError(f"{self.path} cannot be read: {problem.strerror}.") from None
        self.total += len(found)
        zipped = self.source is not self.packed
        if zipped and self.total > TRUSTED and self.total > RATIO * self.packed.tell():
            raise DataError(
                f"{self.path} unpacks to more than {RATIO} times its size; expected text, which unpacks "
                "to 3 to 20 times. Do not trust this file."
            )
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self.packed.close()
        super().close()


def unpacked(path: Path) -> io.BufferedReader:
    """Open a file for its bytes, unpacked."""
    return io.BufferedReader(Unpacked(path), CHUNK)


def chunks(path: Path, limit: int | None = LIMIT) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked; more than `limit` is a DataError."""
    total = 0
    with unpacked(path) as handle:
        while chunk := handle.read(CHUNK):
            total += len(chunk)
            if limit is not None and total > limit:
                raise DataError(
                    f"{path} holds more than {limit:,} bytes of text, the most that is read. Take a part of "
                    "its rows."
                )
            yield chunk


def head(path: Path, expected: str = KINDS) -> bytes:
    """Return the first bytes of a file, unpacked; what is no text and no Parquet is refused."""
    with opened(path) as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
    with unpacked(path) as handle:
        first = handle.read(1 << 16)
    if zipped and first.startswith(b"PAR1"):
        raise DataError(f"{path} is Parquet inside gzip; unpack it first.")
    for magic, kind in MAGIC.items():
        if first.startswith(magic):
            raise DataError(f"{path} is {kind}; expected {expected}.")
    if first[257:262] == b"ustar":
        raise DataError(f"{path} is a tar archive; unpack it and name the table in it; expected {expected}.")
    if first.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise DataError(f"{path} is a web page; expected {expected}.")
    return first


def look(
    path: Path, first: bytes, limit: int | None = LIMIT, most: int | None = None, expected: str = KINDS
) -> TextFile:
    """Stream a text file once, or its first `most` bytes: its encoding, NUL bytes and broken bytes."""
    marked = next((name for bom, name in BOMS.items() if first.startswith(bom)), None) or wide(first)
    decoder = codecs.getincrementaldecoder(marked or "utf-8")(errors="replace")
    size = nuls = broken = good = unused = control = 0
    for chunk in chunks(path, limit):
        size += len(chunk)
        text = decoder.decode(chunk)
        nuls += text.count("\0")
        if not text.isascii():
            wrong = text.count("\ufffd") - (0 if marked else chunk.count(b"\xef\xbf\xbd"))
            broken += wrong
            good += len(text) - len(text.encode("ascii", "ignore")) - wrong
            unused += len(chunk) - len(chunk.translate(None, UNUSED_1252))
        control += len(chunk) - len(chunk.translate(None, CONTROL))
        if most is not None and size >= most:
            break
    else:
        broken += len(decoder.decode(b"", final=True))
    if not marked and control + nuls > max(100, size // 20):
        raise DataError(f"{path} is no text ({nuls:,} NUL bytes in {size:,}); expected {expected}.")
    notes = []
    encoding = marked or "utf-8"
    if broken and broken >= good and not marked:
        encoding = "latin-1" if unused else "cp1252"
        notes.append(f"The bytes are no UTF-8: read as {'Latin-1' if unused else 'Windows-1252'}.")
    elif broken:
        notes.append(f"{broken:,} broken characters of {encoding.upper()} replaced by U+FFFD.")
    elif marked and marked != "utf-8-sig":
        notes.append(f"Read as {marked.upper()}.")
    if nuls:
        notes.append(f"{nuls:,} NUL characters removed.")
    return TextFile(path=path, encoding=encoding, nuls=nuls, size=size, notes=notes)


def wide(first: bytes) -> str | None:
    """Return the UTF-16 that a file without a mark is in: Latin text has a NUL in every second byte."""
    sample = first[:4096]
    half = len(sample) // 2
    if half < 8:
        return None
    even, odd = sample[::2].count(0) / half, sample[1::2].count(0) / half
    if odd > 0.7 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 and odd < 0.1 else None
