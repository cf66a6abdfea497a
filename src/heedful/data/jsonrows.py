"""JSON: one object per line, or one list of objects."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from heedful.data.files import TextFile
from heedful.data.rows import Record, Rows
from heedful.errors import DataError

WHOLE = 256 << 20  # bytes of a JSON list, which has to be in memory at once


def looks_json(lines: Sequence[str], suffix: str) -> bool:
    """Tell whether the first lines are JSON objects, or the file says that it is JSON."""
    filled = [line for line in lines if line.strip()]
    if suffix in (".json", ".jsonl", ".ndjson"):
        return True
    objects = sum(isinstance(parse(line), dict) for line in filled[:100])
    return 2 * objects > len(filled[:100]) or filled[0].lstrip().startswith("[{") or filled[0].strip() == "["


def parse(text: str) -> Any:
    """Return the JSON value of a text, None if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def json_rows(file: TextFile, lines: Sequence[str], whole: int = WHOLE) -> Rows:
    """Return the rows of a JSON file, `lines` being its first ones; a longer list than `whole` is refused."""
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("["):
        return listed_rows(file, whole)
    samples = [value for line in lines if isinstance(value := parse(line), dict)]
    if not samples:
        raise DataError(
            f"{file.path}: no line is a JSON object; expected one object per line, such as "
            '{"text": "...", "label": "..."}, or one list of them.'
        )

    def read(asked: Sequence[str]) -> Iterator[Record]:
        for number, line in enumerate(file.lines(), 1):
            if line.strip():
                yield number, picked(parse(line), asked)

    return Rows(kind="jsonl", columns=keys(samples), read=read, notes=["Read as JSON, one object per line."])


def whole_document(file: TextFile, kind: str, unit: str, whole: int = WHOLE) -> Any:
    """Return the one JSON value of a file of at most `whole` bytes; errors name its `kind` and `unit`."""
    if file.size > whole:
        raise DataError(
            f"{file.path} is one JSON {kind} of {file.size:,} bytes; at most {whole:,} are read so. Write "
            f"one {unit} per line (JSONL)."
        )
    try:
        return json.loads("".join(file.lines()))
    except (ValueError, RecursionError) as problem:
        raise DataError(f"{file.path} is no valid JSON ({problem}). Copy or write it again.") from None


def listed_rows(file: TextFile, whole: int = WHOLE) -> Rows:
    """Return the rows of one JSON list; row numbers count its items."""
    items = whole_document(file, "list", "object", whole)
    objects = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    if not objects:
        raise DataError(f'{file.path}: expected a list of objects such as {{"text": "...", "label": "..."}}.')

    def read(asked: Sequence[str]) -> Iterator[Record]:
        for number, item in enumerate(items, 1):
            yield number, picked(item, asked)

    return Rows(kind="json", columns=keys(objects[:2000]), read=read, notes=["Read as one JSON list."])


def keys(objects: Sequence[dict[str, Any]]) -> list[str]:
    """Return every key once, in the order of appearance."""
    return list(dict.fromkeys(key for item in objects for key in item))


def picked(item: Any, asked: Sequence[str]) -> tuple[Any, ...] | str:
    """Return the values of an object, or why it is none."""
    if item is None:
        return "broken JSON"
    if not isinstance(item, dict):
        return "not a JSON object"
    return tuple(item.get(name) for name in asked)
