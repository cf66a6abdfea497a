"""Parquet through DuckDB, without the network; sizes are known before memory is taken."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heedful.data.files import LIMIT, LONGEST
from heedful.data.rows import Record, Rows
from heedful.errors import DataError

if TYPE_CHECKING:
    import duckdb

MAGIC = b"PAR1"
MOST_ROWS = 50_000_000
BATCH = 1024
NESTED = ("STRUCT", "MAP", "UNION", "BLOB", "LIST", "ARRAY")


@contextmanager
def database(path: Path, threads: int = 2) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Yield a private DuckDB in memory; what it refuses is a DataError that names the file."""
    with connect(threads) as connection, translated(path):
        yield connection


def connect(threads: int) -> "duckdb.DuckDBPyConnection":
    """Return a private DuckDB in memory, to be closed."""
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": "1GB",
        "temp_directory": "",
        "enable_external_file_cache": "false",
        "threads": str(threads),
    }
    return duckdb.connect(":memory:", config=settings)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise what DuckDB refuses as a DataError that names the file."""
    import duckdb

    try:
        yield
    except duckdb.Error as problem:
        reason = " ".join(str(problem).split())[:200]
        raise DataError(f"{path} is no whole Parquet file: {reason}. Copy or write it again.") from None


def parquet_rows(path: Path, limit: int | None = LIMIT) -> Rows:
    """Return the rows of a Parquet file; row numbers count from 1.

    `limit` bounds the bytes of the columns read; None, for what is streamed, those of each row alone: memory
    then follows the largest row group of the file (2 to 3 times its packed size).
    """
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 4))
        if handle.read() != MAGIC:
            raise DataError(f"{path} is a Parquet file cut short: it does not end in PAR1. Copy it again.")
    with database(path) as connection:
        columns = readable_columns(connection, path, None if limit is None else MOST_ROWS)

    def read(asked: Sequence[str]) -> Iterator[Record]:
        if not asked:
            return
        names = list(dict.fromkeys(asked))
        with database(path, threads=2 if limit is not None else 1) as connection:
            step = check_size(connection, path, names, limit)
            wanted = ", ".join(f"{quoted(name)}::VARCHAR" for name in names)
            result = connection.execute(f"SELECT {wanted} FROM {source(path)}")
            number = 0
            while batch := result.fetchmany(step):
                for values in batch:
                    number += 1
                    row: dict[str, Any] = dict(zip(names, values, strict=True))
                    yield number, tuple(row[name] for name in asked)

    return Rows(kind="parquet", columns=columns, read=read, notes=["Read as Parquet."])


def readable_columns(connection: "duckdb.DuckDBPyConnection", path: Path, most: int | None) -> list[str]:
    """Return the names of the columns that hold plain values; a claim of too many rows is a DataError."""
    claimed = connection.execute(
        f"SELECT sum(num_rows) FROM parquet_file_metadata({literal(path)})"
    ).fetchone()
    rows = int(claimed[0] or 0) if claimed else 0
    if not 0 < rows <= (most or rows):
        raise DataError(f"{path} claims {rows:,} rows; expected 1 to {MOST_ROWS:,}. Take a part of its rows.")
    described = connection.execute(f"DESCRIBE SELECT * FROM {source(path)}").fetchall()
    plain = [name for name, kind, *_ in described if not kind.startswith(NESTED) and not kind.endswith("]")]
    if not plain:
        raise DataError(f"{path} has only nested columns; expected a column of texts and one of labels.")
    return plain


def check_size(
    connection: "duckdb.DuckDBPyConnection", path: Path, names: Sequence[str], limit: int | None
) -> int:
    """Measure the columns inside DuckDB before Python holds any of it: few bytes can stand for very many.

    Returns how many rows can be fetched at once.
    """
    sizes = " + ".join(f"coalesce(strlen({quoted(name)}::VARCHAR), 0)" for name in names)
    found = connection.execute(f"SELECT sum({sizes}), max({sizes}) FROM {source(path)}").fetchone()
    total, longest = (int(found[0]), int(found[1])) if found else (0, 0)
    if limit is None and longest > LONGEST:
        raise DataError(
            f"{path} has a row of {longest:,} bytes of text; at most {LONGEST:,} are read. Break it up."
        )
    if limit is not None and total > limit:
        raise DataError(
            f"{path} unpacks to {total:,} bytes of text, more than the {limit:,} that are read. "
            "Take a part of its rows."
        )
    return max(1, min(BATCH, LONGEST // max(1, longest)))


def source(path: Path) -> str:
    """Return the table expression of one Parquet file."""
    return f"read_parquet({literal(path)}, hive_partitioning = false, union_by_name = false)"


def literal(path: Path) -> str:
    """Return a path as an SQL string that names this one file: absolute, glob characters escaped."""
    plain = "".join(f"[{c}]" if c in "*?[" else c for c in str(path.absolute()))
    return "'" + plain.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return a column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
