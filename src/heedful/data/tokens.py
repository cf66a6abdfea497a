"""A corpus as token ids on the disk: written once in a stream, read through a map of the files."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer as Engine

from heedful.data.documents import Piece
from heedful.errors import CheckpointError, DataError
from heedful.storage import check_whole, read_json, writing
from heedful.text.tokenizer import Tokenizer, legal
from heedful.types import Ints

IDS, ENDS, ABOUT = "tokens.bin", "ends.bin", "tokens.json"
BATCH = 1 << 18  # characters cut into tokens at once; each token takes some 150 bytes meanwhile
PART = 1 << 14  # characters of one text in a batch: its texts are divided among the cores
BLOCK = 1 << 22  # tokens checked at once
NARROW, WIDE = "<u2", "<u4"
COUNTS = ("tokens", "documents", "characters", "bytes", "unknown", "vocab")


def write_tokens(
    folder: Path,
    pieces: Iterable[Piece],
    tokenizer: Tokenizer,
    about: Mapping[str, Any],
    end: int | None = None,
    every: bool = False,
) -> None:
    """Write the tokens of a corpus, or nothing; no special ones but, if given, `end` after a document.

    What looks like a special token in a text is cut as any text is. Documents without a token are left out,
    unless `every` one has to keep its number: then they have `end` alone.
    """
    dtype = NARROW if tokenizer.vocab < 1 << 16 else WIDE
    try:
        with writing(folder) as fresh:
            with (fresh / IDS).open("wb") as ids, (fresh / ENDS).open("wb") as ends:
                counts = stream(pieces, tokenizer, (ids, ends), dtype, end, every)
            if not counts["documents"]:
                raise DataError("the corpus has no text; expected some. Name another corpus.")
            said = {
                **{name: counts[name] for name in COUNTS},
                "vocab": tokenizer.vocab,
                "dtype": dtype,
                "tokenizer": tokenizer.fingerprint,
                "about": dict(about),
            }
            (fresh / ABOUT).write_text(
                json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
            )
    except OSError as problem:
        raise DataError(f"{folder} cannot be written: {problem.strerror or problem}. Name another.") from None


def stream(
    pieces: Iterable[Piece],
    tokenizer: Tokenizer,
    files: tuple[BinaryIO, BinaryIO],
    dtype: str,
    end: int | None,
    every: bool = False,
) -> Counter[str]:
    """Write tokens and the places where documents end; return what was counted."""
    engine, unknown = plain_engine(tokenizer)
    counts: Counter[str] = Counter()
    begun = 0  # tokens before this document

    def finish() -> None:
        nonlocal begun
        if counts["tokens"] == begun and not every:
            return
        if end is not None:
            np.array([end], dtype).tofile(files[0])
            counts["tokens"] += 1
        np.array([counts["tokens"]], "<i8").tofile(files[1])
        begun = counts["tokens"]
        counts["documents"] += 1

    for batch in batched(pieces):
        found = engine.encode_batch_fast([text for text, _ in batch], add_special_tokens=False)
        for (text, ends), encoding in zip(batch, found, strict=True):
            ids = np.array(encoding.ids, dtype)
            ids.tofile(files[0])
            counts.update(tokens=len(ids), characters=len(text), bytes=len(text.encode()))
            counts["unknown"] += int(np.count_nonzero(ids == unknown)) if unknown is not None else 0
            if ends:
                finish()
    if counts["tokens"] > begun:
        finish()
    return counts


def plain_engine(tokenizer: Tokenizer) -> tuple[Engine, int | None]:
    """Return an engine that never truncates nor sees special tokens in texts, and the unknown token's id."""
    engine = Engine.from_str(tokenizer.text)
    engine.no_padding()
    engine.no_truncation()
    engine.encode_special_tokens = True
    model = json.loads(tokenizer.text)["model"]
    unknown = model.get("unk_token")
    return engine, model.get("unk_id") if unknown is None else engine.token_to_id(unknown)


def batched(pieces: Iterable[Piece]) -> Iterator[list[tuple[str, bool]]]:
    """Yield texts, and whether each ends its document, about BATCH characters at a time."""
    batch: list[tuple[str, bool]] = []
    size = 0
    for piece in pieces:
        start = 0
        while True:
            stop = next_cut(piece.text, start)
            batch.append((legal(piece.text[start:stop]), piece.ends and stop == len(piece.text)))
            size += stop - start
            start = stop
            if size >= BATCH:
                yield batch
                batch, size = [], 0
            if start == len(piece.text):
                break
    if batch:
        yield batch


def next_cut(text: str, start: int) -> int:
    """Return where to cut a long text: before the last blank, else line end, of the second half of a part.

    There a cut does not change the tokens.
    """
    stop = start + PART
    if stop >= len(text):
        return len(text)
    found = (text.rfind(space, start + PART // 2, stop) for space in " \n")
    return next((place for place in found if place > 0), stop)


@dataclass(frozen=True, eq=False)
class Tokens:
    """A written corpus: `ids` (N,) of D documents, document d ending before `ends[d]`; both on disk."""

    ids: NDArray[np.unsignedinteger[Any]]
    ends: Ints
    vocab: int
    documents: int
    characters: int
    bytes: int
    unknown: int
    tokenizer: str  # fingerprint
    about: Mapping[str, Any]

    @classmethod
    def open(cls, folder: Path) -> "Tokens":
        """Map what `write_tokens` wrote; CheckpointError unless all of it agrees."""
        check_whole(folder)
        if not (folder / ABOUT).is_file():
            raise CheckpointError(
                f"{folder / ABOUT} is missing; expected a folder of tokens. Write it again."
            )
        said = read_json(folder / ABOUT, CheckpointError)
        if not isinstance(said, dict) or not all(type(said.get(name)) is int for name in COUNTS):
            raise damaged(folder / ABOUT, "lacks counts")
        if said.get("dtype") not in (NARROW, WIDE) or not isinstance(said.get("about"), dict):
            raise damaged(folder / ABOUT, f"says dtype {said.get('dtype')!r:.50}")
        ids = mapped(folder / IDS, said["dtype"], said["tokens"])
        ends = mapped(folder / ENDS, "<i8", said["documents"])
        if ends[-1] != len(ids) or ends[0] < 1 or not increasing(ends):
            raise damaged(folder / ENDS, "does not say in order where documents end")
        if highest(folder / IDS, said["dtype"]) >= said["vocab"]:
            raise damaged(folder / IDS, f"has ids beyond the vocabulary of {said['vocab']}")
        counts = {name: said[name] for name in COUNTS if name != "tokens"}
        return cls(ids=ids, ends=ends, tokenizer=str(said.get("tokenizer")), about=said["about"], **counts)


def mapped(path: Path, dtype: str, count: int) -> NDArray[Any]:
    """Return a map of a file of `count` numbers."""
    size = path.stat().st_size if path.is_file() else 0
    if count < 1 or size != count * np.dtype(dtype).itemsize:
        raise damaged(path, f"has {size} bytes, expected {count} numbers of {np.dtype(dtype).itemsize}")
    return np.memmap(path, dtype, "r")


def damaged(path: Path, what: str) -> CheckpointError:
    """Return the error for a file that does not fit the others."""
    return CheckpointError(f"{path} {what}. The tokens are damaged: write them again.")


def increasing(values: Ints) -> bool:
    """Is each value larger than the one before?"""
    blocks = (values[start : start + BLOCK + 1] for start in range(0, len(values), BLOCK))
    return all(bool((block[1:] > block[:-1]).all()) for block in blocks)


def highest(path: Path, dtype: str) -> int:
    """Return the largest id of a file, read rather than mapped, so that little of it stays in memory."""
    found = 0
    with path.open("rb") as handle:
        while len(block := np.fromfile(handle, dtype, BLOCK)):
            found = max(found, int(block.max()))
    return found
