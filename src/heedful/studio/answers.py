"""What a model answers, as plain data: for the command line, the service and the page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from heedful.types import Texts

BATCH = 1000  # texts a model is given at once
NEIGHBOURS = 5  # of those that voted, how many are told
CHARACTERS = 300  # of a neighbour's text


def answers(
    estimator: Any, texts: Sequence[Any], say: Callable[[int], None] = lambda _: None, reasons: bool = True
) -> dict[str, Any]:
    """Return {"predictions": [...], "truncated": n}, in order; `shape` says what a prediction holds.

    A classifier that answers from neighbours adds the nearest ones it used as "neighbours", unless `reasons`
    is off (they cost a second encoding). `say` is told how many texts are done.
    """
    predictions: list[dict[str, Any]] = []
    truncated = 0
    answer = ANSWERS[shape(estimator)]
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        predictions.extend(answer(estimator, batch, reasons))
        truncated += int(estimator.truncated(batch)) if hasattr(estimator, "truncated") else 0
        say(len(predictions))
    return {"predictions": predictions, "truncated": truncated}


def shape(estimator: Any) -> str:
    """Return what a model answers with: "single", "multi" (labels), "number", "tag", "answer" or "topic"."""
    for verb in ("tag", "answer"):
        if hasattr(estimator, verb):
            return verb
    return str(getattr(estimator, "kind_", "single"))


def paired(estimator: Any) -> bool:
    """Does it read two texts at a time?"""
    return bool(getattr(estimator, "pairs_", False)) or hasattr(estimator, "answer")


def _one_label(estimator: Any, texts: Texts, reasons: bool) -> Iterator[dict[str, Any]]:
    """Yield {"label", "probability", "probabilities"}, and "neighbours" where there are any."""
    classes = [str(name) for name in estimator.classes_.tolist()]
    used = estimator.neighbours(texts) if reasons and hasattr(estimator, "neighbours") else None
    for i, row in enumerate(estimator.predict_proba(texts)):
        best = int(row.argmax())
        answer = {
            "label": classes[best],
            "probability": float(row[best]),
            "probabilities": dict(zip(classes, row.tolist(), strict=True)),
        }
        yield (
            answer
            if used is None
            else {**answer, "neighbours": [_told(near) for near in used[i][:NEIGHBOURS]]}
        )


def _labels(estimator: Any, texts: Sequence[Any], reasons: bool) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield {"labels", "probabilities"}, the labels as they are sorted."""
    classes = [str(name) for name in estimator.classes_.tolist()]
    logits = estimator.logits(texts)
    rows = zip(estimator.target_.chosen(logits), estimator.target_.probabilities(logits), strict=True)
    for chosen, row in rows:
        labels = [name for name, yes in zip(classes, chosen, strict=True) if yes]
        yield {"labels": labels, "probabilities": dict(zip(classes, row.tolist(), strict=True))}


def _number(estimator: Any, texts: Sequence[Any], reasons: bool) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield {"number"}."""
    for found in estimator.predict(texts):
        yield {"number": float(found)}


def _names(estimator: Any, texts: Texts, reasons: bool) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield {"names": [{"start", "end", "label", "text", "probability"}]}."""
    for found in estimator.tag(texts):
        yield {"names": [asdict(name) for name in found]}


def _answer(estimator: Any, pairs: Sequence[Any], reasons: bool) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield {"answer", "start", "end", "probability"}; an empty answer says that there is none."""
    questions, contexts = [question for question, _ in pairs], [context for _, context in pairs]
    for found in estimator.answer(questions, contexts):
        best = found[0]
        yield {
            "answer": best.text, "start": best.start, "end": best.end, "probability": best.probability,
        }  # fmt: skip


def _topic(estimator: Any, texts: Texts, reasons: bool) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """Yield {"topic", "name"}: a number from 0 on and the topic's name, null and "" for a text of none."""
    for label in estimator.transform(texts).tolist():
        known = label >= 0
        yield {"topic": label if known else None, "name": estimator.topics_[label].name if known else ""}


ANSWERS: dict[str, Callable[[Any, Any, bool], Iterator[dict[str, Any]]]] = {
    "single": _one_label, "multi": _labels, "number": _number, "tag": _names, "answer": _answer,
    "topic": _topic,
}  # fmt: skip


def _told(neighbour: Any) -> dict[str, Any]:
    return {**asdict(neighbour), "text": neighbour.text[:CHARACTERS]}


def ranked(prediction: dict[str, Any], top: int) -> list[tuple[str, float]]:
    """Return the `top` most probable labels and their probabilities, best first."""
    pairs = sorted(prediction["probabilities"].items(), key=lambda pair: -pair[1])
    return pairs[:top]
