"""The mean of word vectors that were trained on these very texts, and logistic regression."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import diags

from heedful.baselines.terms import count, numbered, read_parts, write_parts
from heedful.estimator import Clock, TextClassifier
from heedful.text.words import words
from heedful.train.linear import Linear, fit_linear
from heedful.types import Floats, Ints, Texts, Vectors

SHARE = 0.8  # of the time goes to the vectors, the rest to the regression
EPOCHS = (3, 15)  # least and most


class Word2Vec(TextClassifier):
    """Skip-gram vectors of `width`, averaged over a text.

    Training reads about `words_read` words: a small table up to 15 times, a large one at least 3 times.
    """

    method = "word2vec"

    def __init__(
        self,
        width: int = 100,
        window: int = 5,
        words_read: int = 2_500_000,
        min_count: int = 2,
        seed: int = 0,
    ) -> None:
        self.width = width
        self.window = window
        self.words_read = words_read
        self.min_count = min_count
        self.seed = seed

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:
        from heedful.baselines.skipgram import train_vectors

        sentences = [words(text) for text in texts]
        size = max(1, sum(map(len, sentences)))
        epochs = int(np.clip(round(self.words_read / size), *EPOCHS))
        trained = train_vectors(
            sentences,
            width=self.width,
            window=self.window,
            epochs=epochs,
            min_count=self.min_count,
            seed=self.seed,
            seconds=clock.left() * SHARE,
        )
        self.terms_ = trained.vocabulary
        self.columns_ = numbered(self.terms_)
        self.vectors_ = trained.vectors if self.terms_ else np.zeros((1, self.width), np.float32)
        features = self._standardise(texts)
        held_out = None if dev is None else (self._features(dev[0]), dev[1])
        self.linear_, self.stopped_ = fit_linear(features, targets, held_out, clock)
        if trained.epochs < epochs:
            self.stopped_ = f"time ran out after {trained.epochs:.1f} of {epochs} epochs"

    def _standardise(self, texts: Texts) -> Floats:
        """Shift and scale the vectors so that texts lie around 0 at a mean square of 1; return the texts."""
        features = self._features(texts)
        centre = features.mean(axis=0)
        spread = np.sqrt(((features - centre) ** 2).sum(axis=1).mean())
        self.vectors_ = ((self.vectors_ - centre) / max(float(spread), 1e-6)).astype(np.float32)
        return self._features(texts)

    def _features(self, texts: Texts) -> Floats:
        """Return the mean vector of each text's known words, 0 where there is none: (N, W)."""
        counts = count(map(words, texts), self.columns_)
        share = 1 / np.maximum(1.0, np.asarray(counts.sum(axis=1)).ravel())
        return np.asarray(diags(share) @ counts @ self.vectors_.astype(np.float64))

    def _logits(self, texts: Texts) -> Floats:
        return self.linear_.logits(self._features(texts))

    def _write(self, folder: Path) -> dict[str, Any]:
        tensors: dict[str, Vectors] = {
            "vectors": self.vectors_,
            "weight": self.linear_.weight,
            "bias": self.linear_.bias,
        }
        write_parts(folder, self.terms_, tensors)
        return {"terms": len(self.terms_)}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:  # noqa: ARG002
        classes = len(self.classes_)

        def shapes(terms: int) -> dict[str, tuple[int, ...]]:
            vectors = (max(1, terms), self.width)
            return {"vectors": vectors, "weight": (classes, self.width), "bias": (classes,)}

        self.terms_, tensors = read_parts(folder, shapes)
        self.columns_ = numbered(self.terms_)
        self.vectors_ = tensors["vectors"]
        self.linear_ = Linear(tensors["weight"], tensors["bias"])
