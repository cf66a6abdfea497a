"""One line about a training that runs: how far, the loss, how fast, how long still."""

import math
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

from heedful.report.figures import duration, rate
from heedful.train.peak import share

OFTEN = 0.5  # seconds between two states of a terminal's line
SELDOM = 30.0  # seconds between two lines of a log
WINDOW = 30.0  # seconds over which the pace is taken
DECAY = 0.95  # of the running mean of the losses at each step


class Line:
    """A line on `stream` (None: stderr), rewritten on a terminal and added now and then to anything else.

    A training ends after `steps`, after `seconds`, or at whichever comes first (None: no such end). With
    `flops_per_token` and `peak` (see heedful.train.peak) the share of the machine that is used stands there
    too. A resumed training is `done` steps and `spent` seconds far. `quiet` says nothing.
    """

    def __init__(
        self,
        steps: int | None = None,
        seconds: float | None = None,
        *,
        done: int = 0,
        spent: float = 0.0,
        flops_per_token: float | None = None,
        peak: float | None = None,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        quiet: bool = False,
    ) -> None:
        self.steps, self.seconds, self.done = steps, seconds, done
        self.flops_per_token, self.peak, self.clock = flops_per_token, peak, clock
        self.stream: TextIO | None = None if quiet else stream or sys.stderr
        self.terminal = self.stream is not None and self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.shown = clock()
        self.begin = self.shown - spent
        self.pace = deque([(self.shown, done, 0.0)])  # time, step, tokens
        self.tokens, self.mean, self.weight, self.loss = 0.0, 0.0, 0.0, math.nan
        self.drawn = 0  # letters of the line that stands on the terminal
        if self.terminal:
            self.shown -= OFTEN

    def update(self, step: int, loss: float, tokens: float) -> None:
        """Note that `step` is done: its loss, how many tokens it read. The line follows when it is due."""
        now = self.clock()
        self.done, self.loss, self.tokens = step, loss, self.tokens + tokens
        if math.isfinite(loss):
            self.mean = DECAY * self.mean + (1 - DECAY) * loss
            self.weight = DECAY * self.weight + (1 - DECAY)
        self.pace.append((now, step, self.tokens))
        while len(self.pace) > 2 and self.pace[1][0] < now - WINDOW:
            self.pace.popleft()
        if now - self.shown >= (OFTEN if self.terminal else SELDOM):
            self.shown = now
            self._draw(self.text())

    def say(self, text: str) -> None:
        """Print a line of its own, such as a score; the time since the last step is no training time."""
        self._draw(text, ends=True)
        self.pace = deque([(self.clock(), self.done, self.tokens)])

    def close(self) -> None:
        """Print the last state, and how long it took."""
        took = f"took {short(self.clock() - self.begin)}"
        self._draw(fitted([*self._parts()[:-1], (1, took)], self._room()), ends=True)
        self.stream = None

    def text(self) -> str:
        """Return the line: what fits of it, the most wanted parts first."""
        return fitted(self._parts(), self._room())

    def _parts(self) -> list[tuple[int, str]]:
        """Return the parts in their order with a rank each: the highest is the first to be left out."""
        per_second, left = self.tokens_per_second(), self.left()
        known = self.flops_per_token and self.peak and per_second
        used = share(self.flops_per_token or 0.0, per_second or 0.0, self.peak or 1.0) if known else None
        return [
            (0, self._place()),
            (1, self._loss()),
            (3, "" if per_second is None else f"{rate(round(per_second))} tokens/s"),
            (4, "" if used is None else f"{100 * used:.0f} % of peak"),
            (2, "" if left is None else f"{short(left)} left"),
        ]

    def _place(self) -> str:
        if self.steps is not None:
            return f"step {self.done:,} of {self.steps:,}"
        if self.seconds is not None:
            return f"{(self.clock() - self.begin) / 60:.1f} of {self.seconds / 60:.1f} min"
        return f"step {self.done:,}"

    def _loss(self) -> str:
        if self.weight == 0 and math.isnan(self.loss):
            return ""
        return f"loss {self.mean / self.weight:.3f}" if math.isfinite(self.loss) else "loss not finite"

    def tokens_per_second(self) -> float | None:
        """Return the pace of late; None before the first step, or where no tokens are counted."""
        (first, _, before), (last, _, after) = self.pace[0], self.pace[-1]
        return (after - before) / (last - first) if last > first and after else None

    def left(self) -> float | None:
        """Return the seconds that are left, as far as the pace and the clock tell."""
        (first, before, _), (last, after, _) = self.pace[0], self.pace[-1]
        ends = [] if self.seconds is None else [self.seconds - (self.clock() - self.begin)]
        if self.steps is not None and last > first and after > before:
            ends.append((self.steps - self.done) * (last - first) / (after - before))
        return max(0.0, min(ends)) if ends else None

    def _room(self) -> int:
        """Return how many letters a line may have; in the last column some terminals wrap."""
        if not self.terminal or self.stream is None:
            return 1000
        try:
            columns = os.get_terminal_size(self.stream.fileno()).columns
        except (OSError, ValueError, AttributeError):
            columns = shutil.get_terminal_size().columns
        return max(1, (columns or 80) - 1)

    def _draw(self, text: str, ends: bool = False) -> None:
        """Write the text over what stands there, or as a new line; a stream that is gone is left alone."""
        if self.stream is None:
            return
        blank = " " * (min(self.drawn, self._room()) - len(text))
        try:
            self.stream.write(f"\r{text}{blank}" if self.terminal else f"{text}\n")
            if self.terminal and ends:
                self.stream.write("\n")
            self.stream.flush()
        except (OSError, ValueError):
            self.stream = None
        self.drawn = 0 if ends else len(text)


def fitted(parts: list[tuple[int, str]], room: int) -> str:
    """Join the parts, without those of the highest rank as long as they need more than the room."""
    kept = [part for part in parts if part[1]]
    while len(kept) > 1 and len(" | ".join(text for _, text in kept)) > room:
        kept.remove(max(kept))
    return " | ".join(text for _, text in kept)[:room]


def short(seconds: float) -> str:
    """Write whole seconds: 45 s, 3 min 12 s, 1 h 04 min."""
    return f"{seconds:.0f} s" if seconds < 59.5 else duration(round(seconds))
