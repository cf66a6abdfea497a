"""Each shape of answer: the cells of a line, the rows on a terminal, the columns of a written table."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from heedful.studio.answers import ranked

Answer = dict[str, Any]
Row = tuple[str, str, str]  # first column, figure, text
Columns = Iterator[tuple[str, list[Any]]]
BETWEEN = "|"  # labels that share a cell


@dataclass(frozen=True)
class Shape:
    """`cells` stand before the text on a line, `rows` under `header` and "text", `columns` after the text."""

    header: tuple[str, str]
    cells: Callable[[Answer, int], list[str]]
    rows: Callable[[str, Answer, int], Iterator[Row]]
    columns: Callable[[list[Answer]], Columns]


def label_cells(answer: Answer, top: int) -> list[str]:
    """Return the most probable labels, each with its probability."""
    return [cell for label, p in ranked(answer, top) for cell in (label, f"{p:.4f}")]


def label_rows(text: str, answer: Answer, top: int) -> Iterator[Row]:
    """Yield the most probable labels, then the neighbours that were used."""
    for rank, (label, p) in enumerate(ranked(answer, top)):
        yield label, f"{p:.1%}", "" if rank else text
    for near in answer.get("neighbours", ()):
        yield f"~ {near['label']}", f"{near['cosine']:.2f}", near["text"]


def label_columns(found: list[Answer]) -> Columns:
    """Yield the label, its probability, and a column for each class."""
    yield "label", [answer["label"] for answer in found]
    yield "probability", [answer["probability"] for answer in found]
    yield from class_columns(found)


def class_columns(found: list[Answer]) -> Columns:
    """Yield the probabilities of each class."""
    for label in found[0]["probabilities"] if found else ():
        yield label, [answer["probabilities"][label] for answer in found]


def sure_first(answer: Answer) -> list[tuple[str, float]]:
    """Return the labels that a text got and their probabilities, best first."""
    got = set(answer["labels"])
    return [(label, p) for label, p in ranked(answer, len(answer["probabilities"])) if label in got]


def labels_cells(answer: Answer, top: int) -> list[str]:  # noqa: ARG001
    """Return the labels in one cell, and their probabilities in another."""
    pairs = sure_first(answer)
    return [BETWEEN.join(label for label, _ in pairs), BETWEEN.join(f"{p:.4f}" for _, p in pairs)]


def labels_rows(text: str, answer: Answer, top: int) -> Iterator[Row]:  # noqa: ARG001
    """Yield a row for each label, or one for none."""
    for rank, (label, p) in enumerate(sure_first(answer)):
        yield label, f"{p:.1%}", "" if rank else text
    if not answer["labels"]:
        yield "(none)", "", text


def labels_columns(found: list[Answer]) -> Columns:
    """Yield the labels, and the probabilities of each."""
    yield "labels", [BETWEEN.join(answer["labels"]) for answer in found]
    yield from class_columns(found)


def number_cells(answer: Answer, top: int) -> list[str]:  # noqa: ARG001
    """Return the number."""
    return [f"{answer['number']:.6g}"]


def number_rows(text: str, answer: Answer, top: int) -> Iterator[Row]:  # noqa: ARG001
    """Yield the number and the text."""
    yield f"{answer['number']:.6g}", "", text


def number_columns(found: list[Answer]) -> Columns:
    """Yield the number."""
    yield "number", [answer["number"] for answer in found]


def name_cells(answer: Answer, top: int) -> list[str]:  # noqa: ARG001
    """Return the names with their classes in one cell, and their probabilities in another."""
    names = answer["names"]
    told = BETWEEN.join(f"{name['label']}:{name['text']}" for name in names)
    return [told, BETWEEN.join(f"{name['probability']:.4f}" for name in names)]


def name_rows(text: str, answer: Answer, top: int) -> Iterator[Row]:  # noqa: ARG001
    """Yield the text, then a row for each name in it."""
    yield "", "", text
    for name in answer["names"]:
        yield name["label"], f"{name['probability']:.1%}", name["text"]


def name_columns(found: list[Answer]) -> Columns:
    """Yield the names as a JSON list."""
    yield "names", [json.dumps(answer["names"], ensure_ascii=False) for answer in found]


def answer_cells(answer: Answer, top: int) -> list[str]:  # noqa: ARG001
    """Return the answer and its probability."""
    return [answer["answer"], f"{answer['probability']:.4f}"]


def answer_rows(text: str, answer: Answer, top: int) -> Iterator[Row]:  # noqa: ARG001
    """Yield the answer, its probability, question and context."""
    yield answer["answer"] or "(none)", f"{answer['probability']:.1%}", text


def answer_columns(found: list[Answer]) -> Columns:
    """Yield the answer, where it stands, and its probability."""
    for name in ("answer", "start", "end", "probability"):
        yield name, [answer[name] for answer in found]


def topic_cells(answer: Answer, top: int) -> list[str]:  # noqa: ARG001
    """Return the number of the topic and its name, both empty for none."""
    return ["" if answer["topic"] is None else str(answer["topic"]), answer["name"]]


def topic_rows(text: str, answer: Answer, top: int) -> Iterator[Row]:
    """Yield the topic's name, its number and the text."""
    number, name = topic_cells(answer, top)
    yield name or "(none)", number, text


def topic_columns(found: list[Answer]) -> Columns:
    """Yield number and name."""
    for name in ("topic", "name"):
        yield name, [answer[name] for answer in found]


LABEL = ("label", "probability")
SHAPES = {
    "single": Shape(LABEL, label_cells, label_rows, label_columns),
    "multi": Shape(LABEL, labels_cells, labels_rows, labels_columns),
    "number": Shape(("number", ""), number_cells, number_rows, number_columns),
    "tag": Shape(LABEL, name_cells, name_rows, name_columns),
    "answer": Shape(("answer", "probability"), answer_cells, answer_rows, answer_columns),
    "topic": Shape(("topic", "number"), topic_cells, topic_rows, topic_columns),
}
