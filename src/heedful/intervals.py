"""How sure a figure is: intervals from what resampling gave."""

import numpy as np

from heedful.types import Floats

LEVEL = (2.5, 97.5)  # per cent: 95 % of the samples lie between


def interval(samples: Floats) -> tuple[float, float]:
    """Return the 95 % percentile interval (Efron 1979)."""
    low, high = np.percentile(samples, LEVEL)
    return float(low), float(high)
