"""A bidirectional LSTM over words (Hochreiter and Schmidhuber 1997; Graves and Schmidhuber 2005)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

from heedful.baselines.linear import log_loss, macro_f1
from heedful.baselines.terms import numbered, read_parts, write_parts
from heedful.estimator import Clock, TextClassifier
from heedful.text.words import vocabulary, words
from heedful.train.batches import by_length, shuffled
from heedful.train.loop import Plan, train
from heedful.types import Floats, Ints, Texts

UNKNOWN = 0  # the number of every word that is not in the vocabulary
BATCH_WORDS = 4096  # words in a batch at prediction


class Network(nn.Module):
    """Word numbers to logits: embedding, LSTM both ways, largest and mean state, linear map."""

    def __init__(self, vocab: int, width: int, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab + 1, width)
        self.lstm = nn.LSTM(width, hidden, bidirectional=True)
        self.head = nn.Linear(4 * hidden, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, sequences: Sequence[Sequence[int]]) -> Tensor:
        """Return (B, C) for B lists of word numbers, the longest first."""
        packed = pack_sequence([torch.tensor(sequence) for sequence in sequences])
        embedded = packed._replace(data=self.dropout(self.embedding(packed.data)))  # (N, W)
        states, lengths = pad_packed_sequence(self.lstm(embedded)[0])  # (T, B, 2H), zeros past the end
        past = torch.arange(len(states))[:, None, None] >= lengths[:, None]
        largest = states.masked_fill(past, -torch.inf).amax(dim=0)
        mean = states.sum(dim=0) / lengths[:, None]
        return self.head(self.dropout(torch.cat([largest, mean], dim=1)))  # type: ignore[no-any-return]


class LSTM(TextClassifier):
    """Learns its word vectors from the training texts alone; the best epoch on dev is kept.

    Words that stand in fewer than `min_rows` texts are one unknown word; texts are cut at `max_words`.
    """

    method = "lstm"

    def __init__(
        self,
        width: int = 200,
        hidden: int = 128,
        dropout: float = 0.5,
        epochs: int = 8,
        rate: float = 2e-3,
        rows: int = 32,
        min_rows: int = 2,
        max_words: int = 400,
        seed: int = 0,
    ) -> None:
        self.width = width
        self.hidden = hidden
        self.dropout = dropout
        self.epochs = epochs
        self.rate = rate
        self.rows = rows
        self.min_rows = min_rows
        self.max_words = max_words
        self.seed = seed

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:
        torch.manual_seed(self.seed)
        random = np.random.default_rng(self.seed)
        self.terms_ = vocabulary(map(words, texts), self.min_rows, at_most=100_000)
        self._build()
        numbers = self._numbers(texts)
        lengths = [-len(sequence) for sequence in numbers]  # the longest first

        def loss(rows: list[int]) -> Tensor:
            return cross_entropy(self.network_([numbers[row] for row in rows]), torch.tensor(targets[rows]))

        def evaluate() -> tuple[float, float]:
            assert dev is not None
            logits = self._logits(dev[0])
            return macro_f1(logits, dev[1]), -log_loss(logits, dev[1])

        batches = [shuffled(lengths, self.rows, random) for _ in range(self.epochs)]
        plan = Plan(epochs=self.epochs, rate=self.rate)
        progress = train(self.network_, batches.__getitem__, loss, plan, clock, evaluate if dev else None)
        self.stopped_ = progress.stopped

    def _build(self) -> None:
        self.columns_ = numbered(self.terms_)
        self.network_ = Network(len(self.terms_), self.width, self.hidden, len(self.classes_), self.dropout)

    def _numbers(self, texts: Texts) -> list[list[int]]:
        """Return the word numbers of each text; a text without a word is one unknown word."""
        found = (words(text)[: self.max_words] for text in texts)
        return [[self.columns_.get(word, UNKNOWN - 1) + 1 for word in row] or [UNKNOWN] for row in found]

    def _logits(self, texts: Texts) -> Floats:
        numbers = self._numbers(texts)
        logits = np.empty((len(texts), len(self.classes_)))
        self.network_.eval()
        with torch.inference_mode():
            for rows in by_length([len(sequence) for sequence in numbers], BATCH_WORDS):
                longest_first = rows[::-1]
                logits[longest_first] = self.network_([numbers[row] for row in longest_first]).numpy()
        return logits

    def truncated(self, texts: Texts) -> int:
        """Count the texts with more than `max_words` words."""
        return sum(len(words(text)) > self.max_words for text in texts)

    def _write(self, folder: Path) -> dict[str, Any]:
        state = {name: value.numpy() for name, value in self.network_.state_dict().items()}
        write_parts(folder, self.terms_, state)
        return {"terms": len(self.terms_)}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:  # noqa: ARG002
        def shapes(terms: int) -> dict[str, tuple[int, ...]]:
            with torch.device("meta"):
                network = Network(terms, self.width, self.hidden, len(self.classes_), self.dropout)
            return {name: tuple(value.shape) for name, value in network.state_dict().items()}

        self.terms_, tensors = read_parts(folder, shapes)
        self._build()
        self.network_.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
        self.network_.eval()
