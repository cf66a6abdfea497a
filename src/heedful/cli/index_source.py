"""The rows that `heedful index build` and `add` take from a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from heedful.errors import DataError
from heedful.search.index import Index
from heedful.search.patents import patent_rows
from heedful.search.rows import open_source
from heedful.search.view import Row


@dataclass(frozen=True)
class Given:
    """A table as rows: which columns it has of each, and what is noted of it in the index."""

    rows: Any
    columns: list[str]
    about: dict[str, Any]
    notes: list[str]

    def read(self, first: int = 1) -> Iterator[Row]:
        """Yield the rows."""
        yield from self.rows.read(first)


def source(table: str, options: dict[str, Any]) -> Given:
    """Return the rows of a table as the options say."""
    preset = options.get("preset")
    asked = (table, options["text"], options["id_column"], options["keep"])
    found = patent_rows(*asked) if preset == "patents" else open_source(*asked)
    about = {
        "text": found.text, "id": found.id, "preset": preset,
        "windows": bool(options.get("windows") or preset == "patents"),
    }  # fmt: skip
    return Given(found, list(found.columns), about, found.rows.notes)


def more(index: Index, table: str) -> Iterator[Row]:
    """Yield the rows of a table for an index that was built from one with the same columns."""
    about = index.settings["about"]
    if "text" not in about:
        raise DataError(f"{index.home} was not built from a table. Add to it from Python: Index.add.")
    options = {"text": about["text"], "id_column": about["id"], "keep": tuple(index.settings["columns"])}
    found = source(table, {**options, "preset": about["preset"]})
    numbers = [int(one) for one in index.view.rows if one.isdecimal()] if about["id"] is None else []
    return found.read(max(index.view.state.serial, *numbers, 0) + 1)
