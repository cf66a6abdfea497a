"""The best of many scores, in one order: high before low, and of equals the first row."""

import numpy as np
from numpy.typing import NDArray

from heedful.types import Floats, Ints, Vectors


def best(scores: NDArray[np.floating], top: int) -> Ints:
    """Return the rows of the `top` highest of (N,) scores, best first; -inf is never among them."""
    rows = np.flatnonzero(scores > -np.inf)
    if len(rows) > top:
        found = scores[rows]
        edge = np.partition(found, len(rows) - top)[len(rows) - top]
        above = rows[found > edge]
        rows = np.concatenate([above, rows[found == edge][: top - len(above)]])
    return np.asarray(rows[np.lexsort((rows, -scores[rows]))], dtype=np.int64)


def nothing(queries: int, top: int) -> tuple[Ints, Floats]:
    """Return rows of -1 and scores of -inf, both (Q, top), for what is found to be written into."""
    return np.full((queries, top), -1, dtype=np.int64), np.full((queries, top), -np.inf)


def unit(vectors: Vectors) -> Vectors:
    """Return the vectors divided by their lengths."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
