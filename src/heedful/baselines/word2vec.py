"""Word vectors trained on this text alone, averaged over each text, and logistic regression."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import diags

from heedful.baselines.linear import Linear, fit_linear
from heedful.baselines.skipgram import train_vectors
from heedful.baselines.terms import count, numbered, read_parts, write_parts
from heedful.estimator import Clock, TextClassifier
from heedful.text.words import words
from heedful.types import Floats, Ints, Texts

FIT_SHARE = 0.7  # of the time, for the vectors; the rest is for the regression


class Word2Vec(TextClassifier):
    """Skip-gram vectors of the training words; a text is the mean of its words', rare words weighing more."""

    method = "word2vec"

    def __init__(self, width: int = 100, epochs: int = 10, min_count: int = 2, seed: int = 0) -> None:
        self.width = width
        self.epochs = epochs
        self.min_count = min_count
        self.seed = seed

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:
        sentences = [words(text) for text in texts]
        found = train_vectors(
            sentences,
            width=self.width,
            epochs=self.epochs,
            min_count=self.min_count,
            seed=self.seed,
            seconds=clock.left() * FIT_SHARE,
        )
        self.terms_, self.vectors_ = found.vocabulary, found.vectors
        self.columns_ = numbered(self.terms_)
        counts = count(sentences, self.columns_)
        rows = np.bincount(counts.indices, minlength=counts.shape[1])  # texts in which a word stands
        self.idf_ = (1 + np.log((1 + len(texts)) / (1 + rows))).astype(np.float32)
        features = self._features(texts)
        self.scale_ = np.maximum(features.std(axis=0), 1e-6).astype(np.float32)
        held_out = None if dev is None else (self._features(dev[0]) / self.scale_, dev[1])
        self.linear_, stopped = fit_linear(features / self.scale_, targets, held_out, clock)
        self.stopped_ = stopped
        if found.epochs < self.epochs:
            self.stopped_ = f"time ran out after {found.epochs:.1f} of {self.epochs} epochs of the word vectors"

    def _features(self, texts: Texts) -> Floats:
        """Return the weighted mean of each text's word vectors: (N, W), 0 without a known word."""
        weighted = count((words(text) for text in texts), self.columns_) @ diags(self.idf_.astype(np.float64))
        total = np.maximum(np.asarray(weighted.sum(axis=1)), 1e-12)
        return np.asarray(weighted @ self.vectors_.astype(np.float64) / total)

    def _logits(self, texts: Texts) -> Floats:
        return self.linear_.logits(self._features(texts) / self.scale_)

    def _write(self, folder: Path) -> dict[str, Any]:
        tensors = {"idf": self.idf_, "vectors": self.vectors_, "scale": self.scale_}
        write_parts(folder, self.terms_, {**tensors, "weight": self.linear_.weight, "bias": self.linear_.bias})
        return {"terms": len(self.terms_)}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:  # noqa: ARG002
        classes = len(self.classes_)

        def shapes(terms: int) -> dict[str, tuple[int, ...]]:
            rows = max(1, terms)
            return {
                "idf": (rows,), "vectors": (rows, self.width), "scale": (self.width,),
                "weight": (classes, self.width), "bias": (classes,),
            }  # fmt: skip

        self.terms_, tensors = read_parts(folder, shapes)
        self.columns_ = numbered(self.terms_)
        self.idf_, self.vectors_, self.scale_ = (tensors[name] for name in ("idf", "vectors", "scale"))
        self.linear_ = Linear(tensors["weight"], tensors["bias"])
