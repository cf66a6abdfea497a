"""Building an index from a stream of rows: beside its place, in steps that a killed build goes on from."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from heedful.errors import DataError
from heedful.search.engine import EXACT
from heedful.search.folder import STATE
from heedful.search.index import Index
from heedful.search.intake import Added, Watch, batch
from heedful.search.view import Row
from heedful.storage import settle, swap
from heedful.types import Encoder


def build(
    folder: str | Path, rows: Iterable[Row], encoder: Encoder, *, model: str = "",
    columns: Sequence[str] = (), store: str = EXACT, about: Mapping[str, Any] | None = None,
    replace: bool = False, watch: Watch | None = None,
) -> tuple[Index, Added]:  # fmt: skip
    """Build an index, or go on with a build of the same settings that was killed.

    It grows in `.NAME.building` beside `folder` and takes its place when it is whole: until then there is no
    index, or with `replace` the old one. Of a second attempt, rows that are there unchanged are not encoded
    again, and rows that the table no longer has are deleted.
    """
    target = Path(folder).absolute()
    settle(target)
    check_target(target, replace)
    growing = target.parent / f".{target.name}.building"
    index = opened(growing, encoder, model=model, columns=columns, store=store, about=dict(about or {}))
    counts = Added()
    iterator, done = iter(rows), 0
    while some := list(batch(iterator)):
        before = done
        index.add_rows(some, counts, lambda more: watch(before + more) if watch else None)  # noqa: B023
        done += len(some)
    index.delete(set(index.view.rows) - counts.ids)
    index.close()
    if not len(index):
        shutil.rmtree(growing)
        raise DataError("the table has no row with a text (and an id); expected at least one.")
    swap(growing, target)
    made = Index.open(target)
    made.encoder = encoder
    made.prepare()
    return made, counts


def check_target(target: Path, replace: bool) -> None:
    """Refuse what stands in the way."""
    if (target / STATE).exists() and not replace:
        raise DataError(f"{target} is an index already. Use `heedful index add`, or give --replace.")
    taken = target.exists() and not (target / STATE).exists()
    if taken and (not target.is_dir() or any(target.iterdir())):
        raise DataError(f"{target} is there already and is no index. Name another folder.")


def opened(growing: Path, encoder: Encoder, **settings: Any) -> Index:
    """Return the index that a killed build left, if it has the same settings, else an empty one."""
    if (growing / STATE).exists():
        index = Index.open(growing)
        if all(index.settings[name] == list(value) if name == "columns" else index.settings[name] == value
               for name, value in settings.items()):  # fmt: skip
            index.use(encoder)
            return index
        index.close()
    shutil.rmtree(growing, ignore_errors=True)
    return Index.create(growing, encoder, **settings)
