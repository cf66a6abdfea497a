"""Where the topics are: clusters of the reduced vectors, and the rule that gives any document its topic."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.preprocessing import normalize

from heedful.errors import ConfigError
from heedful.topics.graph import neighbours, reduced, smooth
from heedful.types import Floats, Ints, Vectors

OUTLIER = -1
AUTO = "auto"
EDGE = 0.01  # the share of clustered documents that lie further out than the border of outliers
SAMPLE = 10_000  # documents among which clusters are looked for
DIMENSIONS = {"neighbours": 30, "pca": 15, "umap": 5}


@dataclass(frozen=True)
class Places:
    """K topic vectors (K, W) of length 1, and the cosine below which a document is an outlier."""

    vectors: Vectors
    least: float

    def assign(self, vectors: Vectors, outliers: bool) -> tuple[Ints, Floats]:
        """Return the topic of greatest cosine of each of N unit vectors, or -1, and that cosine."""
        cosines = vectors @ self.vectors.T
        labels = cosines.argmax(axis=1).astype(np.int64)
        best = cosines[np.arange(len(labels)), labels].astype(np.float64)
        if outliers:
            labels[best < self.least] = OUTLIER
        return labels, best

    def taken(self, order: Ints) -> "Places":
        """Return some of the topics, in this order."""
        return Places(self.vectors[order], self.least)


def find(vectors: Vectors, topics: int | str, reduction: str, smallest: int, seed: int) -> Places:
    """Return the topics of N unit vectors: as many as asked for by k-means, or all that HDBSCAN finds.

    Of more than 10,000 documents the first so many are looked at: give them in an order that means nothing.
    """
    sample = vectors[:SAMPLE]
    flat = reduce(sample, reduction, topics if isinstance(topics, int) else None, seed)
    if isinstance(topics, int):
        labels = KMeans(topics, n_init=3, random_state=seed).fit(normalize(flat)).labels_
    else:
        labels = (
            HDBSCAN(min_cluster_size=smallest, cluster_selection_method="leaf", copy=True).fit(flat).labels_
        )
        if labels.max() < 1:
            count = max(2, round((len(sample) / 10) ** 0.5))
            labels = KMeans(count, n_init=3, random_state=seed).fit(normalize(flat)).labels_
    return middles(sample, labels)


def reduce(vectors: Vectors, reduction: str, topics: int | None, seed: int) -> Floats:
    """Return few numbers for each document, in which near ones are near: (N, D)."""
    width = DIMENSIONS[reduction]
    if reduction == "pca":
        return reduced(vectors, width, seed).astype(np.float64)
    if reduction == "neighbours":
        return smooth(
            neighbours(vectors, seed=seed), width if topics is None else min(60, max(2, topics - 1)), seed
        )
    try:
        from umap import UMAP
    except ImportError:
        raise ConfigError(
            "reduction 'umap' needs the package umap-learn: pip install 'heedful[umap]', or leave it out."
        ) from None
    fitted = UMAP(n_components=width, n_neighbors=15, min_dist=0.0, metric="cosine", random_state=seed)
    return np.asarray(fitted.fit_transform(vectors), dtype=np.float64)


def middles(vectors: Vectors, labels: Ints) -> Places:
    """Return the mean directions of clusters, and the cosine that all but 1 % of their members reach.

    Where no row is an outlier, none will be.
    """
    count = int(labels.max()) + 1
    rows = np.flatnonzero(labels >= 0)
    member = sp.csr_matrix((np.ones(len(rows)), (labels[rows], rows)), shape=(count, len(labels)))
    means = normalize(np.asarray(member @ vectors)).astype(np.float32)
    cosines = (vectors[rows] * means[labels[rows]]).sum(axis=1)
    least = float(np.quantile(cosines, EDGE)) if len(rows) < len(labels) else -1.0
    return Places(means, least)
