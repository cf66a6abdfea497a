"""`TopicModel`: texts in, topics out; the texts that it was fitted on keep their topics for ever."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.preprocessing import normalize

from heedful.errors import ConfigError, DataError, NotFittedError
from heedful.topics.clusters import AUTO, DIMENSIONS, OUTLIER, SAMPLE, Places, find
from heedful.topics.documents import Documents, Texted, check_texts, check_vectors, digest, distinct, means
from heedful.topics.terms import terms
from heedful.topics.weights import class_tf_idf, exclusive, names, top
from heedful.types import Encoder, Ints, Texts, Vectors

FEWEST = 10  # different texts
SHOWN = 5  # texts that stand for a topic
UNKNOWN = -2
VARIETY = 0.1
SETTINGS = {"reduction": tuple(DIMENSIONS), "outliers": ("keep", "nearest")}


@dataclass(frozen=True)
class Topic:
    """A topic: its words and their weights, its rows among N, and texts that stand for it with their rows."""

    number: int
    name: str
    words: tuple[str, ...]
    weights: tuple[float, ...]
    size: int
    texts: tuple[str, ...]
    rows: tuple[int, ...]


class TopicModel(BaseEstimator):  # type: ignore[misc]
    """Topics of texts: clusters of their vectors, told by words.

    `topics` is a number (k-means), or "auto": as many as HDBSCAN finds. `encoder` is anything that encodes, a
    name that `opener` opens, or None where vectors are given. `reduction` is "neighbours" (smooth directions
    along the graph of neighbours), "pca" or "umap". `outliers` are kept (-1), or get the "nearest" topic.
    `smallest` is the least size of a cluster for "auto" (None: follows the number of texts). `variety`, 0 to
    1, keeps words out that are spelt like one before them.

    Fitted: `topics_` (largest first), `labels_` (N,) with -1 for outliers and empty texts, `empty_` (N,)
    bool, `documents_` (in memory only: None after load).
    """

    method: ClassVar[str] = "topics"
    kind_: ClassVar[str] = "topic"  # what it answers with
    opener: Callable[[str], Encoder] | None = None  # opens an encoder by its name

    def __init__(
        self, topics: int | str = AUTO, *, encoder: Encoder | str | None = None,
        reduction: str = "neighbours", outliers: str = "keep", smallest: int | None = None, words: int = 10,
        variety: float = VARIETY, seed: int = 0,
    ) -> None:  # fmt: skip
        self.topics = topics
        self.encoder = encoder
        self.reduction = reduction
        self.outliers = outliers
        self.smallest = smallest
        self.words = words
        self.variety = variety
        self.seed = seed

    def fit(self, texts: Texts, vectors: Vectors | None = None) -> Self:
        """Find the topics of N texts; `vectors` (N, W), made beforehand, spare the encoder.

        Empty texts are left out. Equal texts are one (with the mean of their vectors); the order is without
        meaning.
        """
        self._check()
        check_texts(texts)
        given = None if vectors is None else check_vectors(vectors, len(texts))
        told = distinct(texts)
        needed = max(FEWEST, self.topics if isinstance(self.topics, int) else 0)
        if len(told.texts) < needed:
            raise DataError(
                f"found {len(told.texts)} different texts in {len(texts)} rows, empty ones left out; "
                f"expected at least {needed}. Give more texts"
                f"{'' if needed == FEWEST else ', or ask for fewer topics'}."
            )
        raw = self._encoded(told.texts) if given is None else means(given, told.places)
        self.centre_ = normalize(raw).mean(axis=0)
        x = self._centred(raw)
        smallest = self.smallest or least_size(min(len(x), SAMPLE))
        self._settle(find(x, self.topics, self.reduction, smallest, self.seed), told, raw, x)
        return self

    def transform(self, texts: Texts, vectors: Vectors | None = None) -> Ints:
        """Return the topic of each text (N,), -1 for outliers and empty texts; a fitted text keeps its own.

        Neither `vectors` (N, W) nor the encoder are asked about texts that were fitted.
        """
        self._fitted()
        check_texts(texts)
        given = None if vectors is None else check_vectors(vectors, len(texts))
        labels = np.array([self._known(text) for text in texts], dtype=np.int64)
        rows = np.flatnonzero(labels == UNKNOWN)
        if len(rows):
            raw = self._encoded([texts[int(row)] for row in rows]) if given is None else given[rows]
            if raw.shape[1] != len(self.centre_):
                raise DataError(
                    f"the vectors are {raw.shape[1]} wide; the topics were found in {len(self.centre_)}. "
                    "Use the encoder of the fit."
                )
            labels[rows] = self.places_.assign(self._centred(raw), self.outliers == "keep")[0]
        return labels

    def fit_transform(self, texts: Texts, vectors: Vectors | None = None) -> Ints:
        """Return the topic of each text (N,) that they were found in."""
        return self.fit(texts, vectors).labels_

    def save(self, folder: Path | str, about: Mapping[str, Any] | None = None) -> None:
        """Write the artefact folder, whole or not at all. `about` (scores, data) goes into heedful.json."""
        from heedful.topics.store import save

        self._fitted()
        save(self, folder, about or {})

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote; an encoder that it had as an object has to be given again."""
        from heedful.topics.store import load

        return load(cls, Path(folder))

    def _settle(self, found: Places, told: Texted, raw: Vectors, x: Vectors) -> None:
        """Give every text its topic, the largest topic first, and describe the topics."""
        labels, _ = found.assign(x, self.outliers == "keep")
        sizes = np.bincount(labels[told.places[told.places >= 0]] + 1, minlength=len(found.vectors) + 1)[1:]
        order = np.argsort(-sizes, kind="stable")
        self.places_ = found.taken(order[sizes[order] > 0])
        labels, cosines = self.places_.assign(x, self.outliers == "keep")
        self.empty_: NDArray[np.bool_] = told.places < 0
        self.labels_: Ints = np.where(self.empty_, OUTLIER, labels[told.places])
        self.known_ = dict(zip(told.digests, labels.tolist(), strict=True))
        words = terms(told.texts, x)
        weights = class_tf_idf(words.counts, labels, len(self.places_.vectors), cosines)
        self.documents_: Documents | None = Documents(told, raw, x, words, labels, cosines, weights)
        self.topics_ = self._described(self.documents_)

    def _described(self, known: Documents) -> list[Topic]:
        chosen = [
            top(row, known.terms.vocabulary, self.words, self.variety) for row in exclusive(known.weights)
        ]
        named = names([[word for word, _ in words] for words in chosen], known.terms.documents, known.labels)
        sizes = np.bincount(self.labels_ + 1, minlength=len(chosen) + 1)[1:]
        found = []
        for number, (name, words) in enumerate(zip(named, chosen, strict=True)):
            members = np.flatnonzero(known.labels == number)
            first = members[np.argsort(-known.cosines[members], kind="stable")[:SHOWN]]
            found.append(Topic(
                number, name, tuple(word for word, _ in words), tuple(weight for _, weight in words),
                int(sizes[number]), tuple(known.told.texts[i] for i in first),
                tuple(int(known.told.rows[i]) for i in first),
            ))  # fmt: skip
        return found

    def _known(self, text: str) -> int:
        return self.known_.get(digest(text), UNKNOWN) if text.strip() else OUTLIER

    def _encoded(self, texts: Texts) -> Vectors:
        encoder = getattr(self, "encoder_", self.encoder)
        if isinstance(encoder, str) and self.opener is not None:
            encoder = self.encoder_ = self.opener(encoder)
        if encoder is None or isinstance(encoder, str):
            named = f"; they were made by {encoder!r}" if encoder else ""
            raise ConfigError(
                f"texts need vectors{named}. Give `vectors`, or set `encoder` to one that encodes."
            )
        return check_vectors(encoder.encode(texts), len(texts))

    def _centred(self, raw: Vectors) -> Vectors:
        return np.asarray(normalize(normalize(raw) - self.centre_), dtype=np.float32)

    def _check(self) -> None:
        if self.topics != AUTO and (type(self.topics) is not int or self.topics < 2):
            raise ConfigError(f"topics is {self.topics!r}; expected a number from 2 on, or {AUTO!r}.")
        for name, allowed in SETTINGS.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; expected one of {', '.join(allowed)}.")

    def _fitted(self) -> None:
        if not hasattr(self, "topics_"):
            raise NotFittedError("this TopicModel is not fitted yet: call fit or load first.")


def least_size(texts: int) -> int:
    """Return the least size of a cluster: 5 of 500 texts, 15 of 1,500 to 6,000, 25 of 10,000."""
    return max(5, min(15, round(texts / 100)), round(texts / 400))
