"""What every reader of a format hands over: the names of the columns, and a way to stream some of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

# (row number in the source from 1, the values of the columns asked for, or why the row cannot be used)
Record: TypeAlias = tuple[int, tuple[Any, ...] | str]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table that can be streamed again and again. `read(columns)` yields one Record per row, in order."""

    kind: str
    columns: list[str]
    read: Callable[[Sequence[str]], Iterator[Record]]
    notes: list[str] = field(default_factory=list)


def unique_names(names: Sequence[str]) -> list[str]:
    """Return the column names, none empty and none twice: `column3` for the third, `text_2` for a second."""
    found: list[str] = []
    for place, name in enumerate(names, 1):
        fresh = given = name.strip() or f"column{place}"
        count = 1
        while fresh in found:
            count += 1
            fresh = f"{given}_{count}"
        found.append(fresh)
    return found
