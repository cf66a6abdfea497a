"""Topics over time and in classes: how many documents of each, and the words of a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from heedful.errors import DataError
from heedful.topics.model import TopicModel
from heedful.topics.weights import class_tf_idf, top
from heedful.types import Ints

MOST_BINS = 40
UNITS = ("day", "week", "month", "quarter", "year", "decade", "century")
YEAR, MONTH = re.compile(r"\d{4}(\.0)?"), re.compile(r"(\d{4})-(\d{2})")
WORDS = 5


@dataclass(frozen=True)
class Timeline:
    """B bins in order, each a `unit` long; `counts` (K, B) of documents, `totals` (B,) with outliers.

    `words[k][b]` are the words of a topic at that time; `bad` counts the dates that could not be read and
    `missing` those that are empty.
    """

    unit: str
    bins: list[str]
    counts: Ints
    totals: Ints
    words: list[list[tuple[str, ...]]]
    bad: int
    missing: int
    example: str


def parsed(value: Any) -> date | None:
    """Return a date, from a date, a year, or ISO 8601 (2004, 2004-03, 2004-03-05, 2004-03-05T10:00Z)."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip()
    try:
        if YEAR.fullmatch(text):
            return date(int(text[:4]), 1, 1)
        if found := MONTH.fullmatch(text):
            return date(int(found[1]), int(found[2]), 1)
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def over(model: TopicModel, dates: Sequence[Any], unit: str | None = None) -> Timeline:
    """Return the topics over time; `dates` has one for each of the N rows of the fit (None or "": missing).

    Without a `unit` the finest is taken that makes at most 40 bins between the first date and the last.
    """
    if len(dates) != len(model.labels_):
        raise DataError(f"found {len(dates)} dates for {len(model.labels_)} rows; expected one for each.")
    if unit not in (None, *UNITS):
        raise DataError(f"unit is {unit!r}; expected one of {', '.join(UNITS)}.")
    absent = [value is None or value != value or not str(value).strip() for value in dates]
    days = [None if gone else parsed(value) for value, gone in zip(dates, absent, strict=True)]
    wrong = [i for i, (day, gone) in enumerate(zip(days, absent, strict=True)) if day is None and not gone]
    known = [day for day in days if day is not None]
    if not known:
        told = f" The first: {str(dates[wrong[0]])!r:.60}." if wrong else ""
        raise DataError(
            f"none of {len(dates)} dates can be read; expected 2004, 2004-03 or 2004-03-05.{told}"
        )
    unit = unit or finest(min(known), max(known))
    bins = between(min(known), max(known), unit)
    place = {name: i for i, name in enumerate(bins)}
    where = np.array([-1 if day is None else place[called(day, unit)] for day in days], dtype=np.int64)
    counts = np.zeros((len(model.topics_), len(bins)), dtype=np.int64)
    rows = np.flatnonzero((where >= 0) & (model.labels_ >= 0))
    np.add.at(counts, (model.labels_[rows], where[rows]), 1)
    totals = np.bincount(where[(where >= 0) & ~model.empty_], minlength=len(bins))
    example = str(dates[wrong[0]])[:60] if wrong else ""
    return Timeline(
        unit, bins, counts, totals, spoken(model, where, len(bins)), len(wrong), sum(absent), example
    )


def finest(first: date, last: date) -> str:
    """Return the shortest unit that makes at most 40 bins; a century where there is none."""
    days = (last - first).days
    lengths = (1, 7, 30.44, 91.3, 365.25, 3652.5)
    fitting = (unit for unit, length in zip(UNITS, lengths, strict=False) if days / length < MOST_BINS - 1)
    return next(fitting, UNITS[-1])


def called(day: date, unit: str) -> str:
    """Return the name of the bin that a day falls into, which sorts as time goes."""
    if unit == "day":
        return day.isoformat()
    if unit == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if unit == "month":
        return f"{day.year:04d}-{day.month:02d}"
    if unit == "quarter":
        return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    step = {"year": 1, "decade": 10, "century": 100}[unit]
    return f"{day.year // step * step:04d}" + ("" if step == 1 else "s")


def between(first: date, last: date, unit: str) -> list[str]:
    """Return the names of all bins from the first day to the last, empty ones too."""
    if unit in ("year", "decade", "century"):
        years = range(first.year, last.year + 1)
        return list(dict.fromkeys(called(date(year, 1, 1), unit) for year in years))
    found = (called(first + timedelta(days=i), unit) for i in range((last - first).days + 1))
    return list(dict.fromkeys(found))


def spoken(model: TopicModel, where: Ints, bins: int) -> list[list[tuple[str, ...]]]:
    """Return the words of each topic in each bin: weights of the whole fit, counts of that time."""
    known, count = model.documents_, len(model.topics_)
    empty: list[list[tuple[str, ...]]] = [[()] * bins for _ in range(count)]
    if known is None:
        return empty
    first = where[known.told.rows]
    for number in range(bins):
        labels = np.where(first == number, known.labels, -1)
        weights = class_tf_idf(known.terms.counts, labels, count, known.cosines)
        for topic in np.unique(labels[labels >= 0]):
            own = weights[topic] * (known.weights[topic] > 0)
            empty[topic][number] = tuple(word for word, _ in top(own, known.terms.vocabulary, WORDS, 0.2))
    return empty


def per_class(model: TopicModel, classes: Sequence[Any]) -> tuple[list[str], Ints]:
    """Return the classes, sorted, and how many rows of each topic have each: (K, C)."""
    if len(classes) != len(model.labels_):
        raise DataError(f"found {len(classes)} classes for {len(model.labels_)} rows; expected one for each.")
    names, places = np.unique(["" if c is None else str(c).strip() for c in classes], return_inverse=True)
    counts = np.zeros((len(model.topics_), len(names)), dtype=np.int64)
    rows = np.flatnonzero(model.labels_ >= 0)
    np.add.at(counts, (model.labels_[rows], places[rows]), 1)
    return names.tolist(), counts
