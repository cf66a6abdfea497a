"""What a run tells while it works: lines of metrics, and a line for the person who waits."""

from collections.abc import Sequence

from heedful.train.metrics import Metrics
from heedful.train.plan import Plan
from heedful.train.progress import RECENT, Progress
from heedful.train.progress_line import Line

LOSS = (("loss", -1.0),)  # a score is minus the loss


class Telling:
    """Writes the mean loss of every few steps and every score; `rate` of the plan is the peak.

    `measures` name the parts of a score, each with the sign that turns it into what is shown; without a name
    it is not.
    """

    def __init__(
        self, metrics: Metrics, line: Line, plan: Plan, measures: Sequence[tuple[str, float]] = LOSS
    ) -> None:
        self.metrics, self.line, self.plan, self.measures = metrics, line, plan, measures

    def stepped(self, progress: Progress) -> None:
        """Note a step."""
        self.line.update(progress.step, progress.losses[-1], progress.count)
        if progress.step % RECENT == 0:
            self.write(progress)

    def scored(self, progress: Progress) -> None:
        """Note a score, and the steps before it."""
        if progress.step % RECENT:
            self.write(progress)
        pairs = zip(self.measures, progress.scores[-1], strict=True)
        values = {name: sign * part for (name, sign), part in pairs if name}
        self.metrics.line(step=progress.step, dev=values)
        told = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        self.line.say(f"step {progress.step:,}: held-out {told}")

    def write(self, progress: Progress) -> None:
        """Write what the last steps came to."""
        total = sum(loss * count for loss, count, _ in progress.recent)
        count, spent = (sum(step[place] for step in progress.recent) for place in (1, 2))
        if count:
            self.metrics.line(
                step=progress.step, epoch=progress.epoch, loss=total / count,
                rate=self.plan.rate * progress.factor, norm=progress.norm, tokens=progress.counted,
                seconds=progress.seconds, tokens_per_second=count / spent if spent > 0 else None,
            )  # fmt: skip
