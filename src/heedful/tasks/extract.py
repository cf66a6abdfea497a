"""From windows to answers: the scores of each token, the best spans of a context, no answer among them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import softmax
from torch import Tensor

from heedful.core.attention import Packed
from heedful.core.config import TokenInput
from heedful.core.model import Transformer
from heedful.core.precision import dtype
from heedful.tasks.windows import NULL, Span, Window
from heedful.train.cores import side_by_side
from heedful.train.objectives import laid
from heedful.types import Floats

BEST = 20  # spans of each window that are compared
BATCH = 4096  # tokens that go through the model together


@dataclass(frozen=True)
class Answer:
    """A part of the context: its text and characters, `context[start:end]`. An empty text says: no answer.

    `score` is the log of how much likelier it is than no answer, the threshold taken off; that of no answer
    is 0. `probability` is its share among the best spans and no answer.
    """

    text: str
    start: int
    end: int
    score: float
    probability: float


class Found(NamedTuple):
    """The best spans of a context, the best first, and by how much each beats no answer."""

    margins: list[float]
    spans: list[Span]


def spread(transformer: Transformer, windows: Sequence[Window]) -> tuple[Tensor, Packed]:
    """Return the scores (N, 2) of each token as the first and the last of an answer, and the layout."""
    inputs = transformer.config.first.input
    ids, layout = laid([one.ids.astype(np.int64) for one in windows])
    two = isinstance(inputs, TokenInput) and inputs.segments > 1
    segments = laid([one.segments.astype(np.int64) for one in windows])[0] if two else None
    states, layout = transformer(ids, layout, segments=segments)
    return transformer.scores(states, layout), layout


def token_scores(transformer: Transformer, windows: Sequence[Window], precision: str) -> list[Floats]:
    """Return the scores (T, 2) of the tokens of each window."""
    found: list[Floats] = [np.zeros((0, 2))] * len(windows)
    bf16 = dtype(precision) == torch.bfloat16
    transformer.eval()

    def work(rows: list[int]) -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            scores, layout = spread(transformer, [windows[row] for row in rows])
        for row, part in zip(rows, torch.split(scores.double(), list(layout.lengths)), strict=True):
            found[row] = part.numpy()

    side_by_side([len(one.ids) for one in windows], BATCH, work)
    return found


def extract(
    transformer: Transformer, windows: Sequence[Sequence[Window]], longest: int, precision: str
) -> Iterator[Found]:
    """Yield the best spans of each context, given its windows; of at most `longest` tokens each.

    No answer scores what it does in the window where it scores least (Devlin et al. 2019, section 4.3, and
    their published code).
    """
    scores = iter(token_scores(transformer, [one for several in windows for one in several], precision))
    for several in windows:
        best: dict[Span, float] = {}
        null = np.inf
        for one, part in zip(several, scores, strict=False):
            null = min(null, float(part[NULL].sum()))
            for total, span in one.spans(part[:, 0], part[:, 1], longest, BEST):
                best[span] = max(total, best.get(span, -np.inf))
        order = sorted(best, key=lambda span: -best[span])[:BEST]
        yield Found([best[span] - null for span in order], order)


def ranked(found: Found, context: str, threshold: float | None) -> list[Answer]:
    """Return the answers to a question, the best first; no answer is one of them, if there is a threshold."""
    taken = threshold or 0.0
    spans: list[Span] = list(found.spans)
    scores = [margin - taken for margin in found.margins]
    if threshold is not None or not spans:
        spans, scores = [*spans, (0, 0)], [*scores, 0.0]
    chances = softmax(scores)
    order = sorted(range(len(spans)), key=lambda place: -scores[place])
    return [
        Answer(context[slice(*spans[place])], *spans[place], scores[place], float(chances[place]))
        for place in order
    ]


def chosen(found: Found, context: str) -> tuple[str, float]:
    """Return the best span's text and its margin; no text where there is no span."""
    return (context[slice(*found.spans[0])], found.margins[0]) if found.spans else ("", 0.0)
