"""What a run tells while it works: lines of metrics, and a line for the person who waits."""

from heedful.train.metrics import Metrics
from heedful.train.plan import Plan
from heedful.train.progress import Progress
from heedful.train.progress_line import Line

EVERY = 10  # steps between two lines of metrics


class Telling:
    """Writes the mean loss of every few steps and every score; `rate` of the plan is the peak."""

    def __init__(
        self, metrics: Metrics, line: Line, plan: Plan, name: str = "loss", sign: float = -1.0
    ) -> None:
        self.metrics, self.line, self.plan = metrics, line, plan
        self.name, self.sign = name, sign
        self.total, self.count, self.since = 0.0, 0.0, 0.0

    def stepped(self, progress: Progress) -> None:
        """Note a step."""
        loss = progress.losses[-1]
        self.line.update(progress.step, loss, progress.count)
        self.total += loss * progress.count
        self.count += progress.count
        if progress.step % EVERY == 0 and self.count:
            spent = progress.seconds - self.since
            self.metrics.line(
                step=progress.step, epoch=progress.epoch, loss=self.total / self.count,
                rate=self.plan.rate * progress.factor, norm=progress.norm, tokens=progress.counted,
                seconds=progress.seconds, tokens_per_second=self.count / spent if spent > 0 else None,
            )  # fmt: skip
            self.total, self.count, self.since = 0.0, 0.0, progress.seconds

    def scored(self, progress: Progress) -> None:
        """Note a score."""
        value = self.sign * progress.scores[-1][0]
        self.metrics.line(step=progress.step, dev={self.name: value})
        self.line.say(f"step {progress.step:,}: held-out {self.name} {value:.4f}")
        self.since = progress.seconds
