"""Cross-encoders: how well a text answers another, told from both at once (Nogueira and Cho 2019)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from torch import Tensor, nn

from heedful.checkpoint.find import find
from heedful.checkpoint.folder import Form, load_tokenizer, load_transformer, save_transformer
from heedful.core.config import TokenInput
from heedful.core.model import Transformer
from heedful.core.precision import dtype
from heedful.errors import CheckpointError, DataError
from heedful.storage import writing
from heedful.tasks.embed import LONGEST, check_vocab, max_tokens, packed, side_by_side_vectors
from heedful.tasks.heads import under_head
from heedful.tasks.longtexts import Pair, Slicer, Windows, as_form
from heedful.text.tokenizer import Tokenizer
from heedful.types import Floats, Texts

METHOD = "rank"
ENDING = "ForSequenceClassification"
CHUNK = 1024  # pairs cut into windows at a time


class CrossEncoder(nn.Module):
    """A transformer over pairs of texts with one score; it opens, and writes, sentence-transformers' folders.

    A pair that is longer than the model reads is cut into windows, of which the best one counts (Dai and
    Callan 2019, section 3, "MaxP").
    """

    def __init__(
        self, transformer: Transformer, form: Form, tokenizer: Tokenizer, precision: str = "auto"
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.form = form
        self.tokenizer = tokenizer
        self.precision = precision
        inputs = transformer.config.first.input
        assert isinstance(inputs, TokenInput)
        self.slicer = Slicer(tokenizer, inputs.segments)

    @classmethod
    def load(cls, source: str | Path, precision: str = "auto") -> Self:
        """Open the folder of a cross-encoder: a model of one label."""
        folder, _ = find(source)
        loaded = load_transformer(folder)
        head = loaded.transformer.config.head
        if not loaded.form.architecture.endswith(ENDING) or head is None or head.outputs != 1:
            raise CheckpointError(
                f"{source} is no cross-encoder: it gives a pair no score. Train one with `heedful fit rank`."
            )
        return cls(
            loaded.transformer, loaded.form, tokenizer_of(folder, loaded.transformer), precision
        ).eval()

    @classmethod
    def under(cls, source: str | Path, seed: int, precision: str = "auto") -> Self:
        """Return a cross-encoder made of any encoder, under its own head of one label or a fresh one."""
        folder, _ = find(source)
        transformer, form = under_head(folder, ENDING, seed, outputs=1)
        return cls(transformer, form, tokenizer_of(folder, transformer), precision).eval()

    def forward(
        self, sequences: Sequence[Sequence[int]], segments: Sequence[Sequence[int]] | None = None
    ) -> Tensor:
        """Return the scores (B, 1) of B pairs as lists of token ids; `segments` tell the two texts apart."""
        ids, layout, parts = packed(self, sequences, segments)
        states, layout = self.transformer(ids, layout, segments=parts)
        return self.transformer.scores(states, layout)

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Return how well the texts of each pair go together, the higher the better: (N,) of any size."""
        if isinstance(pairs, str):
            raise DataError("score expects a list of pairs of texts; found one string.")
        rows = as_form(pairs, pairs=True)
        parts = [self.of(self.slicer.cut(rows[i : i + CHUNK])) for i in range(0, len(rows), CHUNK)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def of(self, windows: Windows) -> Floats:
        """Return the best score of the windows of each pair: (N,)."""
        self.eval()
        found = side_by_side_vectors(self, 1, windows.ids, windows.segments, 2048, dtype(self.precision))
        best = np.full(len(windows.counts), -np.inf)
        np.maximum.at(best, windows.owners, found[:, 0].astype(np.float64))
        return best

    def rank(self, query: str, texts: Texts) -> list[tuple[int, float]]:
        """Return the place and the score of each text, the best answer to the query first."""
        scores = self.score([(query, text) for text in texts])
        return [(place, float(scores[place])) for place in np.argsort(-scores, kind="stable").tolist()]

    def windows(self, pairs: Sequence[Pair]) -> int:
        """Count the pairs that are read in more than one window."""
        return int((self.slicer.cut(as_form(pairs, pairs=True)).counts > 1).sum())

    def save(self, folder: str | Path) -> None:
        """Write a folder that sentence-transformers' CrossEncoder opens, whole or not at all."""
        with writing(folder) as fresh:
            self.write(fresh)

    def write(self, folder: Path) -> None:
        """Put the files into an open folder."""
        save_transformer(self.transformer, self.form, folder)
        self.tokenizer.save(folder)


def tokenizer_of(folder: Path, transformer: Transformer) -> Tokenizer:
    """Return the tokenizer of a folder, with as many tokens as its model reads."""
    inputs = transformer.config.first.input
    if not isinstance(inputs, TokenInput):
        raise CheckpointError(f"{folder} holds no encoder of texts. Name a cross-encoder.")
    positions = inputs.positions or LONGEST
    tokenizer = load_tokenizer(folder, min(positions, max_tokens(folder) or positions))
    check_vocab(tokenizer, inputs.vocab, folder)
    return tokenizer
