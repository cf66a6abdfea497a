"""Is an index whole, and how near is its engine to exact search? Measured on its own texts."""

import time
from typing import Any

import numpy as np

from heedful.errors import DataError
from heedful.search.exact import nearest
from heedful.search.folder import check_content
from heedful.search.index import Index
from heedful.types import Floats


def check(index: Index, queries: int = 200, top: int = 10, where: str | None = None) -> dict[str, Any]:
    """Read every file again, then compare the engine with exact search on `queries` of the index's own rows.

    recall is the share of the `top` nearest that the engine finds, where rows whose cosine equals that of the
    last one count as found; latencies are of one query at a time, in milliseconds.
    """
    view = index.view
    for part in view.state.parts:
        for name, seal in part.files.items():
            check_content(view.home / part.name / name, seal)
    among = view.where(where)
    if not among.any():
        raise DataError("no row is left to search for. Give another --where, or add rows.")
    live = view.live
    chosen = np.sort(np.random.default_rng(0).choice(live, min(queries, len(live)), replace=False))
    vectors = view.vectors(chosen)
    index.nearest(vectors[:1], top, among)  # the first query pays for what is loaded
    found, seconds = [], []
    for vector in vectors:
        start = time.perf_counter()
        found.append(index.nearest(vector[None], top, among)[1][0])
        seconds.append(time.perf_counter() - start)
    exact = nearest(view.blocks(among), vectors, top, among)[1]
    return {
        "rows": len(index), "searched": int(among.sum()), "store": index.settings["store"],
        "queries": len(vectors), f"recall@{top}": recall(np.array(found), exact),
        "p50_ms": 1000 * float(np.percentile(seconds, 50)),
        "p95_ms": 1000 * float(np.percentile(seconds, 95)), "where": where,
    }  # fmt: skip


def recall(found: Floats, exact: Floats) -> float:
    """Return the share of the best scores (Q, top) that was reached."""
    known = exact > -np.inf
    last = np.where(known, exact, np.inf).min(axis=1, keepdims=True)
    reached = np.minimum((found >= last - 2e-6).sum(axis=1), known.sum(axis=1))
    return float(reached.sum() / max(1, known.sum()))
