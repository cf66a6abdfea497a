"""Networks that read numbered words, trained by the one loop: what the LSTM and the CNN have in common."""

from abc import abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from heedful.baselines.terms import numbered, read_parts, write_parts
from heedful.estimator import Clock, TextClassifier
from heedful.text.words import vocabulary, words
from heedful.train.batches import alike
from heedful.train.cores import side_by_side
from heedful.train.linear import log_loss
from heedful.train.loop import train
from heedful.train.objectives import Loss, one_of
from heedful.train.plan import Plan
from heedful.types import Floats, Ints, Texts

UNKNOWN = 0  # the number of every word that training hardly saw
BATCH_WORDS = 2048  # at prediction


class WordNetwork(TextClassifier):
    """Words of two or more training texts get a vector; the epoch with the least log loss on dev is kept."""

    def __init__(
        self, width: int, epochs: int, rate: float, batch: int, dropout: float, max_words: int,
        max_terms: int, seed: int,
    ) -> None:  # fmt: skip
        self.width = width
        self.epochs = epochs
        self.rate = rate
        self.batch = batch
        self.dropout = dropout
        self.max_words = max_words
        self.max_terms = max_terms
        self.seed = seed

    @abstractmethod
    def _reader(self) -> nn.Module:
        """Return a network that maps B texts, each (T,) word numbers with T >= 1, to logits (B, C)."""

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:
        self.terms_ = vocabulary(map(words, texts), 2, self.max_terms)
        self.columns_ = numbered(self.terms_)
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            self.reader_ = self._reader()
            self._train(texts, targets, dev, clock)

    def _train(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:
        numbers = self._numbers(texts)
        lengths = [len(text) for text in numbers]

        def batches(epoch: int) -> list[list[int]]:
            return alike(lengths, self.batch, np.random.default_rng([self.seed, epoch]))

        def objective(reader: nn.Module, rows: list[int]) -> Loss:
            return one_of(reader([numbers[row] for row in rows]), targets[rows])

        def evaluate() -> tuple[float, ...]:
            assert dev is not None
            return (-log_loss(self._logits(dev[0]), dev[1]),)

        plan = Plan(epochs=self.epochs, rate=self.rate, seed=self.seed)
        progress = train(self.reader_, batches, objective, plan, clock, evaluate if dev is not None else None)
        self.reader_.eval()
        self.stopped_ = progress.stopped

    def _numbers(self, texts: Texts) -> list[Tensor]:
        """Return the word numbers of each text; one without words reads as a single unknown word."""
        rows = (words(text)[: self.max_words] for text in texts)
        return [torch.tensor([self.columns_.get(w, -1) + 1 for w in row] or [UNKNOWN]) for row in rows]

    def truncated(self, texts: Texts) -> int:
        """Count the texts with more than `max_words` words."""
        return sum(len(words(text)) > self.max_words for text in texts)

    def _logits(self, texts: Texts) -> Floats:
        numbers = self._numbers(texts)
        logits = np.zeros((len(texts), len(self.classes_)))

        def read(rows: list[int]) -> None:
            with torch.inference_mode():
                logits[rows] = self.reader_([numbers[row] for row in rows]).double().numpy()

        side_by_side([len(text) for text in numbers], BATCH_WORDS, read)
        return logits

    def _write(self, folder: Path) -> dict[str, Any]:
        tensors = {name: value.numpy() for name, value in self.reader_.state_dict().items()}
        write_parts(folder, self.terms_, tensors)
        return {"terms": len(self.terms_)}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:  # noqa: ARG002
        def shapes(terms: int) -> dict[str, tuple[int, ...]]:
            with torch.device("meta"):
                self.terms_ = [""] * terms
                return {name: tuple(value.shape) for name, value in self._reader().state_dict().items()}

        self.terms_, tensors = read_parts(folder, shapes)
        self.columns_ = numbered(self.terms_)
        with torch.device("meta"):
            self.reader_ = self._reader()
        self.reader_.load_state_dict({k: torch.from_numpy(v) for k, v in tensors.items()}, assign=True)
        self.reader_.eval()
