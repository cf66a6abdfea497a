"""A convolutional network over learned word vectors (Kim 2014): a few words tell, wherever they stand."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu
from torch.nn.utils.rnn import pad_sequence

from heedful.baselines.word_network import WordNetwork
from heedful.core.block import Dropout


class Windows(nn.Module):
    """Word numbers to logits: vectors, filters over 3, 4 and 5 words, their maximum over the text, linear."""

    def __init__(
        self, vocab: int, width: int, filters: int, spans: tuple[int, ...], classes: int, dropout: float
    ) -> None:
        super().__init__()
        self.vectors = nn.Embedding(vocab, width)
        self.filters = nn.ModuleList(nn.Conv1d(width, filters, span) for span in spans)
        self.head = nn.Linear(filters * len(spans), classes)
        self.dropout = Dropout(dropout)
        self.spans, self.longest = spans, max(spans)

    def forward(self, texts: list[Tensor]) -> Tensor:
        """Map B texts, each (T,) with T >= 1, to logits (B, C); zeros stand on both sides of a text."""
        lengths = torch.tensor([len(text) for text in texts])
        x = self.dropout(self.vectors(pad_sequence(texts, batch_first=True)))  # (B, T, W)
        x = x * (torch.arange(x.shape[1]) < lengths[:, None])[..., None]
        x = pad(x.transpose(1, 2), (self.longest - 1, self.longest - 1))  # (B, W, T + 2 S - 2)
        pairs = zip(self.filters, self.spans, strict=True)
        highest = [self._highest(relu(one(x)), lengths, span) for one, span in pairs]
        return self.head(self.dropout(torch.cat(highest, dim=1)))  # type: ignore[no-any-return]

    def _highest(self, found: Tensor, lengths: Tensor, span: int) -> Tensor:
        """Return each filter's maximum (B, F) over the places that touch the text, the same in any batch."""
        first, after = self.longest - span, self.longest - 1 + lengths[:, None]
        places = torch.arange(found.shape[2])
        touched = (places >= first) & (places < after)  # (B, T + 2 S - 1 - span)
        return found.masked_fill(~touched[:, None], 0.0).amax(dim=2)


class CNN(WordNetwork):
    """Filters of three to five words, each of which keeps its best place in a text."""

    method = "cnn"

    def __init__(
        self,
        width: int = 100,
        filters: int = 100,
        epochs: int = 6,
        rate: float = 2e-3,
        batch: int = 64,
        dropout: float = 0.5,
        max_words: int = 400,
        max_terms: int = 50_000,
        seed: int = 0,
    ) -> None:
        super().__init__(width, epochs, rate, batch, dropout, max_words, max_terms, seed)
        self.filters = filters

    def _reader(self) -> Windows:
        vocab = len(self.terms_) + 1
        return Windows(vocab, self.width, self.filters, (3, 4, 5), len(self.classes_), self.dropout)
