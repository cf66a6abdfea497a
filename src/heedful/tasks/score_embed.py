"""How good a sentence encoder is: at grades of likeness, and at finding what belongs to a text."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from heedful.data.likes import Likes
from heedful.data.parallel import folded
from heedful.intervals import RESAMPLES, interval
from heedful.search.order import unit
from heedful.search.scores import difference, ranking_scores, summary
from heedful.search.words import Words
from heedful.tasks.agreement import correlation, ranks
from heedful.tasks.embed import SentenceEncoder
from heedful.text.words import plain_words
from heedful.types import Encoder, Floats, Vectors

TOP = 10
BLOCK = 512  # queries compared at a time
MOST = 20_000  # texts that are searched

Figures = dict[str, Any]


@dataclass
class Search:
    """Q queries, D documents, and which of them (by place) belong to each query."""

    queries: list[str]
    documents: list[str]
    judged: Sequence[Mapping[Hashable, float]]

    @classmethod
    def of(cls, scored: Likes, others: Likes | None = None) -> "Search":
        """Ask for the second text of each row by its first; the documents of `others` stand in the way."""
        places: dict[str, int] = {}
        documents: list[str] = []
        queries: dict[str, tuple[str, dict[Hashable, float]]] = {}
        for likes in (scored, *([others] if others else [])):
            for row in likes.texts:
                for text in row[1:]:
                    if folded(text) not in places and (len(documents) < MOST or likes is scored):
                        places[folded(text)] = len(documents)
                        documents.append(text)
        for row in scored.texts:
            _, judged = queries.setdefault(folded(row[0]), (row[0], {}))
            judged[places[folded(row[1])]] = 1.0
        return cls([text for text, _ in queries.values()], documents, [one for _, one in queries.values()])

    def keep(self, places: Sequence[int]) -> None:
        """Leave out all queries but those at these places."""
        self.queries = [self.queries[place] for place in places]
        self.judged = [self.judged[place] for place in places]

    def by_vectors(self, encoder: Encoder, top: int = TOP) -> list[list[int]]:
        """Return the documents nearest to each query by cosine."""
        return nearest(unit(encoder.encode(self.queries)), unit(encoder.encode(self.documents)), top)

    @cached_property
    def words(self) -> Words:
        """BM25 over the documents."""
        return Words().fit(self.documents)

    def by_words(self, top: int = TOP) -> list[list[int]]:
        """Return the documents that BM25 finds for each query."""
        rows, _ = self.words.search(self.queries, top)
        return [[place for place in row if place >= 0] for row in rows.tolist()]

    def scores(self, found: list[list[int]]) -> dict[str, Floats]:
        """Return nDCG, reciprocal rank and recall at 10 of each query."""
        return ranking_scores(found, self.judged, TOP)


def nearest(queries: Vectors, documents: Vectors, top: int) -> list[list[int]]:
    """Return the places of the `top` documents (D, W) of the highest dot product with each query (Q, W)."""
    found: list[list[int]] = []
    top = min(top, len(documents))
    for start in range(0, len(queries), BLOCK):
        scores = queries[start : start + BLOCK] @ documents.T
        part = np.argpartition(-scores, top - 1, axis=1)[:, :top]
        order = np.argsort(-np.take_along_axis(scores, part, axis=1), axis=1, kind="stable")
        found += np.take_along_axis(part, order, axis=1).tolist()
    return found


@dataclass
class Scorer:
    """Scores encoders on the same rows, so that they can be compared; `others` are further documents.

    Graded rows give Spearman's and Pearson's correlation of cosine and grade; pairs and triplets a search.
    """

    scored: Likes
    others: Likes | None = None
    found: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graded = self.scored.kind == "graded"
        self.search = None if self.graded else Search.of(self.scored, self.others)

    def add(self, name: str, encoder: SentenceEncoder) -> Figures:
        """Return the figures of an encoder, and keep what they were made of under a name."""
        if self.search is None:
            return self.put(name, graded_cosines(encoder, self.scored))
        return self.put(name, self.search.scores(self.search.by_vectors(encoder)))

    def put(self, name: str, values: Any) -> Figures:
        """Keep the cosines or grades of each row, or the scores of each query, and return their figures."""
        self.found[name] = values
        if self.search is None:
            return agreement(values, np.array(self.scored.labels))
        return {metric: summary(one) for metric, one in values.items()}

    def baselines(self) -> dict[str, Figures]:
        """Return the figures of BM25 on the same search, or of the share of words that graded pairs share."""
        if self.search is not None:
            return {"bm25": self.put("bm25", self.search.scores(self.search.by_words()))}
        return {"word_overlap": self.put("word_overlap", overlaps(self.scored))}

    def beyond(self, name: str, other: str) -> Figures:
        """Return by how much one is better than another, with paired intervals."""
        ours, theirs = self.found[name], self.found[other]
        if self.search is None:
            return {"spearman": gap(ours, theirs, np.array(self.scored.labels))}
        return {metric: difference(ours[metric], theirs[metric]) for metric in ours}


def graded_cosines(encoder: Encoder, likes: Likes) -> Floats:
    """Return the cosine of each pair: (N,)."""
    first, second = (unit(encoder.encode([row[place] for row in likes.texts])) for place in (0, 1))
    return np.asarray((first.astype(np.float64) * second).sum(axis=1))


def overlaps(likes: Likes) -> Floats:
    """Return which share of the words of each pair stands in both (Jaccard): (N,)."""
    sets = [[set(plain_words(text)) for text in row[:2]] for row in likes.texts]
    return np.array([len(one & other) / max(1, len(one | other)) for one, other in sets])


def spearman(values: Floats, grades: Floats) -> float:
    """Return Spearman's correlation (0 where either is constant)."""
    return correlation(ranks(values), ranks(grades)) or 0.0


def pearson(values: Floats, grades: Floats) -> float:
    """Return Pearson's correlation (0 where either is constant)."""
    return correlation(values, grades) or 0.0


def agreement(values: Floats, grades: Floats) -> Figures:
    """Return Spearman's and Pearson's correlation with 95 % bootstrap intervals over the pairs."""
    found: Figures = {}
    for name, measure in (("spearman", spearman), ("pearson", pearson)):
        samples = np.array([measure(values[rows], grades[rows]) for rows in draws(len(values))])
        low, high = interval(samples)
        found[name] = {"value": measure(values, grades), "low": low, "high": high}
    return found


def gap(ours: Floats, theirs: Floats, grades: Floats) -> dict[str, float]:
    """Return by how much Spearman's correlation of one is above that of another, on the same draws."""

    def above(rows: Any) -> float:
        return spearman(ours[rows], grades[rows]) - spearman(theirs[rows], grades[rows])

    low, high = interval(np.array([above(rows) for rows in draws(len(ours))]))
    return {"value": spearman(ours, grades) - spearman(theirs, grades), "low": low, "high": high}


def draws(size: int) -> list[Any]:
    """Return rows drawn with replacement, the same for any system."""
    random = np.random.default_rng(0)
    return [random.integers(0, size, size) for _ in range(RESAMPLES)]
