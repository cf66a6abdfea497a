"""BM25: how well the words of a document answer those of a query."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from scipy import sparse

from heedful.errors import ConfigError, DataError, NotFittedError
from heedful.search.order import best
from heedful.storage import replacing
from heedful.text.words import plain_words
from heedful.types import Floats, Ints, Texts

BATCH = 1 << 20  # words counted at a time
NAMES = ("terms", "starts", "rows", "weights", "settings")


class Words:
    """BM25 (Robertson et al. 1994; Robertson & Zaragoza 2009, equation 3.15) over N documents.

    idf = ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative; a word that a query has twice counts
    twice. Words are lower-cased runs of letters and digits: no stop words, no stems.
    """

    def __init__(self, k1: float = 1.5, b: float = 0.75) -> None:
        if k1 < 0 or not 0 <= b <= 1:
            raise ConfigError(f"k1 is {k1} and b is {b}; expected k1 of at least 0, and b from 0 to 1.")
        self.k1, self.b = k1, b

    def fit(self, texts: Iterable[str]) -> Self:
        """Count the words of the documents; a stream will do, since only the counts are kept."""
        if isinstance(texts, str):
            raise DataError("fit expects many texts; found one string. Wrap it in a list.")
        places: defaultdict[str, int] = defaultdict()
        places.default_factory = places.__len__
        parts = list(counted(texts, places))
        rows = sum(part.shape[0] for part in parts)
        for part in parts:
            part.resize(part.shape[0], len(places))
        counts = sparse.vstack(parts, format="csc") if parts else sparse.csc_array((0, 0))
        lengths = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
        self.vocabulary_ = dict(places)
        self.documents_ = rows
        self.starts_ = counts.indptr.astype(np.int64)
        self.rows_ = counts.indices.astype(np.int32)
        self.weights_ = self._weigh(counts.data.astype(np.float64), lengths)
        return self

    def _weigh(self, counts: Floats, lengths: Floats) -> NDArray[np.float32]:
        """Return what each word adds to the score of each document that has it."""
        within = np.diff(self.starts_)
        idf = np.log1p((self.documents_ - within + 0.5) / (within + 0.5))
        mean = lengths.mean() if lengths.any() else 1.0
        norm = self.k1 * (1.0 - self.b + self.b * lengths / mean)
        weights = np.repeat(idf, within) * counts * (self.k1 + 1.0) / (counts + norm[self.rows_])
        return np.asarray(weights, dtype=np.float32)

    def scores(self, query: str) -> Floats:
        """Return the score of every document: (N,), 0 where it shares no word with the query."""
        if not hasattr(self, "weights_"):
            raise NotFittedError("these Words have no documents yet. Call fit, or load.")
        found = np.zeros(self.documents_)
        for word, times in Counter(plain_words(query)).items():
            place = self.vocabulary_.get(word)
            if place is not None:
                part = slice(self.starts_[place], self.starts_[place + 1])
                found[self.rows_[part]] += times * self.weights_[part].astype(np.float64)
        return found

    def search(
        self, texts: Texts, top: int = 10, among: NDArray[np.bool_] | None = None
    ) -> tuple[Ints, Floats]:
        """Return the rows and scores (Q, top) of the documents that answer Q queries best.

        `among` (N,) is true where a document may be found. Of equal scores the first row comes first; where
        fewer documents share a word with the query, -1 and -inf follow.
        """
        if isinstance(texts, str):
            raise DataError("search expects a list of queries; found one string. Wrap it in a list.")
        rows = np.full((len(texts), top), -1, dtype=np.int64)
        values = np.full((len(texts), top), -np.inf)
        for number, text in enumerate(texts):
            scores = self.scores(text)
            scores[scores <= 0.0 if among is None else (scores <= 0.0) | ~among] = -np.inf
            found = best(scores, top)
            rows[number, : len(found)] = found
            values[number, : len(found)] = scores[found]
        return rows, values

    def save(self, path: str | Path) -> None:
        """Write one safetensors file, whole or not at all."""
        terms = "\n".join(self.vocabulary_).encode()
        settings = np.array([self.k1, self.b, self.documents_])
        values = (np.frombuffer(terms, np.uint8), self.starts_, self.rows_, self.weights_, settings)
        with replacing(path) as fresh:
            save_file(dict(zip(NAMES, values, strict=True)), fresh)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote."""
        try:
            found: dict[str, Any] = load_file(path)
            terms, starts, rows, weights, settings = (found[name] for name in NAMES)
            k1, b, documents = map(float, settings)
            names = bytes(terms).decode().split("\n") if len(terms) else []
        except (OSError, SafetensorError, KeyError, ValueError) as problem:
            raise DataError(f"{path} holds no words of documents ({problem}). Make it again.") from None
        fitting = len(starts) == len(names) + 1 and len(rows) == len(weights) == starts[-1]
        if not fitting or (len(rows) and not 0 <= rows.min() <= rows.max() < documents):
            raise DataError(f"{path} has parts that do not fit together. Make it again.")
        loaded = cls(k1, b)
        loaded.vocabulary_ = {name: place for place, name in enumerate(names)}
        loaded.documents_, loaded.starts_, loaded.rows_, loaded.weights_ = (
            int(documents),
            starts,
            rows,
            weights,
        )
        return loaded


def counted(texts: Iterable[str], places: defaultdict[str, int]) -> Iterator["sparse.csr_array"]:
    """Yield how often each word stands in each document, some documents at a time: (documents, words)."""
    found, ends = array("i"), array("q", [0])
    for text in texts:
        found.extend(map(places.__getitem__, plain_words(text)))
        ends.append(len(found))
        if len(found) >= BATCH:
            yield counts(found, ends, len(places))
            found, ends = array("i"), array("q", [0])
    if len(ends) > 1:
        yield counts(found, ends, len(places))


def counts(found: "array[int]", ends: "array[int]", width: int) -> "sparse.csr_array":
    """Return the counts (documents, width) of the words that stand end to end."""
    ones = np.ones(len(found), dtype=np.int32)
    indices, starts = np.frombuffer(found, np.int32), np.array(ends, dtype=np.int64)
    matrix = sparse.csr_array((ones, indices.copy(), starts), shape=(len(ends) - 1, width))
    matrix.sum_duplicates()
    return matrix
