"""The vectors of every text of a table, kept as they come: streamed, and gone on with after a kill."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from heedful.data.columns import as_text
from heedful.data.files import LIMIT, content_digest
from heedful.data.table import choose, open_rows
from heedful.data.write import write_vectors
from heedful.errors import DataError
from heedful.storage import locked, read_json, replacing
from heedful.tasks.embed import SentenceEncoder, check_dimensions, shortened
from heedful.text.tokenizer import UNCUT, Tokenizer, legal
from heedful.train.checkpoints import another_run
from heedful.types import Vectors

ROWS = 4096  # of a part
SHOWN, LETTERS = 5, 60  # truncated texts that are shown, and characters of what was not read
SUFFIXES = (".npy", ".parquet")
RUN = "run.json"


@dataclass(frozen=True)
class Wanted:
    """How texts become vectors; see `SentenceEncoder.encode`."""

    prompt: str = ""
    dimensions: int | None = None
    normalize: bool = False
    precision: str = "auto"


@dataclass(frozen=True)
class Source:
    """A column of texts that can be streamed again and again; a row that cannot be read is None."""

    name: str
    column: str
    notes: list[str]
    texts: Callable[[], Iterator[str | None]]


def encode_table(
    encoder: SentenceEncoder, table: str, out: str | Path, wanted: Wanted, *, text: str | None = None,
    say: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Write one vector per row of a table, in its order: to `.npy` (N, W), or `.parquet` with the texts.

    What is done stands in `OUT.parts` until the end, so that the same call goes on after a kill. Returns the
    figures: rows, dimensions, and how many texts were truncated, with the first of them.
    """
    out = check_out(Path(out), table)
    check_dimensions(wanted.dimensions, encoder.width)
    source = open_source(table, text)
    parts = out.with_name(out.name + ".parts")
    with locked(parts):
        begin(parts, run_of(encoder, table, source, wanted))
        done = sum(len(vectors) for vectors in standing(parts))
        say(done)
        fresh = fill(encoder, source, wanted, parts, done, say)
        finish(parts, out, source)
        cut = [row for path in listed(parts) for row in read_part(path, "cut").tolist()]
        empty = sum(int(read_part(path, "empty")[0]) for path in listed(parts))
        shape = (done + fresh, wanted.dimensions or encoder.width)
        shutil.rmtree(parts)
    return {
        "model": encoder.found, "table": source.name, "column": source.column, "notes": source.notes,
        "rows": shape[0], "dimensions": shape[1], "gone_on_from_row": done, "out": str(out),
        "empty": empty, "truncated": len(cut), "max_tokens": encoder.tokenizer.max_tokens,
        "examples": shown(encoder, source, wanted.prompt, cut[:SHOWN]),
    }  # fmt: skip


def check_out(out: Path, table: str) -> Path:
    """Return where to write, or refuse before the work what could not be written after it."""
    if out.suffix.lower() not in SUFFIXES:
        raise DataError(f"{out} ends in {out.suffix or 'nothing'!r}; expected {' or '.join(SUFFIXES)}.")
    if out.is_dir():
        raise DataError(f"{out} is a folder; expected a file to write, such as {out / 'vectors.npy'}.")
    if not out.absolute().parent.is_dir():
        raise DataError(f"the folder {out.parent} does not exist. Make it first, or write elsewhere.")
    if out.exists() and Path(table).exists() and out.samefile(table):
        raise DataError(f"{out} is the table that is read. Write to another file.")
    return out


def open_source(table: str, text: str | None) -> Source:
    """Return the texts of a table's column: the one that is named, else a guess."""
    name, rows = open_rows(table, [text] if text else [], LIMIT, labels=False)
    column, _ = choose(rows, name, text, None, labels=False)

    def texts() -> Iterator[str | None]:
        for _, values in rows.read([column]):
            yield None if isinstance(values, str) else as_text(values[0])

    return Source(name, column, [*rows.notes, f"Text is column {column!r}."], texts)


def run_of(encoder: SentenceEncoder, table: str, source: Source, wanted: Wanted) -> dict[str, Any]:
    """Say what run this is: another one does not go on with its parts."""
    path = Path(table)
    digest = content_digest(path)[1] if path.is_file() else source.name
    model = {"weights": encoder.fingerprint, "max_tokens": encoder.tokenizer.max_tokens}
    return {"table": digest, "column": source.column, **model, **asdict(wanted)}


def begin(parts: Path, run: dict[str, Any]) -> None:
    """Note what run the parts belong to; those of another one are refused."""
    told = parts / RUN
    if told.exists():
        theirs = read_json(told, DataError)
        if theirs != run:
            raise another_run(parts, theirs, run)
        return
    with replacing(told) as fresh:
        fresh.write_text(json.dumps(run), encoding="utf-8")


def listed(parts: Path) -> list[Path]:
    """Return the parts that stand there, in order."""
    return sorted(parts.glob("part-*.safetensors"))


def standing(parts: Path) -> Iterator[Vectors]:
    """Yield the vectors of each part."""
    for path in listed(parts):
        yield read_part(path)


def read_part(path: Path, name: str = "vectors") -> Any:
    """Return the vectors of a part, its truncated rows (`cut`, from 1), or its texts that are `empty`."""
    try:
        with safe_open(path, "numpy") as file:
            return file.get_tensor(name)
    except (OSError, SafetensorError) as problem:
        raise DataError(f"{path} is damaged ({problem}). Remove {path.parent} and start again.") from None


def fill(
    encoder: SentenceEncoder, source: Source, wanted: Wanted, parts: Path, done: int,
    say: Callable[[int], None],
) -> int:  # fmt: skip
    """Encode what no part holds yet, ROWS texts at a time; return how many rows that were."""
    first, texts = done, islice(source.texts(), done, None)
    while chunk := [text or "" for text in islice(texts, ROWS)]:
        ids = encoder.tokenizer.encode([wanted.prompt + text for text in chunk])
        vectors = encoder.vectors(ids.ids, precision=wanted.precision)
        vectors = shortened(vectors, wanted.dimensions, wanted.normalize)
        cut = first + 1 + np.flatnonzero(ids.cut)
        with replacing(parts / f"part-{first:012d}.safetensors") as fresh:
            empty = np.array([sum(not text.strip() for text in chunk)])
            save_file({"vectors": vectors, "cut": cut.astype(np.int64), "empty": empty}, fresh)
        first += len(chunk)
        say(first)
    return first - done


def finish(parts: Path, out: Path, source: Source) -> None:
    """Write all parts as one file."""
    if not listed(parts):
        raise DataError(f"{source.name}: there are no rows; expected a text in {source.column!r}.")
    write_vectors(
        out, lambda: standing(parts), {source.column: lambda: (one or "" for one in source.texts())}
    )


def shown(encoder: SentenceEncoder, source: Source, prompt: str, rows: list[int]) -> list[dict[str, Any]]:
    """Return of some truncated texts how many tokens they have, and where reading ended."""
    whole = Tokenizer(encoder.tokenizer.text, UNCUT).engine
    texts = dict.fromkeys(rows, "")
    for row, text in enumerate(islice(source.texts(), max(rows, default=0)), 1):
        if row in texts:
            texts[row] = text or ""
    found = []
    for row, text in texts.items():
        given = legal(prompt + text)
        one = whole.encode(given)
        kept = encoder.tokenizer.engine.encode(given)
        end = max((stop for _, stop in kept.offsets), default=0)
        rest = " ".join(given[end:].split())[:LETTERS]
        found.append({"row": row, "tokens": len(one.ids), "unread_from": rest})
    return found
