"""A real classifier for the tests of the service: it counts words, and some words make it slow or fail."""

import sys
import threading
import time
from typing import Any

import numpy as np

from heedful.errors import DataError
from heedful.estimator import Clock, TextClassifier
from heedful.types import Floats, Ints, Texts


class Wordy(TextClassifier):
    """Counts "good" against "bad"; "sleep" takes two seconds, "explode" raises, "refuse" is bad input."""

    method = "wordy"
    random = False

    def _fit(self, texts: Texts, targets: Ints, dev: Any, clock: Clock) -> None:  # noqa: ARG002
        self.gate = threading.Event()
        self.gate.set()
        self.inside = self.most_inside = 0

    def _logits(self, texts: Texts) -> Floats:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            self.gate.wait(20)
            for text in texts:
                self._obey(text)
            return np.array([[text.count("bad"), text.count("good")] for text in texts], dtype=np.float64)
        finally:
            self.inside -= 1

    def _obey(self, text: str) -> None:
        if "sleep" in text:
            time.sleep(2)
        if "explode" in text:
            raise RuntimeError("a secret of the inside")
        if "refuse" in text:
            raise DataError("the text is refused.")
        if "nan" in text.split():
            self.temperature_ = float("nan")

    def truncated(self, texts: Texts) -> int:
        return sum(len(text.split()) > 50 for text in texts)


def wordy() -> Wordy:
    return Wordy().fit(["bad", "good"], ["neg", "pos"])


if __name__ == "__main__":
    from heedful.studio.server import serve

    serve(wordy(), "127.0.0.1", int(sys.argv[1]), lambda url: print(url, flush=True))
