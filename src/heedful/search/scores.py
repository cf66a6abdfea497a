"""How good a ranking is: nDCG, reciprocal rank and recall of each query, with intervals over the queries."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from heedful.errors import DataError
from heedful.intervals import bounded
from heedful.types import Floats


def ranking_scores(
    found: Sequence[Sequence[Hashable]], judged: Sequence[Mapping[Hashable, float]], k: int = 10
) -> dict[str, Floats]:
    """Score the ids found for each of Q queries, best first, by the grades of those judged: each (Q,).

    `ndcg@k` has the grade as gain, log2(1 + rank) as discount (Järvelin & Kekäläinen 2002, as in trec_eval);
    `mrr@k` is 1 / rank of the first relevant one, `recall@k` the share of the relevant ones that was found.
    What was not judged counts as grade 0; relevant is what has a grade above 0.
    """
    if len(found) != len(judged) or not found or k < 1:
        raise DataError(
            f"{len(found)} rankings and {len(judged)} sets of judgements at k = {k}; expected one or more of "
            "each, as many, and k of at least 1."
        )
    rows = [one_query(number, *pair, k) for number, pair in enumerate(zip(found, judged, strict=True))]
    table = np.array(rows, dtype=np.float64)
    return {f"{name}@{k}": table[:, place] for place, name in enumerate(("ndcg", "mrr", "recall"))}


def one_query(
    number: int, found: Sequence[Hashable], judged: Mapping[Hashable, float], k: int
) -> tuple[float, float, float]:
    """Return nDCG, reciprocal rank and recall of one ranking."""
    top = list(found[:k])
    if len(set(top)) < len(top):
        raise DataError(f"the ranking of query {number} (from 0) has an id twice; expected each id once.")
    wanted = sorted((grade for grade in judged.values() if grade > 0), reverse=True)
    if not wanted:
        raise DataError(f"query {number} (from 0) has no relevant document. Leave such queries out.")
    gains = [max(0.0, judged.get(one, 0.0)) for one in top]
    hits = [place for place, gain in enumerate(gains) if gain > 0]
    first = 1.0 / (hits[0] + 1) if hits else 0.0
    return gained(gains) / gained(wanted[:k]), first, len(hits) / len(wanted)


def gained(gains: Sequence[float]) -> float:
    """Return the discounted cumulative gain."""
    return float(np.sum(np.asarray(gains) / np.log2(2.0 + np.arange(len(gains)))))


def summary(values: Floats) -> dict[str, float]:
    """Return the mean of (Q,) scores and its 95 % bootstrap interval over the queries."""
    return bounded(values)


def difference(ours: Floats, theirs: Floats) -> dict[str, float]:
    """Return by how much one system beats another on the same Q queries, with its paired 95 % interval."""
    if len(ours) != len(theirs):
        raise DataError(f"{len(ours)} and {len(theirs)} scores; expected as many, of the same queries.")
    return bounded(ours - theirs)
