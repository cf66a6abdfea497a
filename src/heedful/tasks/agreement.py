"""How well answers agree with the truth where they are sets of labels, or numbers."""

import numpy as np
from numpy.typing import NDArray

from heedful.types import Floats

HALF = 0.5


def best_threshold(scores: Floats, wanted: Floats) -> tuple[float, float]:
    """Return from which score (N,) on to say yes for the highest F1, and that F1; `wanted` (N,) is 0 or 1.

    The threshold lies half-way between two scores. Where nothing is wanted, it is one half.
    """
    if not wanted.any():
        return HALF, 0.0
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    right = np.cumsum(wanted[order])
    found = 2 * right / (np.arange(1, len(ranked) + 1) + right[-1])
    apart = np.append(ranked[:-1] > ranked[1:], True)  # equal scores stay together
    best = int(np.argmax(np.where(apart, found, -1.0)))
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return float(ranked[best] + below) / 2, float(found[best])


def f1(found: NDArray[np.bool_], wanted: Floats) -> dict[str, float | None]:
    """Return F1 over all cells (N, C), and its mean over the labels that occur; 0 where none is right."""
    right = (found & (wanted > 0)).sum(axis=0)
    asked, said = wanted.sum(axis=0), found.sum(axis=0)
    each = 2 * right / np.maximum(asked + said, 1)
    occurs = asked > 0
    micro = float(2 * right.sum() / max(asked.sum() + said.sum(), 1))
    return {"micro_f1": micro, "macro_f1": float(each[occurs].mean()) if occurs.any() else 0.0}


def correlation(one: Floats, other: Floats) -> float | None:
    """Return Pearson's correlation of two (N,), None where either is constant."""
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt(np.square(one).sum() * np.square(other).sum()))
    return float((one * other).sum() / size) if size > 0 else None


def ranks(values: Floats) -> Floats:
    """Return the rank of each value (N,), equal ones sharing their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[place])
