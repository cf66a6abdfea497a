"""k nearest neighbours on the vectors of a frozen encoder: every answer comes with its reasons."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
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

    @classmethod
    def over(
        cls, encoder: SentenceEncoder | None, texts: Texts, vectors: Vectors, targets: NDArray[Any],
        classes: NDArray[Any], k: int,
    ) -> Self:  # fmt: skip
        """Return what votes with these texts and vectors (N, W): targets (N,), or (N, C) of 0 and 1."""
        found = cls()
        if encoder is not None:
            found.encoder_ = encoder
        found.texts_, found.vectors_ = list(texts), unit(vectors)
        found.targets_, found.classes_, found.k_ = targets, classes, min(k, len(texts))
        found.temperature_, found.stopped_ = 1.0, None
        return found

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
            self.k_ = max(counts, key=lambda k: score(self.votes(queries, k), dev[1]))
            self.dev_logits_ = self.votes(queries, self.k_)

    def _logits(self, texts: Texts) -> Floats:
        return self.votes(unit(self.encoder_.encode(texts)), self.k_)

    def votes(self, queries: Vectors, k: int) -> Floats:
        """Return the log of each class's share of the votes, smoothed: (N, C); of several labels log odds."""
        rows, cosines = self._nearest(queries, k)
        weights = np.exp(SHARPNESS * (cosines - 1.0))
        votes = np.zeros((len(queries), len(self.classes_)))
        if self.targets_.ndim == 2:
            for column in range(k):
                votes += weights[:, column, None] * self.targets_[rows[:, column]]
            part = (votes / weights.sum(axis=1, keepdims=True) * k + 0.1) / (k + 0.2)
            return np.asarray(np.log(part) - np.log(1 - part))
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
                Neighbour(self.texts_[row], self._named(row), float(cosine))
                for row, cosine in zip(*pair, strict=True)
            ]
            for pair in zip(rows, cosines, strict=True)
        ]

    def _named(self, row: int) -> str:
        """Return the label of a row, or its labels with a bar between."""
        target = self.targets_[row]
        found = self.classes_[target > 0] if self.targets_.ndim == 2 else [self.classes_[target]]
        return "|".join(map(str, found))

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
