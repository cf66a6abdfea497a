"""k nearest neighbours on the vectors of a frozen encoder: every answer comes with its reasons."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from heedful.errors import CheckpointError
from heedful.estimator import Clock, TextClassifier
from heedful.search.order import unit
from heedful.storage import inside, read_json
from heedful.tasks.embed import SentenceEncoder, encode_within
from heedful.train.linear import score
from heedful.types import Floats, Ints, Texts, Vectors

COUNTS = (1, 3, 5, 10, 20, 40)
SHARPNESS = 20.0  # a neighbour votes exp(SHARPNESS * cosine)
BLOCK = 1024  # queries compared at a time
TEXTS, VECTORS = "neighbours.json", "neighbours.safetensors"


@dataclass(frozen=True)
class Neighbour:
    """A training text, its label, and its cosine with the query."""

    text: str
    label: str
    cosine: float


class Neighbours(TextClassifier):
    """Votes of the `k_` most similar training texts, weighted by similarity; dev chooses `k_`."""

    method = "neighbours"
    random = False
    fit_share = 0.55

    def __init__(self, model: str = "minilm") -> None:
        self.model = model

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:
        self.encoder_ = SentenceEncoder.load(self.model)
        vectors, rows, self.stopped_ = encode_within(self.encoder_, texts, targets, clock)
        self.texts_ = [texts[row] for row in rows]
        self.targets_ = targets[rows]
        self.vectors_ = unit(vectors)
        self.k_ = min(10, len(rows))
        if dev is not None:
            queries = unit(self.encoder_.encode(dev[0]))
            counts = [k for k in COUNTS if k <= len(rows)]
            self.k_ = max(counts, key=lambda k: score(self._votes(queries, k), dev[1]))
            self.dev_logits_ = self._votes(queries, self.k_)

    def _logits(self, texts: Texts) -> Floats:
        return self._votes(unit(self.encoder_.encode(texts)), self.k_)

    def _votes(self, queries: Vectors, k: int) -> Floats:
        """Return the log of each class's share of the votes, smoothed: (N, C)."""
        rows, cosines = self._nearest(queries, k)
        weights = np.exp(SHARPNESS * (cosines - 1.0))
        votes = np.zeros((len(queries), len(self.classes_)))
        for column in range(k):
            votes[np.arange(len(queries)), self.targets_[rows[:, column]]] += weights[:, column]
        shares = votes / votes.sum(axis=1, keepdims=True)
        return np.asarray(np.log((shares * k + 0.1) / (k + 0.1 * votes.shape[1])))

    def _nearest(self, queries: Vectors, k: int) -> tuple[Ints, Floats]:
        """Return the rows and cosines (N, k) of the nearest training texts, nearest first."""
        rows = np.empty((len(queries), k), dtype=np.int64)
        cosines = np.empty((len(queries), k))
        for start in range(0, len(queries), BLOCK):
            found = queries[start : start + BLOCK] @ self.vectors_.T
            order = np.argsort(-found, axis=1, kind="stable")[:, :k]
            rows[start : start + BLOCK] = order
            cosines[start : start + BLOCK] = np.take_along_axis(found, order, axis=1)
        return rows, cosines

    def neighbours(self, texts: Texts, count: int | None = None) -> list[list[Neighbour]]:
        """Return, for each text, the training texts that voted, nearest first."""
        rows, cosines = self._nearest(
            unit(self.encoder_.encode(texts)), min(count or self.k_, len(self.texts_))
        )
        return [
            [
                Neighbour(self.texts_[row], str(self.classes_[self.targets_[row]]), float(cosine))
                for row, cosine in zip(*pair, strict=True)
            ]
            for pair in zip(rows, cosines, strict=True)
        ]

    def truncated(self, texts: Texts) -> int:
        """Count the texts whose end the encoder does not see."""
        return self.encoder_.truncated(texts)

    def _write(self, folder: Path) -> dict[str, Any]:
        self.encoder_.write(folder)
        (folder / TEXTS).write_text(json.dumps(self.texts_, ensure_ascii=False), encoding="utf-8")
        save_file({"vectors": self.vectors_, "targets": self.targets_}, folder / VECTORS)
        return {"k": self.k_, "tokenizer": self.encoder_.tokenizer.fingerprint}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:
        self.encoder_ = SentenceEncoder.load(folder)
        self.texts_ = read_json(inside(folder, TEXTS), CheckpointError, limit=4 << 30)
        tensors = load_file(inside(folder, VECTORS))
        self.vectors_, self.targets_ = tensors["vectors"], tensors["targets"]
        self.k_ = int(state["k"])
        if not len(self.texts_) == len(self.vectors_) == len(self.targets_) >= self.k_ > 0:
            raise CheckpointError(
                f"{folder}: texts, vectors and labels differ in number. Copy the folder again."
            )
