"""Tables that are in memory already: pandas, polars, Arrow, datasets, a dict of lists, a list of dicts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from heedful.data.jsonrows import keys, picked
from heedful.data.rows import Record, Rows
from heedful.errors import DataError

EXPECTED = "expected a path, a catalogue name, a data frame, a dict of lists or a list of dicts"


def frame_rows(frame: Any) -> Rows:
    """Return the rows of a table in memory, by its manners rather than its type; row numbers count from 1."""
    if isinstance(frame, Sequence) and not isinstance(frame, (str, bytes)):
        return listed(frame)
    names = list(frame) if isinstance(frame, Mapping) else getattr(frame, "column_names", None)
    if names is None:
        names = getattr(frame, "columns", None)
    if names is None or not hasattr(frame, "__getitem__"):
        raise DataError(f"found a {type(frame).__name__}; {EXPECTED}.")
    given = {str(name): name for name in names}
    if len(given) < len(list(names)):
        raise DataError(f"the {type(frame).__name__} has two columns of one name; rename one of them.")
    lengths = {name: len(frame[key]) for name, key in given.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"the columns have different lengths: {lengths}; expected one value per row in each.")

    def read(asked: Sequence[str]) -> Iterator[Record]:
        columns = [values(frame[given[name]]) for name in asked]
        yield from enumerate(zip(*columns, strict=True), 1)

    return Rows(kind="frame", columns=list(given), read=read)


def listed(items: Sequence[Any]) -> Rows:
    """Return the rows of a list of dicts."""
    if not all(isinstance(item, dict) for item in items):
        found = next(type(item).__name__ for item in items if not isinstance(item, dict))
        raise DataError(f"found a list with a {found} in it; {EXPECTED}.")

    def read(asked: Sequence[str]) -> Iterator[Record]:
        for number, item in enumerate(items, 1):
            yield number, picked(item, asked)

    return Rows(kind="frame", columns=keys(items), read=read)


def values(column: Any) -> list[Any]:
    """Return a column as a list of Python values."""
    for name in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, name):
            return list(getattr(column, name)())
    return list(column)
