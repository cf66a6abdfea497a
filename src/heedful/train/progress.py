"""Where a training stands, and who wants to hear of it."""

import signal
from dataclasses import asdict, dataclass, field, fields
from types import FrameType
from typing import Any, Protocol, Self

UNSAVED = ("losses", "factor", "norm", "count")
RECENT = 10  # steps


@dataclass
class Progress:
    """Steps done, place in the epoch, seconds spent, scores, and why it ended early (None: it did not)."""

    step: int = 0
    epoch: int = 0
    index: int = 0
    done: float = 0.0  # share of the training
    seconds: float = 0.0
    budget: float | None = None  # seconds that it may take
    counted: float = 0.0  # rows or tokens that the objective counted
    parts: int = 1
    scores: list[tuple[float, ...]] = field(default_factory=list)
    scored: int = 0  # at which step last
    best: int | None = None  # which of the scores
    stopped: str | None = None
    recent: list[tuple[float, float, float]] = field(default_factory=list)  # loss, count, seconds of steps
    losses: list[float] = field(default_factory=list)  # of the steps since this process began
    factor: float = 0.0  # of the last step: its rate as a share of the peak,
    norm: float = 0.0  # the length of its gradient,
    count: float = 0.0  # and what was counted in it

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of it."""
        return {name: value for name, value in asdict(self).items() if name not in UNSAVED}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""
        for name in {one.name for one in fields(self)} & set(state):
            setattr(self, name, state[name])
        self.scores = [tuple(score) for score in self.scores]

    def note(self, loss: float, count: float, seconds: float) -> None:
        """Take in a step: its mean loss over what was counted, and how long it took."""
        self.step, self.index = self.step + 1, self.index + 1
        self.count, self.counted = count, self.counted + count
        self.losses.append(loss)
        self.seconds += seconds
        self.recent = [*self.recent, (loss, count, seconds)][-RECENT:]

    def share(self, total: float) -> float:
        """Return how much is done once the step under way is: by steps, or by time where that is more."""
        return max((self.step + 1) / total, self.seconds / self.budget if self.budget else 0.0)


class Watch(Protocol):
    """Who wants to know how it goes."""

    def stepped(self, progress: Progress) -> None:
        """Hear of a step."""

    def scored(self, progress: Progress) -> None:
        """Hear of a new score."""


class Silent:
    """Nobody."""

    def stepped(self, progress: Progress) -> None:
        """Say nothing."""

    def scored(self, progress: Progress) -> None:
        """Say nothing."""


class Interrupt:
    """Inside the block, the first Ctrl-C or SIGTERM sets `asked`, the second ends the program."""

    def __init__(self, catching: bool) -> None:
        self.catching, self.asked = catching, False
        self.before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if self.catching:
            try:
                for kind in (signal.SIGINT, signal.SIGTERM):
                    self.before[kind] = signal.signal(kind, self._heard)
            except ValueError:  # not the main thread, which alone may listen
                self.catching = False
        return self

    def _heard(self, kind: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, *error: object) -> None:
        for kind, handler in self.before.items():
            signal.signal(kind, handler)
