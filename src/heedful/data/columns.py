"""Which column is the text and which the label: by name, then by content; unclear cases are refused."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heedful.errors import DataError

# Usual names, the surest ones first.
FIRST_TEXT = frozenset({"text", "texts", "sentence", "sentences"})
FIRST_LABEL = frozenset({"label", "labels", "class", "category", "target", "sentiment", "topic"})
USUAL_TEXT = """content body review message msg tweet document doc comment question utterance query post
abstract article description headline review_text comment_text full_text cleaned_text clean_text text_clean
tweet_text review_body news statement email summary v2"""
USUAL_LABEL = """y intent emotion genre stars star rating score polarity type tag group section department
language lang output gold answer classification class_label category_name label_name topic_name classes
categories v1"""
MORE_TEXT, MORE_LABEL = frozenset(USUAL_TEXT.split()), frozenset(USUAL_LABEL.split())
USUAL_PAIR = (
    """anchor positive negative premise hypothesis sentence1 sentence2 text1 text2 passage similarity"""
)
PAIR_NAMES = frozenset(USUAL_PAIR.split())
TEXT_NAMES, LABEL_NAMES = FIRST_TEXT | MORE_TEXT, FIRST_LABEL | MORE_LABEL
MOST_CLASSES = 1000
CLEARLY = 2.0  # a text column is clear if its values are this many times as long as the next one's
SURROGATE = re.compile("[\ud800-\udfff]")
WHOLE = re.compile(r"(-?\d+)\.0+")


@dataclass(frozen=True)
class Profile:
    """What a column holds, over the first rows."""

    name: str
    values: list[str]  # those that are not empty

    @property
    def length(self) -> float:
        """Return the mean number of characters."""
        return sum(map(len, self.values)) / max(1, len(self.values))

    @property
    def words(self) -> float:
        """Return the mean number of words."""
        return sum(len(value.split()) for value in self.values) / max(1, len(self.values))

    @property
    def distinct(self) -> int:
        """Return the number of distinct values."""
        return len(set(self.values))

    def texty(self) -> bool:
        """Tell whether the values can be texts: several words, or long, and mostly not the same."""
        long = self.words >= 2.5 or self.length >= 25
        return long and self.distinct > min(20, len(self.values) / 4)

    def labelly(self, clearly: bool) -> bool:
        """Tell whether the values can be labels: few, repeated, short. `clearly` asks for more repetition."""
        most = min(100, len(self.values) / 5) if clearly else min(MOST_CLASSES, max(2, len(self.values) / 2))
        return 2 <= self.distinct <= most and self.length <= 60 and not (clearly and self.fractions())

    def fractions(self) -> bool:
        """Tell whether any value is a number with a fraction: a measurement, not a label."""
        return any(re.fullmatch(r"-?\d*\.\d*[1-9]\d*(e-?\d+)?", value) for value in self.values)


def as_text(value: Any) -> str | None:
    """Return a cell as a string without lone surrogates; None for a nested value; a missing one is empty."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, (dict, list, tuple, set, bytes)):
        return None
    text = value if isinstance(value, str) else str(value)
    if text in ("<NA>", "NaT") and not isinstance(value, str):
        return ""
    return text if text.isascii() else SURROGATE.sub("\ufffd", text)


def as_label(value: Any) -> str | None:
    """Return a cell as a label: no spaces around it, and 1.0 is `1`."""
    text = as_text(value)
    if text is None:
        return None
    text = text.strip()
    whole = WHOLE.fullmatch(text)
    return whole.group(1) if whole else text


def profiles(columns: Sequence[str], records: Sequence[tuple[Any, ...]]) -> list[Profile]:
    """Return what each column holds in the first rows."""
    found = []
    for place, name in enumerate(columns):
        texts = (as_text(record[place]) for record in records)
        found.append(Profile(name, [text.strip() for text in texts if text and text.strip()]))
    return found


def named(columns: Sequence[str], wanted: str, flag: str, source: str) -> str:
    """Return the column of that name, in any case; else a DataError that lists the columns, nearest first."""
    if wanted in columns:
        return wanted
    same = [name for name in columns if name.strip().casefold() == wanted.strip().casefold()]
    if len(same) == 1:
        return same[0]
    close = difflib.get_close_matches(wanted, columns, n=3, cutoff=0.4)
    order = [*close, *(name for name in columns if name not in close)]
    raise DataError(f"{source} has no column {wanted!r} for {flag}; it has {listing(order)}.")


def guess_text(found: Sequence[Profile], source: str, taken: str | None = None, flag: str = "--text") -> str:
    """Return the column that holds the texts, or a DataError with the candidates and the flag to use."""
    free = [profile for profile in found if profile.name != taken]
    first = calledby(free, FIRST_TEXT)
    if first:
        return longest([p for p in first if p.texty()] or first, source, flag)
    if len(free) == 1:
        return free[0].name
    texty = [p for p in free if p.texty()]
    called = [p for p in calledby(free, MORE_TEXT) if p.texty()]
    if called:
        rivals = [p for p in texty if p.words > CLEARLY * max(c.words for c in called)]
        return longest([*called, *rivals], source, flag)
    if not texty:
        names_ = listing([profile.name for profile in found])
        raise DataError(
            f"no column of {source} looks like text: it has {names_}; expected one with several words a row. "
            f"Name it with {flag}."
        )
    return longest(texty, source, flag)


def calledby(found: Sequence[Profile], names: frozenset[str]) -> list[Profile]:
    """Return the columns whose name is one of these, in any case."""
    return [profile for profile in found if profile.name.strip().casefold() in names]


def longest(candidates: Sequence[Profile], source: str, flag: str) -> str:
    """Return the candidate with clearly the longest values."""
    order = sorted(candidates, key=lambda profile: -profile.length)
    if len(order) > 1 and order[0].length < CLEARLY * order[1].length:
        alike = [f"{p.name} ({p.length:.0f} characters a row)" for p in order]
        raise DataError(
            f"the text column of {source} is not clear: candidates are {listing(alike)}. "
            f"Name one with {flag}."
        )
    return order[0].name


def guess_label(found: Sequence[Profile], source: str, text: str) -> str:
    """Return the column that holds the labels, or a DataError with the candidates."""
    free = [profile for profile in found if profile.name != text]
    first = calledby(free, FIRST_LABEL)
    if first:
        return only([p for p in first if p.labelly(clearly=False)] or first, source)
    called = [p for p in calledby(free, MORE_LABEL) if p.labelly(clearly=False)]
    candidates = called + [p for p in free if p not in called and p.labelly(clearly=True)]
    if not candidates:
        names_ = listing([profile.name for profile in free]) if free else "no other column"
        raise DataError(
            f"no column of {source} looks like a label: beside {text!r} it has {names_}; expected one with "
            "few values that repeat. Name it with --label."
        )
    return only(candidates, source)


def only(candidates: Sequence[Profile], source: str) -> str:
    """Return the one candidate."""
    if len(candidates) > 1:
        alike = [f"{p.name} ({p.distinct} values)" for p in candidates]
        raise DataError(
            f"the label column of {source} is not clear: candidates are {listing(alike)}. "
            "Name one with --label."
        )
    return candidates[0].name


def listing(names: Sequence[str], most: int = 8) -> str:
    """Return names as words in a sentence, the rest only counted."""
    shown = ", ".join(name[:60] for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
