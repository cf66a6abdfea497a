"""`write_columns`: columns to CSV, TSV, JSONL or Parquet, whole or not at all."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from heedful.data.columns import as_text
from heedful.data.frames import values
from heedful.data.parquet import database, quoted
from heedful.errors import DataError
from heedful.storage import replacing

if TYPE_CHECKING:
    import duckdb

BATCH = 10_000
SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


def write_columns(path: str | Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write equally long columns; the suffix of `path` tells the format. A crash leaves the old file."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"{path} ends in {suffix or 'nothing'!r}; expected one of {', '.join(SUFFIXES)}.")
    columns = {name: [printable(cell) for cell in values(column)] for name, column in columns.items()}
    lengths = {name: len(cells) for name, cells in columns.items()}
    if not columns or len(set(lengths.values())) > 1:
        raise DataError(f"columns have the lengths {lengths}; expected one value per row in each.")
    try:
        with replacing(path) as fresh:
            if suffix == ".parquet":
                write_parquet(fresh, columns)
            else:
                with fresh.open("w", encoding="utf-8", newline="") as handle:
                    (write_json if suffix == ".jsonl" else write_delimited)(handle, columns, suffix)
    except OSError as problem:
        raise DataError(f"{path} cannot be written: {problem.strerror}. Name another file.") from None


def printable(cell: Any) -> Any:
    """Return a cell that UTF-8 can hold."""
    return as_text(cell) if isinstance(cell, str) else cell


def write_delimited(handle: TextIO, columns: Mapping[str, Sequence[Any]], suffix: str) -> None:
    """Write CSV or TSV: every text in quotes, numbers plain."""
    delimiter = "\t" if suffix == ".tsv" else ","
    writer = csv.writer(handle, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))


def write_json(handle: TextIO, columns: Mapping[str, Sequence[Any]], suffix: str) -> None:  # noqa: ARG001
    """Write one JSON object per line."""
    for row in zip(*columns.values(), strict=True):
        item = dict(zip(columns, row, strict=True))
        handle.write(json.dumps(item, ensure_ascii=False) + "\n")


def write_parquet(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write Parquet through DuckDB: whole numbers, numbers, truth values and texts keep their kind."""
    with database(path) as connection:
        copy_parquet(connection, path, columns)


def copy_parquet(
    connection: "duckdb.DuckDBPyConnection", path: Path, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Write Parquet through an open DuckDB."""
    kinds = [f"{quoted(name)} {sql_kind(cells)}" for name, cells in columns.items()]
    target = str(path.absolute()).replace("'", "''")
    cells = ", ".join(f"unnest(?::{sql_kind(column)}[])" for column in columns.values())
    connection.execute(f"CREATE OR REPLACE TABLE answers ({', '.join(kinds)})")
    for start in range(0, len(next(iter(columns.values()))), BATCH):
        batch = [column[start : start + BATCH] for column in columns.values()]
        connection.execute(f"INSERT INTO answers SELECT {cells}", batch)
    connection.execute(f"COPY answers TO '{target}' (FORMAT parquet)")
    connection.execute("DROP TABLE answers")


def sql_kind(column: Sequence[Any]) -> str:
    """Return the SQL type that holds all the values."""
    kinds = {type(value) for value in column if value is not None}
    if kinds == {bool}:
        return "BOOLEAN"
    if kinds == {int}:
        return "BIGINT"
    return "DOUBLE" if kinds and kinds <= {int, float} else "VARCHAR"
