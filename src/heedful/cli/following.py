"""A line on stderr about a training that runs."""

from types import TracebackType
from typing import Self

from heedful.train.progress import Progress
from heedful.train.progress_line import Line


class Following:
    """Watches a training of which only its share is known: `Line` says how many steps that makes."""

    def __init__(self) -> None:
        self.line: Line | None = None

    def stepped(self, progress: Progress) -> None:
        """Show a step; the time begins with the first one that is seen."""
        total = round(progress.step / progress.done) if progress.done else None
        if self.line is None:
            self.line = Line(total, done=progress.step - 1)
        self.line.steps = total
        self.line.update(progress.step, progress.losses[-1], 0.0)

    def scored(self, progress: Progress) -> None:
        """Show a score, by which the best epoch is chosen."""
        if self.line is not None:
            self.line.say(f"step {progress.step:,}: score on dev {progress.scores[-1][0]:.4f}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.line is not None:
            self.line.close()
