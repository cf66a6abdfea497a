"""Exact search: every vector is compared, some at a time."""

from collections.abc import Iterable

import numpy as np

from heedful.search.order import best, nothing
from heedful.search.where import Mask
from heedful.types import Floats, Ints, Vectors

BLOCK = 16_384  # vectors compared at a time
QUERIES = 256  # with so many queries
DECIMALS = 6  # of a score: what float32 tells apart, so that equal vectors score equally wherever they lie


def nearest(blocks: Iterable[Vectors], queries: Vectors, top: int, among: Mask) -> tuple[Ints, Floats]:
    """Return rows and cosines (Q, top) of the vectors nearest to Q, all of length 1.

    `blocks` hold the rows end to end, `among` (N,) says which count; -1 and -inf follow where fewer are.
    """
    rows, scores = nothing(len(queries), top)
    start = 0
    for block in blocks:
        for first in range(0, len(block), BLOCK):
            part = block[first : first + BLOCK]
            chosen = np.flatnonzero(among[start : start + len(part)])
            if len(chosen):
                kept = part if len(chosen) == len(part) else part[chosen]
                merge(rows, scores, kept, chosen + start, queries)
            start += len(part)
    return rows, scores


def merge(rows: Ints, scores: Floats, part: Vectors, places: Ints, queries: Vectors) -> None:
    """Let the vectors of a part, which stand at `places`, take their places among what was found so far."""
    top = rows.shape[1]
    for start in range(0, len(queries), QUERIES):
        cosines = np.round((queries[start : start + QUERIES] @ part.T).astype(np.float64), DECIMALS)
        for number, values in enumerate(cosines, start):
            edge = scores[number, -1]
            near = np.flatnonzero(values > edge)
            if not len(near):
                continue
            both = np.concatenate([scores[number], values[near]])
            at = np.concatenate([rows[number], places[near]])
            order = best(both, top)
            rows[number, : len(order)], scores[number, : len(order)] = at[order], both[order]
