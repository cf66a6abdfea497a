"""Which text to ask for next: first what is typical, then what the head is least sure of and has not seen."""

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from heedful.types import Floats, Ints, Vectors

CLUSTERS = 24
SAMPLE = 5000  # texts that the clusters are made from
UNSURE = 0.05  # of the open texts, the least sure ones: among them the least like what is labelled is taken
FEWEST = 20  # of them
EXPLORE = 4  # each so manieth text is taken without asking the head


def spread(vectors: Vectors, seed: int) -> Ints:
    """Return places in an order that begins with the middle of each cluster, large ones first: (N,)."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(vectors))
    count = min(CLUSTERS, len(vectors))
    sample = order[:SAMPLE]
    with threadpool_limits(1):
        found = MiniBatchKMeans(count, random_state=seed, n_init=1).fit(vectors[sample])
        nearest = found.transform(vectors[sample])  # (S, clusters) distances
    sizes = np.bincount(nearest.argmin(axis=1), minlength=count)
    middles = [int(sample[nearest[:, one].argmin()]) for one in np.argsort(-sizes, kind="stable")]
    return np.array(list(dict.fromkeys([*middles, *order.tolist()])), dtype=np.int64)


def margins(probabilities: Floats) -> Floats:
    """Return by how much the likeliest label is ahead of the second: (N,) of (N, C)."""
    ends = np.sort(probabilities, axis=1)
    return np.asarray(ends[:, -1] - ends[:, -2])


def head(vectors: Vectors, labels: list[str]) -> LogisticRegression | None:
    """Return a quick head, None while there are fewer than two labels."""
    if len(set(labels)) < 2:
        return None
    with threadpool_limits(1):
        return LogisticRegression(C=10.0, class_weight="balanced", max_iter=500).fit(vectors, labels)


def least_sure(probabilities: Floats, vectors: Vectors, seen: Vectors) -> int:
    """Return the place of the text that is least like those seen (M, W), among the least sure of N."""
    count = min(len(vectors), max(FEWEST, round(UNSURE * len(vectors))))
    close = np.argsort(margins(probabilities), kind="stable")[:count]
    likeness = (vectors[close] @ seen.T).max(axis=1)
    return int(close[likeness.argmin()])


class Proposer:
    """Chooses among N texts with unit vectors (N, W); near-equal texts (`groups`) are asked for once."""

    def __init__(self, vectors: Vectors, groups: Ints, open_: NDArray[np.bool_], seed: int) -> None:
        self.vectors, self.groups, self.open = vectors, groups, open_
        places = np.flatnonzero(open_)
        self.order = places[spread(vectors[places], seed)] if len(places) else places

    def next(self, done: Ints, labels: list[str | None]) -> int | None:
        """Return the place to ask for, given the places that were answered; None: all are.

        `labels` are those of `done`, None for what was skipped. The same answers give the same proposal.
        """
        left = self.open & ~np.isin(self.groups, self.groups[done])
        if not left.any():
            return None
        known = [
            (place, label) for place, label in zip(done.tolist(), labels, strict=True) if label is not None
        ]
        rows = np.array([place for place, _ in known], dtype=np.int64)
        model = head(self.vectors[rows], [label for _, label in known])
        if model is None or len(done) % EXPLORE == EXPLORE - 1:
            return next(int(place) for place in self.order if left[place])
        places = np.flatnonzero(left)
        probabilities = model.predict_proba(self.vectors[places])
        return int(places[least_sure(probabilities, self.vectors[places], self.vectors[done])])
