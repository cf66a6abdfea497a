"""The few types that cross folder borders."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Texts: TypeAlias = Sequence[str]
Labels: TypeAlias = Sequence[str]
Floats: TypeAlias = NDArray[np.float64]
Vectors: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]


class Encoder(Protocol):
    """Anything that turns N texts into N vectors of width W."""

    def encode(self, texts: Texts) -> Vectors:
        """Return one row per text: (N, W)."""
        ...
