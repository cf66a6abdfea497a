"""The perceptron (Rosenblatt 1958): a weighted sum, a threshold, and a rule that learns from mistakes only.

Shapes: n examples, d inputs; labels are -1 and +1, the bias is the weight of a constant input.
"""

from itertools import product

import numpy as np

from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import plane
from heedful.types import Floats, Ints

PASSES = 1000  # at most, over the examples


def fit(x: Floats, y: Ints, passes: int = PASSES) -> tuple[Floats, int]:
    """Return weights (d,) and the number of mistakes: where sign(w x) is wrong, add y x to w."""
    weights, mistakes = np.zeros(x.shape[1]), 0
    for _ in range(passes):
        before = mistakes
        for row, label in zip(x, y, strict=True):
            if label * (weights @ row) <= 0:
                weights += label * row
                mistakes += 1
        if mistakes == before:
            break
    return weights, mistakes


def accuracy(weights: Floats, x: Floats, y: Ints) -> float:
    """Return the share of right labels."""
    return float((np.where(x @ weights > 0, 1, -1) == y).mean())


def with_bias(x: Floats) -> Floats:
    """Add the constant input."""
    return np.column_stack([x, np.ones(len(x))])


def separable(seed: int, n: int = 100, d: int = 5, margin: float = 0.05) -> tuple[Floats, Ints, Floats]:
    """Draw examples that the unit vector u tells apart, none nearer to the border than `margin`."""
    random = np.random.default_rng(seed)
    u = random.normal(size=d)
    u /= np.linalg.norm(u)
    x = random.uniform(-1, 1, size=(20 * n, d))
    x = x[np.abs(x @ u) >= margin][:n]
    return x, np.where(x @ u > 0, 1, -1), u


def share_of_bound(seed: int) -> float:
    """Return mistakes over Novikoff's bound (R / margin)^2, with the margin that u itself has."""
    x, y, u = separable(seed)
    _, mistakes = fit(x, y)
    radius, margin = np.linalg.norm(x, axis=1).max(), (y * (x @ u)).min()
    return mistakes / float((radius / margin) ** 2)


def parity(bits: int) -> tuple[Floats, Ints]:
    """Return all patterns of -1 and +1, and whether the number of +1 is odd."""
    x = np.array(list(product((-1.0, 1.0), repeat=bits)))
    return with_bias(x), np.where((x > 0).sum(axis=1) % 2 == 1, 1, -1)


def best_line() -> float:
    """Return the best accuracy on XOR of any line on a grid of directions and offsets."""
    x, y = parity(2)
    angles, offsets = np.meshgrid(np.linspace(0, 2 * np.pi, 361), np.linspace(-2, 2, 81))
    lines = np.stack([np.cos(angles), np.sin(angles), offsets], axis=-1).reshape(-1, 3)
    return float((np.where(lines @ x.T > 0, 1, -1) == y).mean(axis=1).max())


def run(effort: Effort) -> Outcome:
    """Novikoff's bound on separable draws; XOR and parity, which no threshold unit can do."""
    shares = [share_of_bound(seed) for seed in effort.seeds(100, 10)]
    trained = [accuracy(fit(*parity(2), passes=10 + seed)[0], *parity(2)) for seed in effort.seeds(100, 10)]
    sizes = (3, 4, 5, 6)
    on_parity = [accuracy(fit(*parity(bits))[0], *parity(bits)) for bits in sizes]
    x, y, _ = separable(effort.seed, d=2)
    weights, _ = fit(x, y)
    side = x @ weights > 0
    drawn = plane(
        [("called -1", x[~side]), ("called +1", x[side])],
        "What a perceptron learned", "two clouds that a straight line parts", 4,
    )  # fmt: skip
    return Outcome(
        [
            Gate("mistakes on separable draws, as a share of (R / margin)²", "at most 1 (Novikoff 1962)",
                 shares, most=1),
            Gate("XOR, the best of 29,241 lines", "3 of 4 (Minsky and Papert 1969)", [best_line()],
                 most=0.75),
            Gate("XOR after training", "3 of 4 at most", trained, most=0.75),
            Gate("parity of 3 to 6 bits after training", "needs a unit that sees all bits", on_parity,
                 most=0.65),
        ],
        [Picture("A line between two clouds", f"All {len(x)} examples are on their own side.", drawn)],
    )  # fmt: skip
