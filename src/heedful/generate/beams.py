"""Beam search: the best beginnings of an answer go on. Scores and rules as in the transformers library."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor, arange, cat, full, inference_mode, split, tensor

from heedful.core.model import Transformer
from heedful.generate.answers import Answer, Row
from heedful.generate.filters import shaped
from heedful.generate.session import Memory, Session, opened
from heedful.generate.settings import Habits, Settings

OUT = -1e9  # the score of what is out of the race

Until = Callable[[int, Sequence[int]], bool]  # number of the prompt, ids written so far -> is this the end?


@dataclass(frozen=True)
class Path:
    """What one beam has written; `why` it ended, "" while it runs."""

    ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    why: str = ""


class Race:
    """The beams of one prompt: those that run, with summed scores (n,), and the best that have finished."""

    def __init__(self, row: Row, settings: Settings, habits: Habits, until: Until | None) -> None:
        n = settings.beams
        self.row, self.settings, self.habits, self.until = row, settings, habits, until
        self.running, self.scores = [Path()] * n, tensor([0.0] + [OUT] * (n - 1))
        self.finished, self.results = [Path()] * n, full((n,), OUT)
        self.over = False

    def rows(self) -> list[Row]:
        """Return the running sequences with their prompt."""
        return [replace(self.row, ids=[*self.row.ids, *path.ids]) for path in self.running]

    def advance(self, ready: Tensor, own: Tensor) -> list[int]:
        """Take a step for shaped and plain log-probabilities (n, V); return the beam each one continues."""
        n, vocab = ready.shape
        kept = min(max(2, 1 + len(self.habits.ends)) * n, n * vocab)
        scores, at = (ready + self.scores[:, None]).flatten().topk(kept)
        beams, ids = (at // vocab).tolist(), (at % vocab).tolist()
        paths = [
            self.longer(self.running[beam], id, own[beam, id].item())
            for beam, id in zip(beams, ids, strict=True)
        ]
        ended = tensor([bool(path.why) for path in paths])
        best = (scores + ended * OUT).topk(n).indices
        self.scores = (scores + ended * OUT)[best]
        self.running = [paths[i] for i in best.tolist()]
        self.finish(scores, paths, ended & (arange(kept) < n))
        self.over = self.decided() or bool(ended.all())
        return [beams[i] for i in best.tolist()]

    def longer(self, path: Path, id: int, logprob: float) -> Path:
        """Return the path with one more token."""
        ids = (*path.ids, id)
        row = replace(self.row, ids=[*self.row.ids, *ids])
        stopped = self.until is not None and self.until(self.row.prompt, ids)
        return Path(
            ids, (*path.logprobs, logprob), row.why(id, self.habits.ends, self.settings.stop, stopped)
        )

    def finish(self, scores: Tensor, paths: list[Path], ended: Tensor) -> None:
        """Take the paths that ended among the finished ones, where they are better."""
        scores = scores / len(paths[0].ids) ** self.settings.length_penalty + ~ended * OUT
        merged, every = cat([self.results, scores]), [*self.finished, *paths]
        self.results, order = merged.topk(len(self.results))
        done = [bool(path.why) for path in self.finished] + ended.tolist()
        self.finished = [every[i] if done[i] else Path() for i in order.tolist()]

    def decided(self) -> bool:
        """Can nothing that runs beat what has finished? (with early stopping: has enough finished?)"""
        settings, filled = self.settings, all(path.why for path in self.finished)
        if settings.early_stopping is True and filled:
            return True
        to_come = settings.early_stopping == "never" and settings.length_penalty > 0
        length = self.row.limit if to_come else len(self.running[0].ids)
        hope = self.scores[0] / length**settings.length_penalty
        return filled and not bool(hope > self.results.min())

    def answers(self) -> list[Answer]:
        """Return the best finished ones."""
        pairs = list(zip(self.finished, self.results.tolist(), strict=True))[: self.settings.answers]
        return [
            Answer(list(path.ids), list(path.logprobs), [()] * len(path.ids), path.why, score)
            for path, score in pairs
            if path.why
        ]


def search(
    model: Transformer,
    prompts: Sequence[Sequence[int]],
    settings: Settings,
    habits: Habits,
    memory: Memory | None = None,
    until: Until | None = None,
) -> list[list[Answer]]:
    """Return the best answers to each prompt; arguments as those of `heedful.generate.generate`."""
    races = [Race(row, settings, habits, until) for row in opened(model, prompts, settings)]
    n = settings.beams
    session = Session(model, prompts, max(race.row.limit for race in races), memory)
    session.choose([place for place in range(len(races)) for _ in range(n)])
    live = races
    while True:
        chosen = turn(session.scores, live, settings, habits)
        kept = [place for place, race in enumerate(live) if not race.over]
        live = [live[place] for place in kept]
        if not live:
            return [race.answers() for race in races]
        session.choose([n * place + beam for place in kept for beam in chosen[place]])
        session.step([path.ids[-1] for race in live for path in race.running])


@inference_mode()
def turn(scores: Tensor, races: Sequence[Race], settings: Settings, habits: Habits) -> list[list[int]]:
    """Let every race take a step for scores (B n, V); return which beam each of its beams continues."""
    own = scores.log_softmax(-1).cpu()
    ready = shaped(own, [row for race in races for row in race.rows()], settings, habits)
    pairs = zip(races, split(ready, settings.beams), split(own, settings.beams), strict=True)
    return [race.advance(*pair) for race, *pair in pairs]
