"""What an index holds at one moment: its parts, read as far as they are asked for."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from heedful.search.folder import KEYS, ROWS, VECTORS, Part, State, check_content, check_sizes, read_tensors
from heedful.search.tables import Tables
from heedful.search.where import Column, Mask, parse
from heedful.types import Ints, Vectors


class Row(NamedTuple):
    """One row as it was given."""

    id: str
    text: str
    columns: dict[str, str | None]


class Loaded:
    """A part of an index; what was read of it stays."""

    def __init__(self, home: Path, part: Part, tables: Tables) -> None:
        self.home, self.part, self.tables = home / part.name, part, tables

    @cached_property
    def keys(self) -> dict[str, Any]:
        """The serials (N,) and digests (N, 16)."""
        return read_tensors(self.home / KEYS, self.part.files[KEYS])

    @cached_property
    def vectors(self) -> Vectors:
        """The vectors: (N, W)."""
        return cast(Vectors, read_tensors(self.home / VECTORS, self.part.files[VECTORS])["vectors"])

    @cached_property
    def rows(self) -> Path:
        """The table, whose content was checked."""
        check_content(self.home / ROWS, self.part.files[ROWS])
        return self.home / ROWS

    @cached_property
    def ids(self) -> list[str]:
        """The ids: (N,)."""
        return [row[0] for row in self.tables.read(self.rows, ["id"])]


class View:
    """The rows of all parts end to end, numbered from 0; `alive` says which of them count."""

    def __init__(
        self,
        home: Path,
        state: State,
        tables: Tables,
        before: "View | None" = None,
        gone: Ints | None = None,
    ) -> None:
        self.home, self.state, self.tables = home, state, tables
        check_sizes(home, state)
        known = {part.part.name: part for part in before.parts} if before else {}
        self.parts: list[Loaded] = [
            known.get(part.name) or Loaded(home, part, tables) for part in state.parts
        ]
        self.starts = np.cumsum([0, *(part.part.rows for part in self.parts)])
        none = np.zeros(0, dtype=np.int64)
        self.serials: Ints = np.concatenate([none, *(part.keys["serials"] for part in self.parts)])
        if gone is None:
            read = [read_tensors(home / name, seal)["serials"] for name, seal in state.gone.items()]
            gone = np.concatenate([none, *read])
        self.gone: Ints = gone
        self.alive: Mask = ~np.isin(self.serials, self.gone)
        self.columns: list[str] = list(state.settings["columns"])

    @cached_property
    def live(self) -> Ints:
        """The rows that count, ascending."""
        return np.flatnonzero(self.alive)

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each id that counts."""
        ids = [one for part in self.parts for one in part.ids]
        return {ids[row]: row for row in self.live.tolist()}

    @cached_property
    def order(self) -> Ints:
        """The rows in the order of their serials."""
        return np.argsort(self.serials)

    def rows_of(self, serials: Ints) -> Ints:
        """Return the rows that have these serials, -1 for those that no row has."""
        if not len(self.serials):
            return np.full(serials.shape, -1, dtype=np.int64)
        sorted_ = self.serials[self.order]
        places = np.minimum(np.searchsorted(sorted_, serials), len(sorted_) - 1)
        return np.where(sorted_[places] == serials, self.order[places], -1)

    def digest(self, row: int) -> bytes:
        """Return the digest of a row's text and columns."""
        part = int(np.searchsorted(self.starts, row, side="right")) - 1
        return bytes(self.parts[part].keys["digests"][row - self.starts[part]])

    def where(self, text: str | None) -> Mask:
        """Return which rows count and fit a filter: (N,)."""
        if text is None:
            return self.alive
        return np.asarray(self.alive & parse(text, ["id", *self.columns])(self.column))

    def column(self, name: str) -> Column:
        """Return the values of a kept column, or the ids, of all rows."""
        known: dict[str, Column] = self.__dict__.setdefault("_values", {})
        if name not in known:
            if name in self.columns:
                key = f"c{self.columns.index(name)}"
                known[name] = Column(
                    [row[0] for part in self.parts for row in self.tables.read(part.rows, [key])]
                )
            else:
                known[name] = Column([one for part in self.parts for one in part.ids])
        return known[name]

    def blocks(self, among: Mask) -> Iterator[Vectors]:
        """Yield the vectors, part by part; of a part that no row is asked of, nothing is read."""
        for part, start in zip(self.parts, self.starts, strict=False):
            wanted = among[start : start + part.part.rows].any()
            width = self.state.settings["width"]
            yield part.vectors if wanted else np.broadcast_to(np.float32(0), (part.part.rows, width))

    def vectors(self, rows: Ints) -> Vectors:
        """Return the vectors of some rows, in their order."""
        found = np.empty((len(rows), self.state.settings["width"]), dtype=np.float32)
        for number, (part, start) in enumerate(zip(self.parts, self.starts, strict=False)):
            mine = np.flatnonzero((rows >= start) & (rows < self.starts[number + 1]))
            if len(mine):
                found[mine] = part.vectors[rows[mine] - start]
        return found

    def texts(self) -> Iterator[str]:
        """Yield the texts of the rows that count, in order."""
        for part, start in zip(self.parts, self.starts, strict=False):
            mine = np.flatnonzero(self.alive[start : start + part.part.rows])
            if len(mine):
                texts = self.tables.read(part.rows, ["text"])
                yield from (texts[row][0] for row in mine.tolist())

    def fetch(self, rows: Ints) -> dict[int, Row]:
        """Return rows by their numbers."""
        names = ["id", "text", *(f"c{place}" for place in range(len(self.columns)))]
        found: dict[int, Row] = {}
        wanted = np.unique(rows)
        for number, (part, start) in enumerate(zip(self.parts, self.starts, strict=False)):
            mine = wanted[(wanted >= start) & (wanted < self.starts[number + 1])]
            if len(mine):
                read = self.tables.read(part.rows, names, mine - start)
                for row, (one, text, *kept) in zip(mine.tolist(), read, strict=True):
                    found[row] = Row(one, text, dict(zip(self.columns, kept, strict=True)))
        return found
