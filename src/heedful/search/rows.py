"""A table as rows for an index, streamed: ids, texts and the columns that are kept."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from heedful.data.columns import as_text, named
from heedful.data.lines import plain_rows
from heedful.data.rows import Rows
from heedful.data.sources import open_file
from heedful.data.table import choose
from heedful.errors import DataError
from heedful.search.intake import as_value
from heedful.search.view import Row

Made = Callable[[Sequence[object]], str | None]


@dataclass(frozen=True)
class Source:
    """A table whose columns are chosen. Without a column of ids, the numbers of its rows are the ids."""

    name: str
    rows: Rows
    text: str
    id: str | None
    keep: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that each row has."""
        return self.keep

    def read(self, first: int = 1) -> Iterator[Row]:
        """Yield the rows; one that cannot be read has no text. Without ids, they count from `first`."""
        asked = [self.text, *([self.id] if self.id else []), *self.keep]
        for number, (_, values) in enumerate(self.rows.read(asked), first):
            if isinstance(values, str):
                yield Row("", "", {})
                continue
            text, *rest = (as_value(as_text(value)) for value in values)
            one = rest.pop(0) if self.id else str(number)
            yield Row((one or "").strip(), text or "", dict(zip(self.keep, rest, strict=True)))


def open_source(
    path: str | Path, text: str | None = None, id: str | None = None, keep: Sequence[str] = ()
) -> Source:
    """Open CSV, TSV, JSONL or Parquet, or lines of text; a column of texts that is not named is guessed."""
    name = str(path)
    found = open_file(Path(path))
    rows = found if isinstance(found, Rows) else plain_rows(found)
    chosen, _ = choose(rows, name, text, None, labels=False)
    one = named(rows.columns, id, "the id", name) if id else None
    kept = tuple(dict.fromkeys(named(rows.columns, column, "to keep", name) for column in keep))
    if "id" in kept:
        raise DataError(f"{name}: the column 'id' cannot be kept under that name. Give it as --id.")
    return Source(name, rows, chosen, one, kept)
