"""What a classifier answers, as plain data: for the command line, the service and the page."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from heedful.types import Texts

BATCH = 1000  # texts a model is given at once
NEIGHBOURS = 5  # of those that voted, how many are told
CHARACTERS = 300  # of a neighbour's text


def answers(
    estimator: Any, texts: Texts, say: Callable[[int], None] = lambda _: None, reasons: bool = True
) -> dict[str, Any]:
    """Return {"predictions": [{"label", "probability", "probabilities"}], "truncated": n}, in order.

    A classifier that answers from neighbours adds the nearest ones it used as "neighbours", unless `reasons`
    is off (they cost a second encoding). `say` is told how many texts are done.
    """
    predictions: list[dict[str, Any]] = []
    truncated = 0
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        predictions.extend(_predictions(estimator, batch, reasons))
        truncated += int(estimator.truncated(batch))
        say(len(predictions))
    return {"predictions": predictions, "truncated": truncated}


def _predictions(estimator: Any, texts: Texts, reasons: bool) -> Iterator[dict[str, Any]]:
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


def _told(neighbour: Any) -> dict[str, Any]:
    return {**asdict(neighbour), "text": neighbour.text[:CHARACTERS]}


def ranked(prediction: dict[str, Any], top: int) -> list[tuple[str, float]]:
    """Return the `top` most probable labels and their probabilities, best first."""
    pairs = sorted(prediction["probabilities"].items(), key=lambda pair: -pair[1])
    return pairs[:top]
