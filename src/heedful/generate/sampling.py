"""The loop of writing: score, shape, choose, read on; rows that have finished leave the batch."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b

from torch import Generator, Tensor, cat, float64, inference_mode, rand, searchsorted

from heedful.errors import DataError
from heedful.generate.answers import Alternatives, Answer, Row, Token
from heedful.generate.beams import Until, search
from heedful.generate.filters import FORBIDDEN, asked, shaped
from heedful.generate.rank import best, highest, log_total
from heedful.generate.session import Memory, Session, Writes, gathered, opened
from heedful.generate.settings import Habits, Settings

NONE = Habits()

Picked = tuple[int, float, Alternatives]


def generate(
    model: Writes,
    prompts: Sequence[Sequence[int]],
    settings: Settings,
    habits: Habits = NONE,
    memory: Memory | None = None,
    until: Until | None = None,
    numbers: Sequence[int] | None = None,
    limits: Sequence[int] | None = None,
) -> list[list[Answer]]:
    """Return the answers to each prompt, the best beam first.

    With an encoder, `memory` is its output for B texts, and a prompt is what the decoder begins with. `until`
    ends an answer. Chance depends on the seed and on a prompt's number in `numbers` (0 to B - 1), not on the
    batch. `limits` say how many tokens the answers to each prompt have at most, besides the settings.
    """
    if not prompts:
        return []
    if settings.beams > 1:
        return search(model, prompts, settings, habits, memory, until, limits)
    found = [[Answer() for _ in range(settings.answers)] for _ in prompts]
    for tokens in steps(model, prompts, settings, habits, memory, until, numbers, limits):
        for token in tokens:
            found[token.prompt][token.answer].add(token)
    return found


def steps(
    model: Writes,
    prompts: Sequence[Sequence[int]],
    settings: Settings,
    habits: Habits = NONE,
    memory: Memory | None = None,
    until: Until | None = None,
    numbers: Sequence[int] | None = None,
    limits: Sequence[int] | None = None,
) -> Iterator[list[Token]]:
    """Yield the next token of every unfinished answer, step by step; arguments as those of `generate`."""
    first = opened(model, prompts, settings, limits)
    session = Session(model, prompts, max(row.limit for row in first), memory)
    session.repeat(settings.answers)
    numbers = numbers or range(len(first))
    rows = [
        replace(row, answer=i, ids=[*row.ids], generator=chance(settings.seed, numbers[row.prompt], i))
        for row in first
        for i in range(settings.answers)
    ]
    while rows:
        tokens = []
        for row, (id, logprob, top) in zip(rows, pick(session.scores, rows, settings, habits), strict=True):
            row.ids.append(id)
            stopped = until is not None and until(row.prompt, row.written)
            finished = row.why(id, habits.ends, settings.stop, stopped)
            tokens.append(Token(row.prompt, row.answer, id, logprob, top, finished))
        yield tokens
        kept = gathered([not token.finished for token in tokens])
        rows = [rows[place] for place in kept]
        if rows:
            session.choose(kept)
            session.step([row.ids[-1] for row in rows])


@inference_mode()
def pick(scores: Tensor, rows: Sequence[Row], settings: Settings, habits: Habits) -> list[Picked]:
    """Return the next token of each row for scores (R, V): its id, its own log-probability, alternatives."""
    total = log_total(scores)
    best_own = tops(scores, total, settings.alternatives)
    ready = shaped(scores, rows, settings, habits) if asked(settings, habits) else scores
    if bool(ready.amax(-1).isinf().any()):
        raise DataError(FORBIDDEN)
    chosen = drawn(ready, [row.generator for row in rows]) if settings.sampled else highest(ready)
    logprobs = (scores.gather(1, chosen[:, None]) - total).squeeze(1).tolist()
    return list(zip(chosen.tolist(), logprobs, best_own, strict=True))


def tops(scores: Tensor, total: Tensor, k: int) -> list[Alternatives]:
    """Return the k likeliest ids of each row with their log-probabilities, for scores (R, V)."""
    if not k:
        return [()] * len(scores)
    values, ids = best(scores, min(k, scores.shape[1]))
    pairs = zip(ids.tolist(), (values - total).tolist(), strict=True)
    return [tuple(zip(*pair, strict=True)) for pair in pairs]


def drawn(scores: Tensor, generators: Sequence[Generator | None]) -> Tensor:
    """Draw from softmax(scores) (R, V), one number of each row's own generator deciding: (R,)."""
    below = scores.double().softmax(-1).cumsum(-1)
    draws = cat([rand(1, 1, dtype=float64, generator=each) for each in generators]).to(
        scores.device
    )  # (R, 1)
    return searchsorted(below, draws * below[:, -1:], right=True).squeeze(1)


def chance(seed: int, number: int, answer: int) -> Generator:
    """Return the generator of one answer."""
    key = blake2b(f"{seed} {number} {answer}".encode(), digest_size=8).digest()
    return Generator().manual_seed(int.from_bytes(key, "big") >> 1)
