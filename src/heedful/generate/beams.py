"""Beam search: the best beginnings of an answer go on. Scores and rules as in the transformers library.

Shapes: B prompts whose search goes on, n beams of each, V vocab, M paths of each prompt, T tokens written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor, arange, cat, full, inference_mode, int64, isin, tensor, zeros

from heedful.errors import DataError
from heedful.generate.answers import Answer, Row
from heedful.generate.filters import FORBIDDEN, asked, shaped
from heedful.generate.rank import best, log_total
from heedful.generate.session import Memory, Session, Writes, gathered, opened
from heedful.generate.settings import Habits, Settings

OUT = -1e9  # added to the score of what is out of the race
DEAD = OUT / 2  # no path in the race is below

Until = Callable[[int, Sequence[int]], bool]  # number of the prompt, ids written so far -> is this the end?


@dataclass(frozen=True)
class Paths:
    """M paths of each prompt: ids and log-probabilities (B, M, T), scores (B, M).

    `lengths` (B, M) count the ids of those that have ended; 0: it has not.
    """

    ids: Tensor
    logprobs: Tensor
    scores: Tensor
    lengths: Tensor

    @classmethod
    def out(cls, prompts: int, n: int) -> "Paths":
        """Return n paths of each prompt without a token, out of the race."""
        none = zeros(prompts, n, 0, dtype=int64)
        return cls(none, none.float(), full((prompts, n), OUT), zeros(prompts, n, dtype=int64))

    def take(self, *at: Tensor) -> "Paths":
        """Return the paths of some prompts (B,), or at some places (B, 1), (B, M)."""
        return Paths(self.ids[at], self.logprobs[at], self.scores[at], self.lengths[at])

    def longer(self, ids: Tensor, logprobs: Tensor, scores: Tensor) -> "Paths":
        """Return each path with one more token: (B, M) each."""
        ids, logprobs = cat([self.ids, ids[..., None]], 2), cat([self.logprobs, logprobs[..., None]], 2)
        return Paths(ids, logprobs, scores, self.lengths)

    def best(self, others: "Paths") -> "Paths":
        """Return the M best of these and others, whose ids are longer by one."""
        blank = zeros(self.scores.shape, dtype=int64)
        mine = self.longer(blank, blank, self.scores)
        both = Paths(*(cat(pair, 1) for pair in zip(mine.parts, others.parts, strict=True)))
        return both.take(rows(blank), both.scores.topk(blank.shape[1]).indices)

    @property
    def parts(self) -> tuple[Tensor, ...]:
        """All four."""
        return self.ids, self.logprobs, self.scores, self.lengths


class Races:
    """The beams of B prompts: those that run, with summed scores, and the best that have finished."""

    def __init__(
        self, prompts: Sequence[Row], settings: Settings, habits: Habits, until: Until | None
    ) -> None:
        self.prompts, self.settings, self.habits, self.until = prompts, settings, habits, until
        self.ends = tensor([*habits.ends, *settings.stop], dtype=int64)
        self.finished = self.running = Paths.out(len(prompts), settings.beams)
        self.running = replace(self.running, scores=self.running.scores.clone().index_fill(1, tensor(0), 0.0))

    @inference_mode()
    def advance(self, scores: Tensor) -> tuple[Tensor, list[bool]]:
        """Take a step for scores (B n, V).

        Return which beam each beam continues (B, n), and for each prompt whether its race is over.
        """
        paths, beams = self.candidates(scores)
        ended, n = self.ended(paths), self.settings.beams
        fallen = paths.scores + ended * OUT
        at = rows(beams), fallen.topk(n).indices
        self.running = replace(paths, scores=fallen).take(*at)
        self.finish(paths, ended & (paths.scores > DEAD) & (arange(ended.shape[1]) < n))
        return beams[at], (self.decided() | (self.running.scores < DEAD).all(1)).tolist()

    def candidates(self, scores: Tensor) -> tuple[Paths, Tensor]:
        """Return the best ways to go on, more than n of them for those that end, and whose they are."""
        n, vocab = self.settings.beams, scores.shape[1]
        own = scores.sub_(log_total(scores))
        ready = own
        if asked(self.settings, self.habits):
            ready = shaped(own, self.written(), self.settings, self.habits)
        kept = min(max(2, 1 + len(self.habits.ends)) * n, n * vocab)
        values, ids = best(ready, min(kept, vocab))  # (B n, K)
        sums = values.cpu().view(-1, n, values.shape[1]) + self.running.scores[..., None]
        totals, at = sums.flatten(1).topk(kept)  # (B, M)
        ids, logprobs = (x.cpu().view(len(at), -1).gather(1, at) for x in (ids, own.gather(1, ids)))
        beams = at // values.shape[1]
        return self.running.take(rows(beams), beams).longer(ids, logprobs, totals), beams

    def written(self) -> list[Row]:
        """Return the running sequences with their prompts."""
        pairs = zip(self.prompts, self.running.ids.tolist(), strict=True)
        return [
            Row(row.prompt, row.answer, row.ids + ids, row.given, row.limit)
            for row, beams in pairs
            for ids in beams
        ]

    def ended(self, paths: Paths) -> Tensor:
        """Return which paths end with their last token: (B, M)."""
        limits = tensor([row.limit for row in self.prompts])
        ended = isin(paths.ids[..., -1], self.ends) | (paths.ids.shape[2] >= limits)[:, None]
        if self.until is None:
            return ended
        pairs = zip(self.prompts, paths.ids.tolist(), strict=True)
        return ended | tensor([[self.until(row.prompt, ids) for ids in some] for row, some in pairs])

    def finish(self, paths: Paths, ended: Tensor) -> None:
        """Take the paths that ended among the finished ones, where they are better."""
        length = paths.ids.shape[2]
        scores = paths.scores / length**self.settings.length_penalty + ~ended * OUT
        self.finished = self.finished.best(replace(paths, scores=scores, lengths=ended * length))

    def decided(self) -> Tensor:
        """Can nothing that runs beat what has finished? (with early stopping: has enough finished?) (B,)"""
        settings, filled = self.settings, self.finished.lengths.all(1)
        if settings.early_stopping is True:
            return filled
        to_come = settings.early_stopping == "never" and settings.length_penalty > 0
        lengths = [row.limit if to_come else self.running.ids.shape[2] for row in self.prompts]
        hope = self.running.scores.amax(1)
        hope /= tensor([length**settings.length_penalty for length in lengths], dtype=hope.dtype)
        return filled & ~(hope > self.finished.scores.amin(1))

    def keep(self, prompts: list[int]) -> None:
        """Go on with these prompts."""
        self.prompts, at = [self.prompts[i] for i in prompts], tensor(prompts, dtype=int64)
        self.running, self.finished = self.running.take(at), self.finished.take(at)

    def answers(self, prompt: int) -> list[Answer]:
        """Return the best finished ones of the prompt at this place; DataError where there are none."""
        if not self.finished.lengths[prompt].any():
            raise DataError(FORBIDDEN)
        found = self.finished.take(tensor(prompt), arange(self.settings.answers))
        parts = zip(*(part.tolist() for part in found.parts), strict=True)
        return [
            Answer(ids[:n], logprobs[:n], [()] * n, self.why(self.prompts[prompt], ids[:n]), score)
            for ids, logprobs, score, n in parts
            if n
        ]

    def why(self, row: Row, ids: list[int]) -> str:
        """Say why an answer ended."""
        stopped = self.until is not None and self.until(row.prompt, ids)
        return replace(row, ids=row.ids + ids).why(ids[-1], self.habits.ends, self.settings.stop, stopped)


def rows(x: Tensor) -> Tensor:
    """Return the number of each row: (B, 1)."""
    return arange(len(x))[:, None]


def search(
    model: Writes,
    prompts: Sequence[Sequence[int]],
    settings: Settings,
    habits: Habits,
    memory: Memory | None = None,
    until: Until | None = None,
    limits: Sequence[int] | None = None,
) -> list[list[Answer]]:
    """Return the best answers to each prompt; arguments as those of `heedful.generate.generate`."""
    races = Races(opened(model, prompts, settings, limits), settings, habits, until)
    session = Session(model, prompts, max(row.limit for row in races.prompts), memory)
    session.repeat(settings.beams)
    answers: list[list[Answer]] = [[] for _ in prompts]
    while True:
        beams, over = races.advance(session.scores)
        for place, row in enumerate(races.prompts):
            if over[place]:
                answers[row.prompt] = races.answers(place)
        kept = gathered([not done for done in over])
        if not kept:
            return answers
        races.keep(kept)
        session.choose([place * settings.beams + beam for place in kept for beam in beams[place].tolist()])
        session.step(races.running.ids[..., -1].flatten())
