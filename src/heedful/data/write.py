"""`write_columns`: columns to CSV, TSV, JSONL or Parquet, whole or not at all."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from heedful.data.columns import as_text
from heedful.data.frames import values
from heedful.data.parquet import database, literal, quoted
from heedful.errors import DataError
from heedful.storage import replacing
from heedful.types import Vectors

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


def write_vectors(
    path: Path, parts: Callable[[], Iterator[Vectors]], texts: Mapping[str, Callable[[], Iterator[str]]]
) -> None:
    """Write parts (n, W) as one `.npy` (N, W) float32, or as `.parquet` with columns of texts beside them."""
    with replacing(path) as fresh:
        if path.suffix.lower() == ".npy":
            write_npy(fresh, parts)
        else:
            write_parquet_vectors(fresh, parts(), {name: read() for name, read in texts.items()})


def write_npy(path: Path, parts: Callable[[], Iterator[Vectors]]) -> None:
    """Write parts one after the other behind the header of one array."""
    shapes = [part.shape for part in parts()]
    shape = (sum(rows for rows, _ in shapes), shapes[0][1])
    with path.open("wb") as handle:
        np.lib.format.write_array_header_1_0(handle, {"descr": "<f4", "fortran_order": False, "shape": shape})
        for part in parts():
            handle.write(np.ascontiguousarray(part, dtype="<f4").tobytes())


def write_parquet_vectors(path: Path, parts: Iterator[Vectors], texts: Mapping[str, Iterator[str]]) -> None:
    """Write a file for each part, then all as one: columns of texts, and `vector`, which has lists."""
    pieces: list[Path] = []
    names = [name if name != "vector" else "text" for name in texts]
    try:
        for part in parts:
            pieces.append(path.with_name(f"{path.name}-{len(pieces):06d}"))
            columns = {"vector": objects(list(part))}
            for name, column in zip(names, texts.values(), strict=True):
                columns[name] = objects([printable(cell) for cell in islice(column, len(part))])
            with database(path) as connection:
                connection.register("part", columns)
                wanted = ", ".join([*map(quoted, names), '"vector"::FLOAT[] AS "vector"'])
                connection.execute(
                    f"COPY (SELECT {wanted} FROM part) TO {literal(pieces[-1])} (FORMAT parquet)"
                )
        with database(path) as connection:
            listed = ", ".join(map(literal, pieces))
            connection.execute(f"COPY (FROM read_parquet([{listed}])) TO {literal(path)} (FORMAT parquet)")
    finally:
        for piece in pieces:
            piece.unlink(missing_ok=True)


def objects(cells: Sequence[Any]) -> Any:
    """Return a column (N,) of Python objects."""
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column


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
