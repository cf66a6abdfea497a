"""The floor of every leaderboard: how often each class occurs, whatever the text says."""

from pathlib import Path
from typing import Any

import numpy as np

from heedful.estimator import Clock, TextClassifier
from heedful.types import Floats, Ints, Texts


class Majority(TextClassifier):
    """Answers every text with the class frequencies of the training rows."""

    method = "majority"
    random = False

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:  # noqa: ARG002
        counts = np.bincount(targets, minlength=len(self.classes_))
        self.log_prior_ = np.log(counts / counts.sum())

    def _logits(self, texts: Texts) -> Floats:
        return np.tile(self.log_prior_, (len(texts), 1))

    def _write(self, folder: Path) -> dict[str, Any]:  # noqa: ARG002
        return {"log_prior": self.log_prior_.tolist()}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:  # noqa: ARG002
        self.log_prior_ = np.array(state["log_prior"], dtype=np.float64)
