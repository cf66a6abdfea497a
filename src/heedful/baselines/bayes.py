"""Multinomial naive Bayes: the counts of words and word pairs, added up by class."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from heedful.baselines.terms import count, numbered, read_parts, write_parts
from heedful.estimator import Clock, TextClassifier
from heedful.text.words import grams, vocabulary
from heedful.train.linear import Linear, macro_f1
from heedful.types import Floats, Ints, Texts

SMOOTHINGS = (0.03, 0.1, 0.3, 1.0, 3.0)
DEFAULT = 1.0  # without a held-out part


class NaiveBayes(TextClassifier):
    """Presence of 1-2 grams (Wang and Manning 2012, section 2.1); the held-out part chooses the smoothing."""

    method = "bayes"
    random = False

    def __init__(self, min_rows: int = 2, max_terms: int = 200_000) -> None:
        self.min_rows = min_rows
        self.max_terms = max_terms

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:  # noqa: ARG002
        self.terms_ = vocabulary(map(grams, texts), self.min_rows, self.max_terms)
        self.columns_ = numbered(self.terms_)
        features = self._features(texts)
        if dev is None:
            self.linear_ = posterior(features, targets, DEFAULT)
            return
        held_out = self._features(dev[0])
        self.linear_ = max(
            (posterior(features, targets, smoothing) for smoothing in SMOOTHINGS),
            key=lambda model: macro_f1(model.logits(held_out), dev[1]),
        )

    def _features(self, texts: Texts) -> csr_matrix:
        present = count(map(grams, texts), self.columns_)
        present.data[:] = 1.0
        return present

    def _logits(self, texts: Texts) -> Floats:
        return self.linear_.logits(self._features(texts))

    def _write(self, folder: Path) -> dict[str, Any]:
        write_parts(folder, self.terms_, {"weight": self.linear_.weight, "bias": self.linear_.bias})
        return {"terms": len(self.terms_)}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:  # noqa: ARG002
        classes = len(self.classes_)
        self.terms_, tensors = read_parts(
            folder, lambda terms: {"weight": (classes, max(1, terms)), "bias": (classes,)}
        )
        self.columns_ = numbered(self.terms_)
        self.linear_ = Linear(tensors["weight"], tensors["bias"])


def posterior(features: csr_matrix, targets: Ints, smoothing: float) -> Linear:
    """Return log p(term | class) as weights and log p(class) as biases."""
    rows = np.bincount(targets)
    member = csr_matrix((np.ones(len(targets)), (targets, np.arange(len(targets)))))  # (C, N)
    counts = (member @ features).toarray() + smoothing
    weight = np.log(counts / counts.sum(axis=1, keepdims=True))
    return Linear(weight.astype(np.float32), np.log(rows / rows.sum()).astype(np.float32))
