"""How sure a figure is: intervals from what resampling gave."""

import math

import numpy as np

from heedful.types import Floats

RESAMPLES = 1000
LEVEL = (2.5, 97.5)  # per cent: 95 % of the samples lie between


def interval(samples: Floats) -> tuple[float, float]:
    """Return the 95 % percentile interval (Efron 1979)."""
    low, high = np.percentile(samples, LEVEL)
    return float(low), float(high)


def bounded(values: Floats, resamples: int = RESAMPLES) -> dict[str, float]:
    """Return the mean of (N,) values and its 95 % percentile interval (Efron 1979).

    The draws depend on N alone, so the differences of two methods on the same rows are paired.
    """
    random = np.random.default_rng(0)
    size = len(values)
    means = [values[random.integers(0, size, size)].mean() for _ in range(resamples)] if size else [0.0]
    low, high = interval(np.array(means))
    return {"value": float(values.mean()) if size else 0.0, "low": low, "high": high}


def share(right: int, total: int, deviations: float = 1.96) -> tuple[float, float]:
    """Return the 95 % interval of a share, true to its width where few are counted (Wilson 1927)."""
    if not total:
        return 0.0, 1.0
    found, more = right / total, deviations**2 / total
    middle = (found + more / 2) / (1 + more)
    half = deviations * math.sqrt(found * (1 - found) / total + more / (4 * total)) / (1 + more)
    return max(0.0, middle - half), min(1.0, middle + half)
