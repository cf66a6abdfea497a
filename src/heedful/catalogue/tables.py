"""Recipes that turn unpacked files into `table.jsonl`: one JSON object a line, always with text and label."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from heedful.catalogue.listing import Entry
from heedful.errors import DataError
from heedful.storage import read_json

TABLE = "table.jsonl"
Row = dict[str, str]


def write_table(entry: Entry, raw: Path, target: Path) -> None:
    """Make `target / table.jsonl` from the files below `raw`, with as many rows as the recipe says."""
    count = 0
    with (target / TABLE).open("w", encoding="utf-8") as handle:
        for row in FORMS[entry.table["form"]](raw, entry.table):
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    if count != entry.table["rows"]:
        raise DataError(f"{entry.name} came to {count} rows; expected {entry.table['rows']}: a wrong recipe.")


def json_map(raw: Path, recipe: dict[str, Any]) -> Iterator[Row]:
    """Read a JSON map of records: rename the columns, drop rows by value or for too few words."""
    records: Iterable[dict[str, Any]] = read_json(raw / recipe["file"], DataError).values()
    for record in records:
        dropped = any(record[key] in values for key, values in recipe.get("drop", {}).items())
        short = any(len(record[key].split()) < least for key, least in recipe.get("min_words", {}).items())
        if not (dropped or short):
            yield {column: record[key] for column, key in recipe["columns"].items()}


def folders(raw: Path, recipe: dict[str, Any]) -> Iterator[Row]:
    """Read one text per file; the folder's name is the label."""
    for path in sorted(raw.glob("*/*")):
        text = decoded(path.read_bytes(), recipe["encodings"])
        yield {"file": path.relative_to(raw).as_posix(), "text": text.strip(), "label": path.parent.name}


def decoded(data: bytes, encodings: list[str]) -> str:
    """Decode with the first encoding that fits."""
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DataError(f"a text is in none of {', '.join(encodings)}. The recipe is wrong.")


FORMS = {"json-map": json_map, "folders": folders}
