"""Methods that misbehave, for the tests of `compare`."""
# ruff: noqa: ARG002

import os
import time

from heedful.baselines.majority import Majority
from heedful.errors import CheckpointError


class Slow(Majority):
    """Learns at once with seed 0 and never ends with another."""

    method = "slow"
    random = True

    def __init__(self, seed=0, from_seed=1):
        self.seed = seed
        self.from_seed = from_seed

    def _fit(self, texts, targets, dev, clock):
        super()._fit(texts, targets, dev, clock)
        if self.seed >= self.from_seed:
            time.sleep(600)


class Patient(Slow):
    """Stops when it is told to."""

    method = "patient"

    def _fit(self, texts, targets, dev, clock):
        Majority._fit(self, texts, targets, dev, clock)
        time.sleep(max(clock.left(), 0))
        self.stopped_ = "its seconds were over."


class Broken(Majority):
    """Raises what nobody expected."""

    method = "broken"

    def _fit(self, texts, targets, dev, clock):
        raise ValueError("the wheels\ncame off")


class Unfetched(Majority):
    """Lacks its model."""

    method = "unfetched"

    def _fit(self, texts, targets, dev, clock):
        raise CheckpointError("minilm is not here. Run: heedful fetch minilm")


class Killed(Majority):
    """Dies without a word."""

    method = "killed"

    def _fit(self, texts, targets, dev, clock):
        os.kill(os.getpid(), 9)


class Diverged(Majority):
    """Gives scores that are no numbers."""

    method = "diverged"

    def _logits(self, texts):
        return super()._logits(texts) * float("nan")
