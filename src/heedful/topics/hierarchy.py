"""Which topics are near each other: merged two by two, each merger told by the words of both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import linkage, optimal_leaf_ordering
from scipy.spatial.distance import pdist

from heedful.topics.documents import Documents
from heedful.topics.weights import class_tf_idf, top
from heedful.types import Vectors


@dataclass(frozen=True)
class Merger:
    """Two nodes become one: topics are 0 to K - 1, the i-th merger is K + i; the mean of 1 - cosine."""

    left: int
    right: int
    distance: float
    topics: tuple[int, ...]
    words: tuple[str, ...] = ()


def hierarchy(vectors: Vectors, known: Documents | None = None, words: int = 5) -> list[Merger]:
    """Return the K - 1 mergers of topic vectors (K, W), nearest first (average linkage, cosine distance).

    With the documents of the fit each merger has its words.
    """
    if len(vectors) < 2:
        return []
    distances = np.maximum(pdist(vectors.astype(np.float64), "cosine"), 0.0)
    tree = optimal_leaf_ordering(linkage(distances, method="average"), distances)
    inside: list[tuple[int, ...]] = [(topic,) for topic in range(len(vectors))]
    found = []
    for left, right, distance, _ in tree:
        topics = inside[int(left)] + inside[int(right)]
        inside.append(topics)
        told = () if known is None else merged_words(known, topics, words)
        found.append(Merger(int(left), int(right), float(distance), topics, told))
    return found


def merged_words(known: Documents, topics: Sequence[int], count: int) -> tuple[str, ...]:
    """Return the words of several topics as one, beside the others as they are."""
    total = len(known.weights)
    one = np.arange(total + 1)
    one[[*topics]] = total
    labels = np.where(known.labels >= 0, one[known.labels], -1)
    weights = class_tf_idf(known.terms.counts, labels, total + 1, known.cosines)[total]
    return tuple(word for word, _ in top(weights, known.terms.vocabulary, count, 0.2))
