"""How sure a figure is: intervals from what resampling gave."""

import math

import numpy as np

from heedful.types import Floats

LEVEL = (2.5, 97.5)  # per cent: 95 % of the samples lie between


def interval(samples: Floats) -> tuple[float, float]:
    """Return the 95 % percentile interval (Efron 1979)."""
    low, high = np.percentile(samples, LEVEL)
    return float(low), float(high)


def share(right: int, total: int, deviations: float = 1.96) -> tuple[float, float]:
    """Return the 95 % interval of a share, true to its width where few are counted (Wilson 1927)."""
    if not total:
        return 0.0, 1.0
    found, more = right / total, deviations**2 / total
    middle = (found + more / 2) / (1 + more)
    half = deviations * math.sqrt(found * (1 - found) / total + more / (4 * total)) / (1 + more)
    return max(0.0, middle - half), min(1.0, middle + half)
