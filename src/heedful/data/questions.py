"""Questions whose answer stands in a text: SQuAD's JSON (Rajpurkar et al. 2016, 2018), and flat tables."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heedful.data.columns import as_text, named
from heedful.data.files import LIMIT, TextFile, check_regular, head, look
from heedful.data.jsonrows import whole_document
from heedful.data.marked import Marked, marked
from heedful.data.table import fingerprint, open_rows
from heedful.errors import DataError

SQUAD = re.compile(rb'(?<!\\)"(data|paragraphs)"\s*:\s*\[')
EXPECTED = "SQuAD's JSON, or a table with the columns question, context and answers (or answer)"
ANSWERS = frozenset({"answers", "answer"})
NOTES = {
    "mended": "answers stood elsewhere than said, and were found near it",
    "first": "answers came without a place: the first occurrence in the context is taken",
    "lost": "answers of rows with others do not stand in the context, and are left out",
}

Row = tuple[int, tuple[Any, Any, Any] | str]  # number from 1, (question, context, answers), or what is wrong


@dataclass(frozen=True, kw_only=True)
class QuestionTable:
    """N questions, their contexts and answers: spans of characters (start, end), none if it has no answer.

    `rows` are line numbers of a text file, numbers of the question in SQuAD's JSON, row numbers of anything
    else. `skipped` maps a reason to a count; `notes` say what was mended, and the first row of each reason.
    """

    questions: list[str]
    contexts: list[str]
    answers: list[list[tuple[int, int]]]
    rows: list[int]
    source: str
    skipped: dict[str, int]
    notes: list[str]
    fingerprint: str

    def texts(self) -> list[list[str]]:
        """Return the answers as texts."""
        pairs = zip(self.contexts, self.answers, strict=True)
        return [[context[start:end] for start, end in spans] for context, spans in pairs]

    def taken(self, places: Sequence[int]) -> "QuestionTable":
        """Return the rows at these places."""
        kept = Kept()
        for place in places:
            kept.add(self.rows[place], self.questions[place], self.contexts[place], self.answers[place])
        return kept.table(self.source, [])


@dataclass
class Kept:
    """The rows of a table so far, and what became of the others."""

    questions: list[str] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)
    answers: list[list[tuple[int, int]]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    firsts: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, row: int, question: str, context: str, answers: list[tuple[int, int]]) -> None:
        """Keep a row."""
        self.rows.append(row)
        self.questions.append(question)
        self.contexts.append(context)
        self.answers.append(answers)

    def skip(self, row: int, reason: str) -> None:
        """Leave a row out."""
        self.skipped[reason] += 1
        self.firsts.setdefault(reason, row)

    def table(self, source: str, notes: list[str]) -> QuestionTable:
        """Return the table, with notes on what was mended and skipped."""
        found = [f"{self.counts[kind]:,} {text}." for kind, text in NOTES.items() if self.counts[kind]]
        found += [
            f"{count:,} rows skipped: {reason} (the first is row {self.firsts[reason]})."
            for reason, count in self.skipped.items()
        ]
        told = [json.dumps(pair) for pair in zip(self.contexts, self.answers, strict=True)]
        return QuestionTable(
            questions=self.questions, contexts=self.contexts, answers=self.answers, rows=self.rows,
            source=source, skipped=dict(self.skipped), notes=[*notes, *found],
            fingerprint=fingerprint(self.questions, told),
        )  # fmt: skip


def read_questions(source: Any, limit: int = LIMIT) -> QuestionTable:
    """Read questions, contexts and answers from SQuAD's JSON, or from any table that has such columns.

    Answers are {"text": [...], "answer_start": [...]}, a list of {"text", "answer_start"}, or texts alone, of
    which the first occurrence is taken. A question without answers has none in its context.
    """
    name, notes, rows = opened(source, limit)
    kept = Kept()
    for number, values in rows:
        if isinstance(values, str):
            kept.skip(number, values)
        else:
            take(kept, number, *values)
    if not kept.rows:
        reasons = "; ".join(f"row {row}: {reason}" for reason, row in kept.firsts.items())
        raise DataError(f"{name} has no usable question ({reasons or 'no rows'}); expected {EXPECTED}.")
    return kept.table(name, notes)


def opened(source: Any, limit: int) -> tuple[str, list[str], Iterator[Row]]:
    """Return what to call the source, notes on how it is read, and its rows."""
    if isinstance(source, str | Path) and Path(source).is_file():
        check_regular(Path(source), EXPECTED)
        first = head(Path(source), EXPECTED)
        if first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and SQUAD.search(first):
            file = look(Path(source), first, limit, expected=EXPECTED)
            return str(source), ["Read as SQuAD's JSON.", *file.notes], squad_rows(file)
    name, rows = open_rows(source, [], limit, labels=False)
    wanted = [named(rows.columns, one, f"the {one}s", name) for one in ("question", "context")]
    wanted.append(answer_column(rows.columns, name))
    return name, rows.notes, ((number, triple(values)) for number, values in rows.read(wanted))


def triple(values: tuple[Any, ...] | str) -> tuple[Any, Any, Any] | str:
    """Return the three values of a flat row."""
    return values if isinstance(values, str) else (values[0], values[1], values[2])


def answer_column(columns: Sequence[str], name: str) -> str:
    """Return the column of answers."""
    found = [column for column in columns if column.strip().casefold() in ANSWERS]
    return max(found, key=len) if found else named(columns, "answers", "the answers", name)


def squad_rows(file: TextFile) -> Iterator[Row]:
    """Yield the questions of SQuAD's JSON, which is read whole."""
    document = whole_document(file, "object", "question")
    for number, (context, pair) in enumerate(asked(document), 1):
        yield number, squad_row(context, pair)


def asked(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each question with its context; what is not built as expected comes as one bad row."""
    whole = isinstance(document, dict) and "data" in document
    for article in listed(document, "data") if whole else [document]:
        for paragraph in listed(article, "paragraphs"):
            context = paragraph.get("context") if isinstance(paragraph, dict) else None
            for pair in listed(paragraph, "qas"):
                yield context, pair


def listed(owner: Any, key: str) -> list[Any]:
    """Return the list under a key; one bad item where there is none."""
    found = owner.get(key) if isinstance(owner, dict) else None
    return found if isinstance(found, list) else [None]


def squad_row(context: Any, pair: Any) -> tuple[Any, Any, Any] | str:
    """Return the three values of a question in SQuAD's JSON, or what is wrong with it."""
    if not isinstance(pair, dict) or not isinstance(context, str):
        return "not built as in SQuAD"
    if pair.get("is_impossible") is True and pair.get("answers"):
        return "called impossible, but it has answers"
    return pair.get("question"), context, pair.get("answers")


def take(kept: Kept, number: int, question: Any, context: Any, answers: Any) -> None:
    """Keep a row whose parts can be used, or count what is wrong with it."""
    asks, text = as_text(question), as_text(context)
    if asks is None or text is None:
        return kept.skip(number, "nested question or context")
    if not asks.strip() or not text.strip():
        return kept.skip(number, "empty question" if not asks.strip() else "empty context")
    found = marked(text, answers)
    if isinstance(found, Marked):
        kept.counts.update(found.counts)
        return kept.add(number, asks, text, found.spans)
    return kept.skip(number, found)
