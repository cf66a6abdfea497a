"""One ranking out of several: reciprocal rank fusion."""

import numpy as np

from heedful.search.order import best, nothing
from heedful.types import Floats, Ints

K = 60.0


def fuse(rankings: list[Ints], top: int, k: float = K) -> tuple[Ints, Floats]:
    """Return the rows and scores (Q, top) of several rankings (Q, any) fused; -1 stands for no row.

    Cormack, Clarke and Büttcher 2009: a row scores the sum of 1 / (k + rank) over the rankings that have it.
    """
    queries = len(rankings[0])
    rows, scores = nothing(queries, top)
    for number in range(queries):
        placed: dict[int, float] = {}
        for ranking in rankings:
            for rank, row in enumerate(ranking[number].tolist(), 1):
                if row >= 0:
                    placed[row] = placed.get(row, 0.0) + 1.0 / (k + rank)
        known = np.array(sorted(placed), dtype=np.int64)
        values = np.array([placed[row] for row in known.tolist()])
        order = best(values, top)
        rows[number, : len(order)], scores[number, : len(order)] = known[order], values[order]
    return rows, scores
