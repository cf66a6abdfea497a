"""A bidirectional LSTM over learned word vectors, in batches of texts of like length."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from heedful.baselines.word_network import WordNetwork
from heedful.core.block import Dropout


class Reader(nn.Module):
    """Word numbers to logits: vectors, an LSTM in either direction, maximum and mean, linear."""

    def __init__(self, vocab: int, width: int, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.vectors = nn.Embedding(vocab, width)
        self.forwards = nn.LSTM(width, hidden, batch_first=True)
        self.backwards = nn.LSTM(width, hidden, batch_first=True)
        self.head = nn.Linear(4 * hidden, classes)
        self.dropout = Dropout(dropout)

    def forward(self, texts: list[Tensor]) -> Tensor:
        """Map B texts, each (T,) with T >= 1, to logits (B, C)."""
        lengths = torch.tensor([[len(text)] for text in texts])
        forth = self._pooled(self.forwards, texts, lengths)
        back = self._pooled(self.backwards, [text.flip(0) for text in texts], lengths)
        return self.head(self.dropout(torch.cat([*forth, *back], dim=1)))  # type: ignore[no-any-return]

    def _pooled(self, lstm: nn.LSTM, texts: list[Tensor], lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return maximum and mean of the states, each (B, H); padding stands behind the words, unseen."""
        states, _ = lstm(self.dropout(self.vectors(pad_sequence(texts, batch_first=True))))  # (B, T, H)
        outside = (torch.arange(states.shape[1]) >= lengths)[:, :, None]  # (B, T, 1)
        highest = states.masked_fill(outside, -1.0).amax(dim=1)  # no state is below -1
        return highest, states.masked_fill(outside, 0.0).sum(dim=1) / lengths


class LSTM(WordNetwork):
    """Reads texts in either direction and keeps the maximum and the mean of its states."""

    method = "lstm"

    def __init__(
        self,
        width: int = 100,
        hidden: int = 128,
        epochs: int = 6,
        rate: float = 4e-3,
        batch: int = 64,
        dropout: float = 0.5,
        max_words: int = 400,
        max_terms: int = 50_000,
        seed: int = 0,
    ) -> None:
        super().__init__(width, epochs, rate, batch, dropout, max_words, max_terms, seed)
        self.hidden = hidden

    def _reader(self) -> Reader:
        vocab = len(self.terms_) + 1
        return Reader(vocab, self.width, self.hidden, len(self.classes_), self.dropout)
