"""The multilayer perceptron: what Rumelhart, Hinton and Williams (1986) showed that hidden units learn."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from heedful.lineage import family_trees
from heedful.lineage.backpropagation import Rule, begin, forward, train
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import tiles
from heedful.types import Floats, Ints


def patterns(bits: int) -> Floats:
    """Return all patterns of 0 and 1: (2^bits, bits)."""
    return np.array(list(product((0.0, 1.0), repeat=bits)))


def exclusive_or(seeds: Sequence[int]) -> Floats:
    """Return the sweeps that 2-2-1 networks need for exclusive-or."""
    x = patterns(2)
    wanted = (x.sum(axis=1, keepdims=True) == 1) * 1.0
    return train(begin((2, 2, 1), seeds, 0.3), x, wanted, Rule(0.5, 0.9, 5000))


def symmetry(seeds: Sequence[int]) -> tuple[Floats, Floats]:
    """Return the sweeps that 6-2-1 networks need to see symmetry, and their first weights (S, 6, 2)."""
    x = patterns(6)
    wanted = (x == x[:, ::-1]).all(axis=1, keepdims=True) * 1.0
    weights = begin((6, 2, 1), seeds, 0.3)
    return train(weights, x, wanted, Rule(0.1, 0.9, 6000)), weights[0][:, :-1]


def mirrored(unit: Floats) -> tuple[float, float, float]:
    """Return the two ratios of a unit's weights by size, and how far opposite ones are from cancelling."""
    sizes = np.sort((np.abs(unit[:3]) + np.abs(unit[:2:-1])) / 2)
    left = np.abs(unit[:3] + unit[:2:-1]).max() / sizes[0]
    return float(sizes[1] / sizes[0]), float(sizes[2] / sizes[0]), float(left)


def encoder(seeds: Sequence[int]) -> tuple[Ints, Floats]:
    """Return how many of 8 patterns 8-3-8 networks give back, and their hidden codes (S, 8, 3)."""
    x = np.eye(8)
    weights = begin((8, 3, 8), seeds, 0.3)
    train(weights, x, x, Rule(0.1, 0.9, 3000))
    _, codes, found = forward(weights, x)
    return (found.argmax(axis=-1) == np.arange(8)).sum(axis=1), codes


def run(effort: Effort) -> Outcome:
    """Exclusive-or, mirror symmetry, a code of three units for eight patterns, and the family trees."""
    swept = exclusive_or(effort.seeds(30, 10))
    symmetric, weights = symmetry(effort.seeds(20, 4))
    units = [
        mirrored(unit) for ok, both in zip(symmetric < np.inf, weights, strict=True) if ok for unit in both.T
    ]
    kept, codes = encoder(effort.seeds(10, 4))
    people = [family_trees.learn(seed) for seed in effort.seeds(10, 2)]
    paper = "Rumelhart, Hinton and Williams 1986"
    return Outcome(
        [
            Gate("exclusive-or, 2-2-1: share of seeds that solve it", f"nearly all ({paper})",
                 share(swept), least=0.8, by="mean"),
            Gate("exclusive-or, 2-2-1: sweeps of those", "558, with one hidden unit and direct connections",
                 finite(swept), least=300, most=1500, by="median"),
            Gate("symmetry of 6 bits: share of seeds with 64 of 64", "one network shown",
                 share(symmetric), least=0.5, by="mean"),
            Gate("symmetry: sweeps of those", "1,425", finite(symmetric), by="median"),
            Gate("symmetry: second weight over the first", "2", [u[0] for u in units], least=1.8, most=2.2,
                 by="median"),
            Gate("symmetry: third weight over the first", "4", [u[1] for u in units], least=3.6, most=4.4,
                 by="median"),
            Gate("symmetry: what opposite weights leave of the first", "0", [u[2] for u in units], most=0.1),
            Gate("8-3-8: patterns given back", "8 of 8", kept.tolist(), least=8),
            Gate("8-3-8: different codes of zeros and ones", "8",
                 [len(np.unique(code > 0.5, axis=0)) for code in codes]),
            Gate("family trees: share right of 100 trained", "all, after 1,500 sweeps",
                 [one[0] for one in people]),
            Gate("family trees: right of 4 held out", "4 and 3 in two runs", [one[1] for one in people],
                 least=2, by="mean"),
        ],
        pictures(weights[int(np.argmin(symmetric))], codes[0], people[0][2]),
    )  # fmt: skip


def share(sweeps: Floats) -> list[float]:
    """Return 1 for each network that solved it, else 0."""
    return [float(one) for one in np.isfinite(sweeps)]


def finite(sweeps: Floats) -> list[float]:
    """Return the sweeps of those that did."""
    return [float(one) for one in sweeps[np.isfinite(sweeps)]]


def pictures(symmetric: Floats, codes: Floats, people: Floats) -> list[Picture]:
    """Draw the weights of a network that sees symmetry, the codes of 8-3-8, and those of the people."""
    english, italian = people[:12].T, people[12:].T
    return [
        Picture(
            "What sees symmetry",
            "Weights from six inputs to two hidden units: 1 : 2 : 4, with opposite signs across the middle, "
            "so that only symmetric patterns leave both units at rest.",
            tiles([("", symmetric.T[:, None, :])], "Weights", "two rows of six weights", 16, 24),
        ),
        Picture(
            "Eight patterns, three units",
            "The activity of the three hidden units for each pattern: nearly a binary code.",
            tiles([("", codes[:, None, :])], "Codes", "eight rows of three activities", 16, 24),
        ),
        Picture(
            "Who is who",
            f"Weights from 12 English ({family_trees.ENGLISH}) and 12 Italian people, below, to six units. "
            "Nobody told the network of nationality, generation or branch.",
            tiles([("", english[:, None, :]), ("", italian[:, None, :])], "People", "six units", 8, 12),
        ),
    ]
