"""`read_examples`: texts or pairs of texts with a label, several labels or a number each, from any table."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Literal, NamedTuple

from heedful.data import columns as guess
from heedful.data.files import LIMIT
from heedful.data.rows import Rows
from heedful.data.table import choose, fingerprint, label_notes, open_rows
from heedful.errors import ConfigError, DataError

KINDS = ("auto", "single", "multi", "number")
SIGNS = ("|", ";", ",")
LISTED, JSON = "list", "json"  # how several labels can stand in a cell, besides a sign between them
MANY = 20  # rows, from which whole numbers that mostly differ are amounts

Kind = Literal["auto", "single", "multi", "number"]


@dataclass(frozen=True, kw_only=True)
class Examples:
    """N texts, or pairs of texts, and what is known of each: what `kind` says.

    That is a label ("single"), a list of labels ("multi", apart by `form`), or a number. `columns` maps text,
    pair and label to their names; `rows`, `skipped`, `notes` and `fingerprint` are as in a Table.
    """

    texts: list[Any]
    labels: list[Any]
    rows: list[int]
    kind: str
    form: str
    source: str
    columns: dict[str, str]
    skipped: dict[str, int]
    notes: list[str]
    fingerprint: str

    def joined(self) -> list[str]:
        """Return the texts, those of a pair as two lines of one."""
        return [text if isinstance(text, str) else "\n".join(text) for text in self.texts]

    def taken(self, places: Sequence[int]) -> "Examples":
        """Return the rows at these places."""
        parts = ([values[i] for i in places] for values in (self.texts, self.labels, self.rows))
        texts, labels, rows = parts
        return replace(self, texts=texts, labels=labels, rows=rows, fingerprint=printed(texts, labels))


class Cell(NamedTuple):
    """A row that has its texts: its number, the text or pair, the label as it stands in the table."""

    row: int
    text: Any
    label: Any


class Form(NamedTuple):
    """What kind of labels the cells hold, how several stand in one, and how both are told."""

    kind: str
    form: str
    notes: list[str]


def read_examples(
    source: Any,
    *,
    text: str | None = None,
    pair: str | None = None,
    label: str | None = None,
    kind: Kind = "auto",
    like: Examples | None = None,
    limit: int = LIMIT,
) -> Examples:
    """Read texts and labels; `pair` names the column of second texts, where there is one.

    Columns that are not named are guessed, as `read_table` does it. `kind` "auto" is told from the labels.
    `like` is a table that was read before: this one is read in the same manner.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind is {kind!r}; expected one of {', '.join(KINDS)}.")
    if like is not None:
        text, pair, label = (like.columns.get(one) for one in ("text", "pair", "label"))
    name, rows = open_rows(source, [one for one in (text, pair, label) if one], limit)
    columns = chosen(rows, name, text, pair, label)
    skipped: Counter[str] = Counter()
    cells = list(usable(rows, columns, skipped))
    form = told([cell.label for cell in cells], kind) if like is None else Form(like.kind, like.form, [])
    kept = list(parsed(cells, form, skipped))
    if not kept:
        reasons = ", ".join(f"{count} with {reason}" for reason, count in skipped.items()) or "no rows"
        raise DataError(f"{name}: no row can be used ({reasons}); expected a {words(form.kind)} in each.")
    texts, labels = [cell.text for cell in kept], [cell.label for cell in kept]
    named = ", ".join(f"{what} is column {column!r}" for what, column in columns.items())
    notes = [*rows.notes, f"{named[0].upper()}{named[1:]}.", *form.notes, *remarks(labels, form.kind)]
    return Examples(
        texts=texts, labels=labels, rows=[cell.row for cell in kept], kind=form.kind, form=form.form,
        source=name, columns=columns, skipped=dict(skipped), notes=notes, fingerprint=printed(texts, labels),
    )  # fmt: skip


def chosen(rows: Rows, name: str, text: str | None, pair: str | None, label: str | None) -> dict[str, str]:
    """Return the columns of text, pair (where one is named) and label: those named, else those guessed."""
    second = guess.named(rows.columns, pair, "the second text", name) if pair else None
    for column in (text, label):
        if second is not None and column is not None and column.strip().casefold() == second.casefold():
            raise DataError(f"{name}: {column!r} is named twice; expected a column for each part.")
    rest = replace(rows, columns=[column for column in rows.columns if column != second])
    first, answer = choose(rest, name, text, label)
    assert answer is not None
    return {"text": first, **({"pair": second} if second else {}), "label": answer}


def usable(rows: Rows, columns: dict[str, str], skipped: Counter[str]) -> Iterator[Cell]:
    """Yield the rows that have their texts; the others are counted by reason."""
    for number, values in rows.read(list(columns.values())):
        if isinstance(values, str):
            skipped[values] += 1
            continue
        texts = [guess.as_text(value) for value in values[:-1]]
        if any(text is None for text in texts):
            skipped["nested text"] += 1
        elif not all(text and text.strip() for text in texts):
            skipped["empty text"] += 1
        else:
            label = values[-1] if isinstance(values[-1], list) else guess.as_label(values[-1])
            yield Cell(number, tuple(texts) if len(texts) > 1 else texts[0], label)


def told(labels: Sequence[Any], kind: str) -> Form:
    """Return what the labels are; `kind` "auto" leaves it to them."""
    filled = [label for label in labels if label not in (None, "")]
    if kind == "number" or (kind == "auto" and amounts(filled)):
        return Form("number", "", [f"The labels are numbers{' (--kind says otherwise)' * (kind == 'auto')}."])
    form = "" if kind == "single" else together(filled, sure=kind == "multi")
    if kind == "single" or (kind == "auto" and not form):
        return Form("single", "", [])
    ways = {LISTED: "as a list", JSON: "as a JSON list", "": "by nothing: each cell is one label"}
    way = ways.get(form, f"with {form!r} between them")
    return Form("multi", form, [f"Several labels in a cell are told apart {way}."])


def amounts(labels: Sequence[Any]) -> bool:
    """Are these numbers to be measured, not names: some with a fraction, or many that mostly differ?"""
    found = [number(label) for label in labels]
    if not found or any(one is None for one in found):
        return False
    mostly = len(found) >= MANY and len(set(found)) > len(found) / 2
    return mostly or any(one is not None and one % 1 for one in found)


def number(label: Any) -> float | None:
    """Return a label as a finite number, None if it is none."""
    try:
        found = float(label)
    except (TypeError, ValueError):
        return None
    return found if isfinite(found) else None


def together(labels: Sequence[Any], sure: bool) -> str:
    """Return how several labels stand in a cell, "" if they do not.

    Where that is not `sure`, a sign between labels counts only if the parts are fewer than the cells that
    differ: the same labels in several company.
    """
    if any(isinstance(label, list) for label in labels):
        return LISTED
    if labels and all(isinstance(as_list(label), list) for label in labels):
        return JSON
    cells = {str(label) for label in labels}
    counts = {
        sign: len({part.strip() for cell in cells for part in cell.split(sign)} - {""})
        for sign in SIGNS
        if any(sign in cell for cell in cells)
    }
    best = min(counts, key=lambda sign: counts[sign], default="")
    return best if best and (sure or counts[best] < len(cells)) else ""


def as_list(label: Any) -> Any:
    """Return the value of a JSON list, None for anything else."""
    if not isinstance(label, str) or not label.startswith("["):
        return None
    try:
        return json.loads(label)
    except (ValueError, RecursionError):
        return None


def parsed(cells: Sequence[Cell], form: Form, skipped: Counter[str]) -> Iterator[Cell]:
    """Yield the rows whose label is of the kind; the others are counted by reason."""
    read = PARSERS[form.kind]
    for cell in cells:
        found, reason = read(cell.label, form.form)
        if reason:
            skipped[reason] += 1
        else:
            yield cell._replace(label=found)


def one_label(label: Any, form: str) -> tuple[Any, str]:  # noqa: ARG001
    """Return the label, or why there is none."""
    if label is None or isinstance(label, list):
        return None, "nested label"
    return label, "" if label else "empty label"


def one_number(label: Any, form: str) -> tuple[Any, str]:  # noqa: ARG001
    """Return the number, or why there is none."""
    found = number(label)
    return found, "" if found is not None else "empty label" if label == "" else "no number as label"


def many_labels(label: Any, form: str) -> tuple[Any, str]:
    """Return the list of labels, each once, or why there is none; an empty cell has no labels."""
    if label in (None, ""):
        return ([], "") if label == "" else (None, "nested label")
    if form in (LISTED, JSON):
        found = label if isinstance(label, list) else as_list(label)
    else:
        found = label.split(form) if form else [label]
    parts = [guess.as_label(part) for part in found] if isinstance(found, list) else [None]
    if any(part is None for part in parts):
        return None, "no list of labels"
    return list(dict.fromkeys(part for part in parts if part)), ""


PARSERS: dict[str, Callable[[Any, str], tuple[Any, str]]] = {
    "single": one_label, "multi": many_labels, "number": one_number,
}  # fmt: skip


def words(kind: str) -> str:
    """Return what a kind of label is called."""
    return {"multi": "list of labels", "number": "number"}.get(kind, "label")


def remarks(labels: Sequence[Any], kind: str) -> list[str]:
    """Return notes on the labels that a reader has to know."""
    if kind == "single":
        return label_notes(labels)
    bare = sum(not one for one in labels) if kind == "multi" else 0
    return [f"{bare:,} rows have no label: none applies to them."] if bare else []


def printed(texts: Sequence[Any], labels: Sequence[Any]) -> str:
    """Return the SHA-256 of texts and labels, in order."""
    return fingerprint([json.dumps(text) for text in texts], [json.dumps(label) for label in labels])
