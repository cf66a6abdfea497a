"""Parallel text, streamed: the lines of two files or two columns of a table, without what is no good pair."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from itertools import zip_longest
from pathlib import Path

from heedful.data.columns import as_text, listing, named
from heedful.data.files import TextFile, content_digest
from heedful.data.rows import Rows
from heedful.data.sources import open_file
from heedful.errors import DataError

LONGEST = 4000  # characters of one side
RATIO, SLACK = 4, 40  # one side may have RATIO times the characters of the other, and SLACK more
SHOWN, LETTERS = 3, 200  # examples of what a rule took, and characters of each side

Pair = tuple[str, str]  # source, target
Numbered = tuple[int, Pair | str]  # number of the line or row from 1, the pair or why there is none


@dataclass(frozen=True)
class Parallel:
    """Pairs that can be streamed again and again; `name` is what to call them.

    `columns` are those of a table, none of two files.
    """

    name: str
    numbered: Callable[[], Iterator[Numbered]]
    files: tuple[Path, ...]
    notes: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """Return a SHA-256 over the names and bytes of the files and the columns."""
        parts = [[path.name, *content_digest(path)] for path in self.files]
        return sha256(json.dumps([parts, self.columns]).encode()).hexdigest()


def open_parallel(
    paths: Sequence[str | Path], source: str | None = None, target: str | None = None
) -> Parallel:
    """Return the pairs of two files that go line by line, or of the columns `source` and `target` of a table.

    Packed with gzip or not. Without names a table's two columns are taken, if it has just two.
    """
    if len(paths) == 2:
        return two_files(Path(paths[0]), Path(paths[1]))
    if len(paths) != 1:
        raise DataError(f"{len(paths)} files are given; expected a table, or a file for each language.")
    found = open_file(Path(paths[0]))
    if isinstance(found, TextFile):
        raise DataError(
            f"{paths[0]} is text in one language; expected a table with two columns of texts, or two files "
            "that go line by line. Name the other file too."
        )
    return table(found, Path(paths[0]), source, target)


def two_files(source: Path, target: Path) -> Parallel:
    """Return the pairs of line n and line n; a line ends at \\n or \\r\\n."""
    files = [open_file(path) for path in (source, target)]
    texts = [file for file in files if isinstance(file, TextFile)]
    if len(texts) < len(files):
        raise DataError(
            f"{source} and {target}: one of them is a table; expected two files of plain lines. "
            "Name the table alone, and its columns."
        )

    def numbered() -> Iterator[Numbered]:
        streams = map(lines, texts)
        for number, (first, second) in enumerate(zip_longest(*streams), 1):
            if first is None or second is None:
                short, long = (source, target) if first is None else (target, source)
                raise DataError(
                    f"{short} has {number - 1:,} lines and {long} has more; expected as many, line by line."
                )
            yield number, (first, second)

    notes = [note for file in texts for note in file.notes]
    return Parallel(f"{source} and {target}", numbered, (source, target), notes)


def lines(file: TextFile) -> Iterator[str]:
    """Yield the lines of a text, without their ends."""
    with file.opened(newline="\n") as handle:
        for line in handle:
            text = line.removesuffix("\n").removesuffix("\r")
            yield text.replace("\0", "") if file.nuls else text


def table(rows: Rows, path: Path, source: str | None, target: str | None) -> Parallel:
    """Return the pairs of two columns."""
    name = str(path)
    if source is None and target is None and len(rows.columns) == 2:
        columns = list(rows.columns)
    elif source is None or target is None:
        raise DataError(
            f"{name} has the columns {listing(rows.columns)}; which one is translated into which? "
            "Name both, with --source and --target."
        )
    else:
        columns = [
            named(rows.columns, column, what, name)
            for column, what in ((source, "the source"), (target, "the target"))
        ]
    if columns[0] == columns[1]:
        raise DataError(f"{name}: {columns[0]!r} is named as source and as target; expected two columns.")

    def numbered() -> Iterator[Numbered]:
        for number, values in rows.read(columns):
            if isinstance(values, str):
                yield number, values
                continue
            first, second = map(as_text, values)
            yield number, "nested text" if first is None or second is None else (first, second)

    return Parallel(name, numbered, (path,), list(rows.notes), tuple(columns))


@dataclass
class Cleaning:
    """Lets good pairs through, and counts what each rule took, with a few examples: (number, source, target).

    `held` are prints of texts that are scored on: pairs with one of them on their side are left out. Spaces
    and case make no difference. A rule is counted once for a pair, the first that holds. No side may have
    more than `longest` characters, nor, where `alike` says that both say the same, many times the other's.
    """

    held: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
    longest: int = LONGEST
    alike: bool = True
    kept: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)

    def good(self, numbered: Iterable[Numbered]) -> Iterator[Pair]:
        """Yield the good pairs, spaces around them removed."""
        for number, pair in numbered:
            if isinstance(pair, str):
                self.taken[pair] += 1
                continue
            stripped = pair[0].strip(), pair[1].strip()
            if (rule := self.rule(*stripped)) is None:
                self.kept += 1
                yield stripped
            else:
                self.taken[rule] += 1
                shown = self.examples.setdefault(rule, [])
                if len(shown) < SHOWN:
                    shown.append((number, stripped[0][:LETTERS], stripped[1][:LETTERS]))

    def rule(self, source: str, target: str) -> str | None:
        """Return the rule that takes a pair, None where it is good."""
        if not source or not target:
            return "empty source" if not source else "empty target"
        if max(len(source), len(target)) > self.longest:
            return f"more than {self.longest:,} characters"
        sides = folded(source), folded(target)
        if sides[0] == sides[1]:
            return "target is a copy of the source"
        short, long = sorted(map(len, sides))
        if self.alike and long > RATIO * short + SLACK:
            return f"one side more than {RATIO} times as long as the other"
        prints = printed(sides[0]), printed(sides[1])
        if prints[0] in self.held[0] or prints[1] in self.held[1]:
            return "stands in what is scored"
        both = printed("\n".join(sides))
        if both in self.seen:
            return "the same pair as an earlier one"
        self.seen.add(both)
        return None


def held_texts(pairs: Iterable[Pair]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the prints of the sources and targets that are scored on."""
    found: tuple[set[int], set[int]] = (set(), set())
    for pair in pairs:
        for side, text in zip(found, pair, strict=True):
            side.add(printed(folded(text)))
    return frozenset(found[0]), frozenset(found[1])


def folded(text: str) -> str:
    """Return a text whose spaces and case say nothing."""
    return " ".join(text.split()).casefold()


def printed(text: str) -> int:
    """Return a number of 64 bits that stands for a text."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
