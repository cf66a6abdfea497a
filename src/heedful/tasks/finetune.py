"""The encoder tuned end to end on the user's labels: one for each text, of which it reads the beginning."""

import numpy as np

from heedful.estimator import Clock
from heedful.tasks.classifier import EncoderClassifier
from heedful.tasks.longtexts import whole
from heedful.tasks.tuning import headed, tune
from heedful.train.linear import score
from heedful.train.objectives import one_of
from heedful.train.plan import Plan, PrecisionName
from heedful.types import Ints, Texts


class Finetune(EncoderClassifier):
    """All weights learn, from a pretrained encoder and a fresh linear head; the best epoch on dev is kept.

    `rate` is the peak learning rate, `rows` the texts in a batch, `precision` that of training.
    """

    method = "finetune"
    fit_share = 0.75

    def __init__(
        self,
        model: str = "minilm",
        epochs: int = 3,
        rate: float = 1e-4,
        rows: int = 32,
        precision: PrecisionName = "auto",
        seed: int = 0,
    ) -> None:
        self.model = model
        self.epochs = epochs
        self.rate = rate
        self.rows = rows
        self.precision = precision
        self.seed = seed

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:
        encoder = headed(self.model, len(self.classes_), self.seed)
        windows = whole(encoder.tokenizer.encode(texts).ids)

        def evaluate() -> tuple[float, float]:
            assert dev is not None
            return score(encoder.encode(dev[0]).astype(np.float64), dev[1])

        plan = Plan(epochs=self.epochs, rate=self.rate, precision=self.precision, seed=self.seed)
        self.progress_ = tune(
            encoder, windows, targets, one_of, plan, self.rows, clock, None if dev is None else evaluate
        )
        self.stopped_ = self.progress_.stopped
        self.encoder_ = encoder
