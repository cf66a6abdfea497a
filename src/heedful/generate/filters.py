"""What shapes the next token's scores (R, V), in this order; definitions as in the transformers library."""

import math
from collections.abc import Iterable, Sequence

from torch import Tensor, int64, sort, tensor, topk, where, zeros_like
from torch import bool as booleans

from heedful.generate.answers import Row
from heedful.generate.settings import Habits, Settings

FORBIDDEN = "settings and model forbid every token. Ask for fewer restrictions."


def asked(settings: Settings, habits: Habits) -> bool:
    """Do settings or habits shape any score?"""
    said = (settings.no_repeat, settings.min_tokens, settings.sampled, settings.repetition_penalty != 1)
    lists = (habits.banned, habits.last, habits.never, habits.not_first)
    return any((*said, *lists, habits.first is not None))


def shaped(scores: Tensor, rows: Sequence[Row], settings: Settings, habits: Habits) -> Tensor:
    """Return scores (R, V) after all that settings and habits ask for.

    Ids that are forbidden may be so in the given scores too.
    """
    only = [required(row, habits) for row in rows]
    barred = [() if ids else unwanted(row, settings, habits) for row, ids in zip(rows, only, strict=True)]
    scores = penalised(scores, [row.ids for row in rows], settings.repetition_penalty)
    without(scores, barred)
    scores = forced(scores, only)
    without(scores, [suppressed(row, habits) for row in rows])
    return warped(scores, settings) if settings.sampled else scores


def penalised(scores: Tensor, said: Sequence[Sequence[int]], penalty: float) -> Tensor:
    """Make what was said before less likely (Keskar et al. 2019, section 4.1)."""
    if penalty == 1:
        return scores
    lower = where(scores < 0, scores * penalty, scores / penalty)
    return where(marked(scores, said), lower, scores)


def without(scores: Tensor, ids: Sequence[Iterable[int]]) -> None:
    """Forbid some ids in each row, in place."""
    vocab = scores.shape[1]
    if at := [(row, id) for row, some in enumerate(ids) for id in some if 0 <= id < vocab]:
        scores[tensor(at, device=scores.device).unbind(1)] = -math.inf


def marked(scores: Tensor, ids: Sequence[Sequence[int]]) -> Tensor:
    """Return True at the ids of each row: (R, V)."""
    mask = zeros_like(scores, dtype=booleans)
    for row, some in zip(mask, ids, strict=True):
        row[tensor([id for id in set(some) if 0 <= id < len(row)], dtype=int64)] = True
    return mask


def unwanted(row: Row, settings: Settings, habits: Habits) -> set[int]:
    """Return the ids that would repeat a run, finish a banned one, or end the answer too early."""
    found = repeats(row.ids, settings.no_repeat) if settings.no_repeat else set()
    for run in habits.banned:
        head = list(run[:-1])
        if len(head) <= len(row.ids) and row.ids[len(row.ids) - len(head) :] == head:
            found.add(run[-1])
    if row.count < settings.min_tokens:
        found.update(habits.ends, settings.stop)
    return found


def repeats(ids: Sequence[int], n: int) -> set[int]:
    """Return the ids that would make the last n tokens a run that stands in `ids` already."""
    head = list(ids[len(ids) - n + 1 :])
    return {ids[i + n - 1] for i in range(len(ids) - n + 1) if list(ids[i : i + n - 1]) == head}


def required(row: Row, habits: Habits) -> tuple[int, ...]:
    """Return the ids of which one is forced: where one token stands before it, or at the last place."""
    if habits.last and row.count == row.limit - 1:
        return habits.last
    return (habits.first,) if habits.first is not None and len(row.ids) == 1 else ()


def forced(scores: Tensor, only: Sequence[Sequence[int]]) -> Tensor:
    """Leave nothing but some ids in each row where there are any."""
    if not any(only):
        return scores
    scores = scores.clone()
    for line, ids in zip(scores, only, strict=True):
        if ids:
            line.fill_(-math.inf)[tensor(ids)] = 0.0
    return scores


def suppressed(row: Row, habits: Habits) -> list[int]:
    """Return the ids that may not be said, or not at the beginning."""
    begin = row.given + (row.given == 1 and habits.first is not None)
    return [*habits.never, *(habits.not_first if len(row.ids) == begin else ())]


def warped(scores: Tensor, settings: Settings) -> Tensor:
    """Sharpen or flatten by the temperature, then cut the tail off."""
    if settings.temperature is not None:
        scores = scores / settings.temperature
    if settings.top_k is not None:
        scores = top_k(scores, settings.top_k)
    if settings.top_p is not None and settings.top_p < 1:
        scores = top_p(scores, settings.top_p)
    return scores if settings.min_p is None else min_p(scores, settings.min_p)


def top_k(scores: Tensor, k: int) -> Tensor:
    """Keep the k best, and what ties with the last of them (Fan et al. 2018)."""
    least = topk(scores, min(k, scores.shape[-1]))[0][..., -1:]
    return scores.masked_fill(scores < least, -math.inf)


def top_p(scores: Tensor, p: float) -> Tensor:
    """Keep the fewest best that together have a probability of at least p (Holtzman et al. 2020)."""
    rising, order = sort(scores, descending=False)
    tail = rising.softmax(-1).cumsum(-1) <= 1 - p
    tail[..., -1:] = False
    return scores.masked_fill(tail.scatter(1, order, tail), -math.inf)


def min_p(scores: Tensor, p: float) -> Tensor:
    """Keep what has at least p times the probability of the best (Nguyen et al. 2024)."""
    chances = scores.softmax(-1)
    return scores.masked_fill(chances < p * chances.amax(-1, keepdim=True), -math.inf)
