"""The tables of an index: Parquet through one DuckDB, which is opened when it is first needed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from heedful.data.parquet import connect, literal, quoted, translated
from heedful.data.write import copy_parquet, printable
from heedful.types import Ints

if TYPE_CHECKING:
    import duckdb


class Tables:
    """Reads and writes Parquet; one thread at a time."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._lock = Lock()

    def write(self, path: Path, columns: Mapping[str, Sequence[str | None]]) -> None:
        """Write equally long columns of texts."""
        shown = {name: [printable(cell) for cell in cells] for name, cells in columns.items()}
        with self._lock, translated(path):
            copy_parquet(self._open(), path, shown)

    def read(self, path: Path, names: Sequence[str], rows: Ints | None = None) -> list[tuple[Any, ...]]:
        """Return columns of the rows asked for, in ascending order; None: of all."""
        wanted = ", ".join(map(quoted, names))
        where = "" if rows is None else f" WHERE file_row_number IN ({', '.join(map(str, rows.tolist()))})"
        source = f"read_parquet({literal(path)}, file_row_number = true)"
        with self._lock, translated(path):
            return (
                self._open()
                .execute(f"SELECT {wanted} FROM {source}{where} ORDER BY file_row_number")
                .fetchall()
            )

    def _open(self) -> "duckdb.DuckDBPyConnection":
        if self._connection is None:
            self._connection = connect(threads=1)
        return self._connection

    def close(self) -> None:
        """Let go of the memory."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
