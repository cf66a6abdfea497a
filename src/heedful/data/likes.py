"""`read_likes`: texts that belong together, from any table: pairs, triplets, graded pairs, classed pairs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from heedful.data import columns as guess
from heedful.data.columns import listing
from heedful.data.examples import number, printed
from heedful.data.files import LIMIT
from heedful.data.rows import Rows
from heedful.data.table import SAMPLE_ROWS, open_rows
from heedful.errors import ConfigError, DataError

KINDS = ("auto", "pairs", "triplets", "graded", "classes", "texts")
MOST_CLASSES = 10
FIRST = ("anchor", "query", "question", "sentence1", "text1", "premise", "text")
SECOND = ("positive", "document", "answer", "passage", "sentence2", "text2", "hypothesis", "pair")
THIRD = ("negative",)
GRADE = ("score", "similarity", "grade", "label", "gold_label")


@dataclass(frozen=True, kw_only=True)
class Likes:
    """N rows of one, two or three texts; `kind` says what they are to each other.

    "pairs" belong together; the third of "triplets" does not; "graded" pairs have a number each, "classes" a
    word each (both in `labels`, which is empty otherwise); "texts" stand alone. `columns` maps text, pair,
    negative and label to their names; `rows`, `skipped`, `notes` and `fingerprint` are as in a Table.
    """

    texts: list[tuple[str, ...]]
    labels: list[Any]
    rows: list[int]
    kind: str
    source: str
    columns: dict[str, str]
    skipped: dict[str, int]
    notes: list[str]
    fingerprint: str

    def taken(self, places: Sequence[int]) -> "Likes":
        """Return the rows at these places."""
        texts, rows = [self.texts[i] for i in places], [self.rows[i] for i in places]
        labels = [self.labels[i] for i in places] if self.labels else []
        return replace(
            self,
            texts=texts,
            labels=labels,
            rows=rows,
            fingerprint=printed(texts, labels or [None] * len(texts)),
        )


def read_likes(
    source: Any, *, text: str | None = None, pair: str | None = None, negative: str | None = None,
    label: str | None = None, kind: str = "auto", like: Likes | None = None, limit: int = LIMIT,
) -> Likes:  # fmt: skip
    """Read rows of texts; columns that are not named are told from their names, or from there being few.

    `kind` "auto" is told from the columns and the labels. `like` is a table that was read before.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind is {kind!r}; expected one of {', '.join(KINDS)}.")
    given = {"text": text, "pair": pair, "negative": negative, "label": label}
    if like is not None:
        given, kind = {name: like.columns.get(name) for name in given}, like.kind
    name, rows = open_rows(source, [one for one in given.values() if one], limit, labels=False)
    columns = chosen(rows, name, given)
    skipped: Counter[str] = Counter()
    read = list(usable(rows, columns, skipped))
    labels = [one[2] for one in read]
    kind = told(columns, labels, name) if kind == "auto" else kind
    check_columns(kind, columns, name)
    kept = list(labelled(read, kind, skipped))
    if not kept:
        reasons = ", ".join(f"{count} with {reason}" for reason, count in skipped.items()) or "no rows"
        wanted = listing([*columns.values()])
        raise DataError(f"{name}: no row can be used ({reasons}); expected texts in {wanted}.")
    texts = [one[1] for one in kept]
    labels = [one[2] for one in kept] if kind in ("graded", "classes") else []
    words = ", ".join(f"{what} is column {column!r}" for what, column in columns.items())
    notes = [*rows.notes, f"{words[0].upper()}{words[1:]}.", f"These are {ABOUT[kind]}."]
    return Likes(
        texts=texts, labels=labels, rows=[one[0] for one in kept], kind=kind, source=name, columns=columns,
        skipped=dict(skipped), notes=notes, fingerprint=printed(texts, labels or [None] * len(texts)),
    )  # fmt: skip


ABOUT = {
    "pairs": "pairs of texts that belong together",
    "triplets": "pairs of texts that belong together, with a third that does not",
    "graded": "pairs of texts with a grade of likeness",
    "classes": "pairs of texts with a class",
    "texts": "texts without labels",
}


def chosen(rows: Rows, name: str, given: dict[str, str | None]) -> dict[str, str]:
    """Return the columns by what they are: those named, else those called so, else all of few columns."""
    found = {what: guess.named(rows.columns, one, f"the {what}", name) for what, one in given.items() if one}
    if "text" not in found:
        called = {what: match(rows.columns, words) for what, words in zip(given, CALLED, strict=True)}
        found = {what: one for what, one in {**called, **found}.items() if one}
    if "text" not in found or (len(found) == 1 and 1 < len(rows.columns) <= 3 and not given["text"]):
        found = few(rows, name)
    if len(set(found.values())) < len(found):
        raise DataError(
            f"{name}: a column is named twice ({listing([*found.values()])}); expected different ones."
        )
    return {what: found[what] for what in given if what in found}


CALLED = (FIRST, SECOND, THIRD, GRADE)


def match(columns: Sequence[str], words: Sequence[str]) -> str | None:
    """Return the first column that is called by one of the words, in any case."""
    by_name = {column.strip().casefold(): column for column in reversed(columns)}
    return next((by_name[word] for word in words if word in by_name), None)


def few(rows: Rows, name: str) -> dict[str, str]:
    """Return what up to three columns are, by their order and by whether the last holds texts."""
    columns = rows.columns
    if len(columns) > 3:
        raise DataError(
            f"{name} has the columns {listing(columns)}; which texts belong together? Name them with --text "
            "and --pair, a third that does not belong with --negative, a grade or class with --label."
        )
    records = (values for _, values in rows.read(columns) if not isinstance(values, str))
    profiles = guess.profiles(columns, list(islice(records, SAMPLE_ROWS)))
    last = "negative" if len(columns) == 3 and profiles[-1].texty() else "label"
    return dict(zip(("text", "pair", last), columns, strict=False))


def usable(
    rows: Rows, columns: dict[str, str], skipped: Counter[str]
) -> Iterator[tuple[int, tuple[str, ...], Any]]:
    """Yield row number, texts and label of each row that has its texts; the others are counted by reason."""
    asked = list(columns.values())
    texts = [place for place, what in enumerate(columns) if what != "label"]
    for row, values in rows.read(asked):
        if isinstance(values, str):
            skipped[values] += 1
            continue
        found = tuple(guess.as_text(values[place]) for place in texts)
        if any(one is None for one in found):
            skipped["nested text"] += 1
        elif not all(one and one.strip() for one in found):
            skipped["empty text"] += 1
        else:
            yield row, tuple(map(str, found)), guess.as_label(values[-1]) if "label" in columns else None


def told(columns: dict[str, str], labels: Sequence[Any], name: str) -> str:
    """Return what kind of rows these are, from the columns there are and what the labels look like."""
    if "label" not in columns:
        return "triplets" if "negative" in columns else "pairs" if "pair" in columns else "texts"
    filled = [one for one in labels if one not in (None, "")]
    if filled and all(number(one) is not None for one in filled):
        return "graded"
    if len(set(filled)) <= MOST_CLASSES:
        return "classes"
    raise DataError(
        f"{name}: column {columns['label']!r} has {len(set(filled)):,} different words; expected grades, or "
        f"at most {MOST_CLASSES} classes. Name another with --label."
    )


NEEDED = {
    "pairs": ("text", "pair"), "triplets": ("text", "pair", "negative"), "graded": ("text", "pair", "label"),
    "classes": ("text", "pair", "label"), "texts": ("text",),
}  # fmt: skip


def check_columns(kind: str, columns: dict[str, str], name: str) -> None:
    """Raise DataError unless there are the columns that a kind needs."""
    missing = [what for what in NEEDED[kind] if what not in columns]
    if missing:
        flags = " and ".join(f"--{what}" for what in missing)
        raise DataError(f"{name}: for {ABOUT[kind]}, name the columns of {flags}.")
    for what in [*columns]:
        if what not in NEEDED[kind]:
            del columns[what]


def labelled(
    read: Sequence[tuple[int, tuple[str, ...], Any]], kind: str, skipped: Counter[str]
) -> Iterator[tuple[int, tuple[str, ...], Any]]:
    """Yield the rows with as many texts as the kind has, and labels that are of it."""
    texts = sum(what != "label" for what in NEEDED[kind])
    for row, found, label in read:
        value = number(label) if kind == "graded" else label
        if "label" in NEEDED[kind] and value in (None, ""):
            skipped["no grade" if kind == "graded" else "empty label"] += 1
        else:
            yield row, found[:texts], value
