"""What probe, fewshot and finetune share: a sentence encoder whose last module gives the logits."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from heedful.estimator import TextClassifier
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.modules import Dense
from heedful.train.linear import Linear
from heedful.types import Floats, Texts


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


def as_dense(found: Linear) -> Dense:
    """Return a logistic regression as the last module of an encoder (W -> C)."""
    classes, width = found.weight.shape
    dense = Dense(width, classes)
    with torch.no_grad():
        dense.linear.weight.copy_(torch.from_numpy(found.weight))
        dense.linear.bias.copy_(torch.from_numpy(found.bias))
    return dense
