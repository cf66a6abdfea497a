"""What may come into an index: each id once, with a text; counted what is replaced, equal, or left out."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from heedful.data.write import printable
from heedful.errors import DataError
from heedful.search.change import PART_ROWS, Change
from heedful.search.folder import Batch
from heedful.search.probe import encoded
from heedful.search.view import Row, View
from heedful.types import Encoder, Texts

ENCODED = 1024  # texts encoded between two looks of a watcher
Watch = Callable[[int], None]


@runtime_checkable
class Truncating(Protocol):
    """An encoder that can say of how many texts it does not see the end."""

    def truncated(self, texts: Texts) -> int: ...


@dataclass
class Added:
    """How many rows came in: `replaced` ones had an id that was there, `unchanged` ones were equal to it.

    `empty` rows have no text, or no id, and are left out; of `cut` ones the encoder does not see the end.
    """

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    empty: int = 0
    cut: int = 0
    ids: set[str] = field(default_factory=set, repr=False)  # all that were given


class Intake:
    """Takes rows into a change; of one id the last row counts."""

    def __init__(self, view: View, change: Change, encoder: Encoder, counts: Added) -> None:
        self.view, self.change, self.encoder, self.counts = view, change, encoder, counts
        self.fresh: dict[str, tuple[int, bytes]] = {}  # serial and digest of what came with this change

    def take(self, rows: Iterable[Row], watch: Watch | None = None) -> None:
        """Take all rows; `watch` is told how many have gone by."""
        done = 0
        iterator = iter(rows)
        while some := list(batch(iterator)):
            self._take(some, lambda more: watch(done + more) if watch else None)  # noqa: B023
            done += len(some)
            if watch:
                watch(done)

    def _take(self, rows: Sequence[Row], watch: Watch) -> None:
        given = [row for row in rows if row.id and row.text.strip()]
        self.counts.empty += len(rows) - len(given)
        last = {row.id: row for row in given}
        self.counts.replaced += len(given) - len(last)
        self.counts.ids.update(last)
        chosen: list[tuple[Row, bytes]] = []
        for row in last.values():
            digest = digested(row)
            known = self._known(row.id)
            if known is not None and known[1] == digest:
                self.counts.unchanged += 1
                continue
            if known is not None:
                self.change.gone.add(known[0])
                self.counts.replaced += 1
            else:
                self.counts.added += 1
            chosen.append((row, digest))
        if chosen:
            self._put([row for row, _ in chosen], [digest for _, digest in chosen], watch)

    def _known(self, one: str) -> tuple[int, bytes] | None:
        """Return the serial and the digest that an id has, None where it is new."""
        if one in self.fresh:
            return self.fresh[one]
        row = self.view.rows.get(one)
        return None if row is None else (int(self.view.serials[row]), self.view.digest(row))

    def _put(self, rows: Sequence[Row], digests: Sequence[bytes], watch: Watch) -> None:
        texts = [row.text for row in rows]
        if isinstance(self.encoder, Truncating):
            self.counts.cut += self.encoder.truncated(texts)
        parts = []
        for start in range(0, len(texts), ENCODED):
            parts.append(encoded(self.encoder, texts[start : start + ENCODED]))
            watch(min(start + ENCODED, len(texts)))
        vectors = np.concatenate(parts)
        if vectors.shape[1] != self.view.state.settings["width"]:
            raise DataError(
                f"the encoder gave vectors of {vectors.shape[1]} numbers, the index has "
                f"{self.view.state.settings['width']}. Use the encoder that it was made with."
            )
        columns = [[row.columns.get(name) for row in rows] for name in self.view.columns]
        serials = self.change.serials(len(rows))
        table = np.frombuffer(b"".join(digests), np.uint8).reshape(len(rows), -1)
        self.change.put(Batch([row.id for row in rows], texts, columns, vectors, serials, table))
        for row, serial, digest in zip(rows, serials.tolist(), digests, strict=True):
            self.fresh[row.id] = (serial, digest)


def batch(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the next rows, at most as many as a part has."""
    for _ in range(PART_ROWS):
        row = next(rows, None)
        if row is None:
            return
        yield row


def digested(row: Row) -> bytes:
    """Return 16 bytes that stand for the text and the columns of a row."""
    digest = hashlib.blake2b(digest_size=16)
    for piece in (row.text, *(f"{name}={value}" for name, value in sorted(row.columns.items()))):
        data = piece.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.digest()


def rows_of(
    ids: Sequence[str | int],
    texts: Texts,
    columns: Mapping[str, Sequence[object]] | None,
    kept: Sequence[str],
) -> list[Row]:
    """Return columns as rows; lengths and names are checked."""
    columns = columns or {}
    unknown = sorted(set(columns) - set(kept))
    if unknown:
        raise DataError(f"the index keeps no columns {unknown}; it keeps {list(kept)}. Leave them out.")
    if isinstance(texts, str) or isinstance(ids, str):
        raise DataError("expected lists of ids and texts; found one string. Wrap it in a list.")
    lengths = {len(ids), len(texts), *map(len, columns.values())}
    if len(lengths) > 1:
        raise DataError(f"ids, texts and columns have the lengths {sorted(lengths)}; expected equal ones.")
    return [
        Row(printable(str(one)), printable(text), {name: as_value(columns[name][place]) for name in columns})
        for place, (one, text) in enumerate(zip(ids, texts, strict=True))
    ]


def as_value(value: object) -> str | None:
    """Return what is kept of a value: its text, None where there is none."""
    return None if value is None or value == "" else str(printable(str(value)))
