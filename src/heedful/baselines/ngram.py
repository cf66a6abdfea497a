"""TF-IDF of words and word pairs, and logistic regression: the rival that is hard to beat for its price."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.preprocessing import normalize

from heedful.baselines.terms import count, numbered, read_parts, write_parts
from heedful.estimator import Clock, TextClassifier
from heedful.text.words import grams, vocabulary
from heedful.train.linear import Linear, fit_linear
from heedful.types import Floats, Ints, Texts


class NGram(TextClassifier):
    """Sublinear TF-IDF over 1-2 grams that stand in `min_rows` training texts, then logistic regression."""

    method = "ngram"
    random = False

    def __init__(self, min_rows: int = 2, max_terms: int = 200_000) -> None:
        self.min_rows = min_rows
        self.max_terms = max_terms

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:
        self.terms_ = vocabulary(map(grams, texts), self.min_rows, self.max_terms)
        self.columns_ = numbered(self.terms_)
        counts = self._counts(texts)
        rows = np.bincount(counts.indices, minlength=counts.shape[1])  # texts in which a term stands
        self.idf_ = (1 + np.log((1 + len(texts)) / (1 + rows))).astype(np.float32)
        held_out = None if dev is None else (self._features(self._counts(dev[0])), dev[1])
        self.linear_, self.stopped_ = fit_linear(self._features(counts), targets, held_out, clock)

    def _counts(self, texts: Texts) -> csr_matrix:
        return count(map(grams, texts), self.columns_)

    def _features(self, counts: csr_matrix) -> csr_matrix:
        """Turn counts into rows of unit length: (1 + ln count) * idf."""
        counts.data = 1 + np.log(counts.data)
        return normalize(counts @ diags(self.idf_.astype(np.float64)))

    def _logits(self, texts: Texts) -> Floats:
        return self.linear_.logits(self._features(self._counts(texts)))

    def _write(self, folder: Path) -> dict[str, Any]:
        tensors = {"idf": self.idf_, "weight": self.linear_.weight, "bias": self.linear_.bias}
        write_parts(folder, self.terms_, tensors)
        return {"terms": len(self.terms_)}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:  # noqa: ARG002
        classes = len(self.classes_)

        def shapes(terms: int) -> dict[str, tuple[int, ...]]:
            width = max(1, terms)
            return {"idf": (width,), "weight": (classes, width), "bias": (classes,)}

        self.terms_, tensors = read_parts(folder, shapes)
        self.columns_ = numbered(self.terms_)
        self.idf_ = tensors["idf"]
        self.linear_ = Linear(tensors["weight"], tensors["bias"])
