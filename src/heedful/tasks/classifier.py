"""What probe, fewshot and finetune share: a sentence encoder whose last module gives the logits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from heedful.estimator import TextClassifier
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.modules import Dense
from heedful.types import Floats, Ints, Texts, Vectors

STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class EncoderClassifier(TextClassifier):
    """A sentence encoder and a linear head, saved as a folder that sentence-transformers opens."""

    encoder_: SentenceEncoder

    def _logits(self, texts: Texts) -> Floats:
        return self.encoder_.encode(texts).astype(np.float64)

    def truncated(self, texts: Texts) -> int:
        """Count the texts whose end the encoder does not see."""
        return self.encoder_.truncated(texts)

    def _write(self, folder: Path) -> dict[str, Any]:
        self.encoder_.write(folder)
        return {"tokenizer": self.encoder_.tokenizer.fingerprint}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:  # noqa: ARG002
        self.encoder_ = SentenceEncoder.load(folder)


def linear_head(
    vectors: Vectors,
    targets: Ints,
    classes: int,
    dev: tuple[Vectors, Ints] | None,
    left: Callable[[], float] = lambda: np.inf,
) -> Dense:
    """Return logistic regression as a Dense (W -> C); the dev part chooses its strength by log loss."""
    if dev is None:
        return as_dense(LogisticRegression(max_iter=1000).fit(vectors, targets), classes)
    best, least = None, np.inf
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=1000).fit(vectors, targets)
        found = scatter(model.predict_proba(dev[0]), model.classes_, classes)[np.arange(len(dev[1])), dev[1]]
        loss = -np.log(np.maximum(found, 1e-12)).mean()
        if loss < least:
            best, least = model, loss
        if left() < 0:
            break
    return as_dense(best, classes)


def scatter(probabilities: Floats, present: Ints, classes: int) -> Floats:
    """Return columns for all classes where the model knows only those that were `present`: (N, C)."""
    full = np.zeros((len(probabilities), classes))
    full[:, present] = probabilities
    return full


def as_dense(model: LogisticRegression, classes: int) -> Dense:
    """Return scikit-learn's logistic regression as a module with one row for each class."""
    weight, bias = model.coef_, model.intercept_
    if len(weight) == 1:  # two classes: the second one's logit against 0
        weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    dense = Dense(weight.shape[1], classes)
    with torch.no_grad():
        dense.linear.weight.zero_()
        dense.linear.bias.fill_(-1e4)
        dense.linear.weight[model.classes_] = torch.tensor(weight, dtype=torch.float32)
        dense.linear.bias[model.classes_] = torch.tensor(bias, dtype=torch.float32)
    return dense


def score(logits: Floats, targets: Ints) -> tuple[float, float]:
    """Return macro-F1, then minus the log loss to settle ties: larger is better."""
    scaled = torch.tensor(logits).log_softmax(dim=1).numpy()
    chosen = logits.argmax(axis=1)
    loss = -scaled[np.arange(len(targets)), targets].mean()
    return float(f1_score(targets, chosen, average="macro", zero_division=0)), float(-loss)
