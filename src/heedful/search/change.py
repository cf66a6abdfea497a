"""One change of an index: rows are written beside the others, and count once index.json names them."""

import numpy as np

from heedful.search.folder import (
    Batch,
    Part,
    State,
    advanced,
    clean,
    write_gone,
    write_part,
    write_state,
)
from heedful.search.view import View
from heedful.types import Ints

PART_ROWS = 8192  # rows of a full part
LIGHT_PARTS = 16  # parts with less than half of that, before they are merged


class Change:
    """Collects what comes and what goes. Only for the one who holds the lock of the folder."""

    def __init__(self, view: View) -> None:
        self.view, self.home, self.tables = view, view.home, view.tables
        self.generation = view.state.generation + 1
        self.serial = view.state.serial
        self.parts: list[Part] = []
        self.written = 0
        self.gone: set[int] = set()
        clean(self.home, view.state)

    def put(self, batch: Batch) -> None:
        """Write new rows; their serials count from `serial`."""
        self.parts.append(self._write(batch))
        self.serial += len(batch.ids)

    def serials(self, count: int) -> Ints:
        """Return the serials of the next rows."""
        return np.arange(self.serial, self.serial + count, dtype=np.int64)

    def _write(self, batch: Batch) -> Part:
        name = f"part-{self.generation:08d}-{self.written:04d}"
        self.written += 1
        return write_part(self.home, name, batch, self.tables)

    def commit(self) -> State:
        """Let the change count, once all of it is on the disk."""
        old = self.view.state
        if not self.parts and not self.gone:
            return old
        gone = np.union1d(self.view.gone, np.array(sorted(self.gone), dtype=np.int64)).astype(np.int64)
        staged = advanced(old, serial=self.serial, parts=(*old.parts, *self.parts), gone={})
        view = View(self.home, staged, self.tables, self.view, gone)
        parts, merged = self._merged(view)
        left = gone[np.isin(gone, merged, invert=True)]
        state = advanced(
            old,
            serial=self.serial,
            live=int(view.alive.sum()),
            parts=tuple(parts),
            gone=write_gone(self.home, self.generation, left),
        )
        write_state(self.home, state)
        clean(self.home, state)
        return state

    def _merged(self, view: View) -> tuple[list[Part], Ints]:
        """Return the parts, small ones made one, and the serials of the rows that this leaves out."""
        sizes = [int(view.alive[a:b].sum()) for a, b in zip(view.starts, view.starts[1:], strict=False)]
        light = [number for number, size in enumerate(sizes) if size < PART_ROWS // 2]
        if len(light) <= LIGHT_PARTS:
            light = [number for number in light if sizes[number] == 0]
        dropped = [view.serials[view.starts[number] : view.starts[number + 1]] for number in light]
        kept = [part.part for number, part in enumerate(view.parts) if number not in light]
        rows = np.concatenate(
            [np.arange(view.starts[number], view.starts[number + 1]) for number in light]
            or [np.zeros(0, dtype=np.int64)]
        )
        rows = rows[view.alive[rows]]
        blocks = [rows[start : start + PART_ROWS] for start in range(0, len(rows), PART_ROWS)]
        kept += [self._write(copied(view, block)) for block in blocks]
        return kept, np.concatenate([np.zeros(0, dtype=np.int64), *dropped])


def copied(view: View, rows: Ints) -> Batch:
    """Return rows as they stand in an index."""
    found = view.fetch(rows)
    told = [found[row] for row in rows.tolist()]
    digests = np.array([np.frombuffer(view.digest(row), np.uint8) for row in rows.tolist()])
    return Batch(
        [row.id for row in told],
        [row.text for row in told],
        [[row.columns[name] for row in told] for name in view.columns],
        view.vectors(rows),
        view.serials[rows],
        digests.reshape(len(rows), -1),
    )
