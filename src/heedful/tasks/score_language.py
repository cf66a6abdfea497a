"""How well a model foretells text that it never saw, streamed: no scores are kept."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from heedful.core.model import Transformer
from heedful.data.tokens import Tokens
from heedful.train.objectives import Loss, laid
from heedful.train.team import Team
from heedful.types import Ints

ROWS = 16


def mean_loss(
    module: nn.Module, batches: Sequence[Sequence[Any]], objective: Callable[[Any, Any], Loss], team: Team
) -> float:
    """Return the mean loss over some batches, which all threads and processes divide among them."""

    def work(number: int) -> tuple[float, float]:
        with torch.inference_mode():
            loss, count = objective(module, batches[number])
        return loss.item(), float(count)

    module.eval()
    found = team.each(work, len(batches))
    loss, count = team.sum(sum(loss for loss, _ in found), sum(count for _, count in found))
    return loss / max(count, 1.0)


def windows(ends: Ints, context: int) -> list[tuple[int, int, int]]:
    """Return (start, first to score, end) of inputs that score each token but a document's first once.

    From a document's second window on, half of the context stands before the first token that is scored.
    """
    found = []
    begin = 0
    for end in ends.tolist():
        scored, start = begin + 1, begin
        while scored < end:
            stop = min(start + context + 1, end)
            found.append((start, scored, stop))
            scored, start = stop, stop - 1 - context // 2
        begin = end
    return found


def nats(model: Transformer, tokens: Tokens, context: int, team: Team) -> float:
    """Return the sum of -log P over all tokens; a document's first, which nothing precedes, counts log V."""
    placed = windows(np.asarray(tokens.ends), context)
    groups = [placed[i : i + ROWS] for i in range(0, len(placed), ROWS)]

    def work(number: int) -> float:
        group = groups[number]
        rows = [np.asarray(tokens.ids[start:stop], np.int64) for start, _, stop in group]
        with torch.inference_mode():
            inputs, layout = laid([row[:-1] for row in rows])
            scores = model.scores(*model(inputs, layout)).float()
            each = cross_entropy(scores, laid([row[1:] for row in rows])[0], reduction="none")
            parts = torch.split(each, list(layout.lengths))
            pairs = zip(parts, group, strict=True)
            return sum(part[scored - start - 1 :].sum().item() for part, (start, scored, _) in pairs)

    model.eval()
    return team.sum(sum(team.each(work, len(groups))))[0] + len(tokens.ends) * float(np.log(tokens.vocab))
