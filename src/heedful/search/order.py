"""The best of many scores, in one order: high before low, and of equals the first row."""

import numpy as np

from heedful.types import Floats, Ints


def best(scores: Floats, top: int) -> Ints:
    """Return the rows of the `top` highest of (N,) scores, best first; -inf is never among them."""
    rows = np.flatnonzero(scores > -np.inf)
    if len(rows) > top:
        found = scores[rows]
        edge = np.partition(found, len(rows) - top)[len(rows) - top]
        above = rows[found > edge]
        rows = np.concatenate([above, rows[found == edge][: top - len(above)]])
    return np.asarray(rows[np.lexsort((rows, -scores[rows]))], dtype=np.int64)
