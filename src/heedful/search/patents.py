"""Patents: claims in, the nearest earlier claims out, and the CPC subclasses that these vote for."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from heedful.data.columns import as_text
from heedful.errors import DataError
from heedful.search.index import Hit, Index, Scorer
from heedful.search.rows import Source, open_source
from heedful.search.view import Row

DATE, CLASSES = "date", "classes"
ISO = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")
SUBCLASS = re.compile(r"[A-HY]\d\d[A-Z]")  # as H04L: section, class, subclass
VOTERS = 20  # neighbours that vote
THRESHOLDS = np.arange(0.15, 0.65, 0.05)  # of the votes, from which a subclass is predicted
SAMPLE = 300  # claims of the index by which the threshold is chosen


@dataclass(frozen=True)
class Prior:
    """What was there before a claim: claims, nearest first, and subclasses with their share of the votes.

    `predicted` are those above the threshold, at least one where any neighbour has one.
    """

    hits: list[Hit]
    votes: dict[str, float]
    predicted: list[str]


@dataclass(frozen=True)
class Claims(Source):
    """A table of claims: `date` as ISO, `classes` the subclasses with spaces between."""

    subclasses: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that each row has."""
        return (DATE, CLASSES, *self.keep)

    def read(self, first: int = 1) -> Iterator[Row]:
        """Yield the claims; those without a date can never be prior art, and are counted in the notes."""
        inner = replace(self, keep=(*self.keep, DATE, *self.subclasses))
        undated = 0
        for row in Source.read(inner, first):
            date = iso(row.columns.get(DATE))
            undated += date is None
            classes = {DATE: date, CLASSES: " ".join(self._classes(row)) or None}
            yield Row(row.id, row.text, {**{name: row.columns.get(name) for name in self.keep}, **classes})
        if undated:
            self.rows.notes.append(f"{undated:,} claims have no date like 2015-03-01: never prior art.")

    def _classes(self, row: Row) -> list[str]:
        """Return the subclasses: of one column of words, or the names of the columns that say 1."""
        if self.subclasses == (CLASSES,):
            return sorted(set(re.split(r"[\s,;|]+", row.columns.get(CLASSES) or "")) - {""})
        return [name for name in self.subclasses if row.columns.get(name) not in (None, "0", "0.0", "False")]


def patent_rows(
    path: str | Path, text: str | None = None, id: str | None = None, keep: Sequence[str] = ()
) -> Claims:
    """Open a table of claims with `date`, and `classes` or a column of 0 and 1 for each subclass."""
    table = open_source(
        path, text or "text", id or "id", [name for name in keep if name not in (DATE, CLASSES)]
    )
    names = tuple(name for name in table.rows.columns if SUBCLASS.fullmatch(name))
    names = (CLASSES,) if CLASSES in table.rows.columns else names
    missing = [name for name, there in ((DATE, DATE in table.rows.columns), (CLASSES, names)) if not there]
    if missing:
        raise DataError(
            f"{path} has no column {' and '.join(missing)}; expected a date of each claim, and its CPC "
            "subclasses: in one column, or a column of 0 and 1 for each, named as H04L."
        )
    return Claims(table.name, table.rows, table.text, table.id, table.keep, names)


def iso(value: object) -> str | None:
    """Return a date as 2015-03-01, None if it is none."""
    found = ISO.match(as_text(value) or "")
    return "-".join(found.groups()) if found else None


class Patents:
    """Prior art in an index of claims. `threshold_` is chosen on the index's own claims, each left out."""

    def __init__(self, index: Index, voters: int = VOTERS) -> None:
        missing = {DATE, CLASSES} - set(index.view.columns)
        if missing:
            raise DataError(f"{index.home} keeps no {sorted(missing)}. Build it with --preset patents.")
        self.index, self.voters = index, voters

    def search(
        self, claims: Sequence[str], before: Sequence[str | None], top: int = 10, *,
        where: str | None = None, hybrid: bool = False, rerank: Scorer | None = None,
    ) -> list[Prior]:  # fmt: skip
        """Return for each claim what was there before its date (None: whenever)."""
        if not hasattr(self, "threshold_"):
            self.calibrate()
        dates = [date if date is None else checked(date) for date in before]
        order = sorted(range(len(claims)), key=lambda row: dates[row] or "")
        found: dict[int, Prior] = {}
        for date, group in groupby(order, key=lambda row: dates[row]):
            rows = list(group)
            asked = " and ".join(f"({part})" for part in (where, date and f"date < '{date}'") if part) or None
            told = self.index.search(
                [claims[row] for row in rows],
                max(top, self.voters),
                where=asked,
                hybrid=hybrid,
                rerank=rerank,
            )
            found |= {row: self._prior(hits, top) for row, hits in zip(rows, told, strict=True)}
        return [found[row] for row in range(len(claims))]

    def _prior(self, hits: Sequence[Hit], top: int) -> Prior:
        shares = votes([classes_of(hit.columns[CLASSES]) for hit in hits[: self.voters]])
        return Prior(list(hits[:top]), shares, predicted(shares, self.threshold_))

    def calibrate(self) -> None:
        """Choose the threshold by which the index's own claims are labelled best (micro-F1)."""
        view = self.index.view
        rows = np.random.default_rng(0).permutation(view.live)[:SAMPLE]
        near, _ = self.index.nearest(view.vectors(rows), self.voters + 1, view.alive)
        texts = view.column(CLASSES).texts
        truth = [classes_of(texts[row]) for row in rows.tolist()]
        shares = [
            votes([classes_of(texts[other]) for other in some if other not in (-1, row)][: self.voters])
            for row, some in zip(rows.tolist(), near.tolist(), strict=True)
        ]
        scored = [micro_f1(truth, [predicted(one, at) for one in shares]) for at in THRESHOLDS]
        self.threshold_ = float(THRESHOLDS[int(np.argmax(scored))])


def checked(date: str) -> str:
    """Return a date as ISO; anything else is refused."""
    found = iso(date)
    if found is None or not ISO.fullmatch(date.strip()):
        raise DataError(f"{date!r} is no date; expected one like 2015-03-01.")
    return found


def classes_of(value: str | None) -> set[str]:
    """Return the subclasses of a kept value."""
    return set((value or "").split())


def votes(neighbours: Sequence[set[str]]) -> dict[str, float]:
    """Return each subclass's share of the votes, most first; the neighbour of rank r has 1 / log2(1 + r)."""
    weights = 1.0 / np.log2(2.0 + np.arange(len(neighbours)))
    counted: Counter[str] = Counter()
    for weight, classes in zip(weights.tolist(), neighbours, strict=True):
        for name in classes:
            counted[name] += weight
    total = float(weights.sum()) or 1.0
    return {name: value / total for name, value in sorted(counted.items(), key=lambda x: (-x[1], x[0]))}


def predicted(shares: dict[str, float], threshold: float) -> list[str]:
    """Return the subclasses whose share reaches the threshold; the first, where none does."""
    chosen = [name for name, share in shares.items() if share >= threshold]
    return chosen or list(shares)[:1]


def micro_f1(truth: Sequence[set[str]], found: Sequence[Sequence[str]]) -> float:
    """Return the F1 of all predicted subclasses of all claims."""
    right = sum(len(one & set(some)) for one, some in zip(truth, found, strict=True))
    return 2 * right / max(1, sum(map(len, truth)) + sum(map(len, found)))
