"""The folder of an index: parts that never change, and one small file that says which of them count.

    index.json                what counts: replaced as one, so a change is there whole or not at all
    part-00000003-0000/       rows.parquet (ids, texts, kept columns), keys and vectors.safetensors
    gone-00000007.safetensors the serial numbers of rows that were deleted or replaced
    cache/                    what can be made again: BM25, the collection of Milvus Lite

Every row has a serial number that no other row ever gets. A part is written beside the others and forced to
the disk before index.json names it; what index.json does not name is rubbish, which the next writer removes.
"""

import hashlib
import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save_file

from heedful.errors import DataError
from heedful.search.tables import Tables
from heedful.storage import read_json, replacing, writing
from heedful.types import Ints, Vectors

STATE, CACHE = "index.json", "cache"
ROWS, KEYS, VECTORS = "rows.parquet", "keys.safetensors", "vectors.safetensors"
FORMAT = 1

Seal = dict[str, Any]  # bytes and sha256 of a file


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the rows: its folder, how many rows it has, and the seals of its files."""

    name: str
    rows: int
    files: dict[str, Seal]


@dataclass(frozen=True, kw_only=True)
class State:
    """What index.json says. `gone` is the file of the serials that do not count any more."""

    name: str
    generation: int = 0
    serial: int = 0  # of the next row
    live: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    gone: dict[str, Seal] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """N rows with all that is kept of them; `digests` (N, 16) tell whether a row has changed."""

    ids: list[str]
    texts: list[str]
    columns: list[list[str | None]]
    vectors: Vectors
    serials: Ints
    digests: "np.ndarray[Any, np.dtype[np.uint8]]"


def fresh_state(settings: Mapping[str, Any]) -> State:
    """Return the state of an index without rows."""
    return State(name=uuid.uuid4().hex, settings=dict(settings))


def read_state(home: Path) -> State:
    """Read index.json, checked."""
    if not (home / STATE).is_file():
        raise DataError(f"{home} is no index: it has no {STATE}. Make one with `heedful index build`.")
    found = read_json(home / STATE, DataError)
    try:
        if found.pop("format") != FORMAT:
            raise DataError(f"{home} has another format than {FORMAT}, the one read here. Upgrade Heedful.")
        state = State(**{**found, "parts": tuple(Part(**one) for one in found["parts"])})
        whole = all(Path(part.name).name == part.name and {ROWS, KEYS, VECTORS} == set(part.files)
                    for part in state.parts)  # fmt: skip
        if not whole or not isinstance(state.generation, int) or not isinstance(state.settings, dict):
            raise ValueError
    except (TypeError, ValueError, KeyError, AttributeError):
        raise DataError(f"{home / STATE} is damaged. Copy the index again, or build it anew.") from None
    return state


def write_state(home: Path, state: State) -> None:
    """Replace index.json: from here on the change counts."""
    told = {"format": FORMAT, **asdict(state)}
    with replacing(home / STATE) as fresh:
        fresh.write_text(json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def write_part(home: Path, name: str, batch: Batch, tables: Tables) -> Part:
    """Write the rows of a batch as a part, whole and on the disk."""
    columns = {f"c{place}": column for place, column in enumerate(batch.columns)}
    with writing(home / name) as fresh:
        tables.write(fresh / ROWS, {"id": batch.ids, "text": batch.texts, **columns})
        save_file({"serials": batch.serials, "digests": batch.digests}, fresh / KEYS)
        save_file({"vectors": batch.vectors}, fresh / VECTORS)
        files = {one: seal_of(fresh / one) for one in (ROWS, KEYS, VECTORS)}
    return Part(name=name, rows=len(batch.ids), files=files)


def write_gone(home: Path, generation: int, serials: Ints) -> dict[str, Seal]:
    """Write which serials are gone; return the file's name and seal."""
    if not len(serials):
        return {}
    name = f"gone-{generation:08d}.safetensors"
    with replacing(home / name) as fresh:
        save_file({"serials": serials}, fresh)
    return {name: seal_of(home / name)}


def seal_of(path: Path) -> Seal:
    """Return the size and the SHA-256 of a file."""
    with path.open("rb") as handle:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(handle, "sha256").hexdigest()}


def check_sizes(home: Path, state: State) -> None:
    """Raise DataError unless every file is there with its size."""
    seals = {f"{part.name}/{name}": seal for part in state.parts for name, seal in part.files.items()}
    for name, seal in {**seals, **state.gone}.items():
        path = home / name
        found = path.stat().st_size if path.is_file() else None
        if found != seal["bytes"]:
            says = "is missing" if found is None else f"has {found:,} bytes"
            raise DataError(
                f"{path} {says}, expected {seal['bytes']:,} bytes. Copy the index again, or build it anew."
            )


def check_content(path: Path, seal: Seal) -> None:
    """Raise DataError unless a file's SHA-256 is the one that was written."""
    try:
        found = seal_of(path)
    except OSError as problem:
        raise DataError(f"{path} cannot be read: {problem.strerror}. Copy the index again.") from None
    if found != seal:
        raise DataError(f"{path} is not what was written (SHA-256). Copy the index again, or build it anew.")


def read_tensors(path: Path, seal: Seal) -> dict[str, Any]:
    """Return the arrays of a file, whose content is checked."""
    check_content(path, seal)
    try:
        return dict(load(path.read_bytes()))
    except (OSError, SafetensorError) as problem:
        raise DataError(f"{path} cannot be read: {problem}. Copy the index again.") from None


def clean(home: Path, state: State) -> None:
    """Remove what index.json does not name; only for the one who holds the lock."""
    named = {part.name for part in state.parts} | set(state.gone)
    for path in home.iterdir():
        ours = path.name.startswith(("part-", ".part-", "gone-", ".gone-", f".{STATE}"))
        if ours and path.name not in named:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def advanced(state: State, **changes: Any) -> State:
    """Return the next generation of a state."""
    return replace(state, generation=state.generation + 1, **changes)
