"""The images that several techniques learn: 1,797 written digits, 8 x 8 pixels (Alpaydin and Kaynak 1998)."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from heedful.types import Floats, Ints, Vectors

SIDE = 8
STEPS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))  # down and right: in place, and to the four sides


def images() -> tuple[Floats, Ints]:
    """Return pixels (1797, 8, 8) from 0 (paper) to 1 (ink), and what each digit is."""
    found = load_digits()
    return found.images / 16, found.target.astype(np.int64)


def parted(seed: int, held: float = 0.2) -> tuple[Floats, Ints, Floats, Ints]:
    """Return images and labels to learn from, and a share held out: no digit is in both."""
    x, y = images()
    order = np.random.default_rng(seed).permutation(len(x))
    cut = round(held * len(x))
    return x[order[cut:]], y[order[cut:]], x[order[:cut]], y[order[:cut]]


def padded(x: Floats, border: int) -> Floats:
    """Return images (N, H, W) with an empty border around each."""
    return np.pad(x, ((0, 0), (border, border), (border, border)))


def shifted(x: Floats, down: int, right: int) -> Floats:
    """Return images (N, H, W) moved by whole pixels; what leaves the frame is lost, what enters is empty."""
    height, width = x.shape[1:]
    far = max(abs(down), abs(right))
    top, left = far - down, far - right
    return padded(x, far)[:, top : top + height, left : left + width]


def nudged(x: Floats, y: Ints) -> tuple[Floats, Ints]:
    """Return five times as many examples: as they are, and one pixel up, down, left and right."""
    return np.concatenate([shifted(x, *step) for step in STEPS]), np.tile(y, len(STEPS))


def read_off(known: Vectors, y: Ints, new: Vectors, truth: Ints) -> float:
    """Return the accuracy, in per cent, of one linear model that reads digits off features (N, F)."""
    model = LogisticRegression(C=100, tol=1e-3, max_iter=300).fit(known, y)
    return 100 * float(model.score(new, truth))


def rows(x: Floats) -> Floats:
    """Lay the pixels of each image end to end: (N, H W)."""
    return x.reshape(len(x), -1)
