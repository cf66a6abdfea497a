"""The Hopfield network (1982): patterns are the valleys of an energy, and remembering is rolling downhill.

Shapes: N units with states -1 or +1, P patterns (P, N), weights (N, N).
"""

import numpy as np

from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import tiles
from heedful.report.plot import Curve, plot
from heedful.types import Floats

SIZE = 1000  # units
LOADS = (0.05, 0.10, 0.138, 0.15, 0.18)  # patterns per unit
SWEEPS = 30
LETTERS = {  # 7 x 5
    "H": "10001 10001 10001 11111 10001 10001 10001",
    "E": "11111 10000 10000 11110 10000 10000 11111",
    "D": "11110 10001 10001 10001 10001 10001 11110",
}


def store(patterns: Floats) -> Floats:
    """Return Hebb's weights: the mean of s_i s_j over the patterns, nothing from a unit to itself."""
    weights: Floats = patterns.T @ patterns / patterns.shape[1]
    np.fill_diagonal(weights, 0)
    return weights


def energy(weights: Floats, state: Floats) -> float:
    """Return E = -1/2 s W s."""
    return float(-0.5 * state @ weights @ state)


def recall(
    weights: Floats, state: Floats, random: np.random.Generator, sweeps: int = SWEEPS
) -> tuple[Floats, list[float]]:
    """Let the units decide one by one, in random order, until none changes; return the energies too."""
    state, path = state.copy(), [energy(weights, state)]
    for _ in range(sweeps):
        before = state.copy()
        for unit in random.permutation(len(state)):
            pull = weights[unit] @ state
            if pull:
                state[unit] = 1.0 if pull > 0 else -1.0
        path.append(energy(weights, state))
        if (state == before).all():
            break
    return state, path


def overlap(seed: int, load: float, tried: int, size: int = SIZE) -> tuple[float, float]:
    """Return how much of stored patterns is left when the network settles from them, and its worst rise."""
    random = np.random.default_rng(seed)
    patterns = random.choice([-1.0, 1.0], size=(max(1, round(load * size)), size))
    weights = store(patterns)
    ends = [recall(weights, pattern, random) for pattern in patterns[:tried]]
    kept = [float(end @ pattern) / size for (end, _), pattern in zip(ends, patterns, strict=False)]
    rises = [max(np.diff(path), default=0.0) for _, path in ends]
    return float(np.mean(kept)), float(max(rises))


def letters(seed: int) -> tuple[list[Floats], list[Floats], float]:
    """Return letters with a fifth of the points turned over, what is recalled, the share of right ones."""
    random = np.random.default_rng(seed)
    patterns = np.array([[1.0 if c == "1" else -1.0 for c in rows if c != " "] for rows in LETTERS.values()])
    weights, broken, found = store(patterns), [], []
    for pattern in patterns:
        hurt = pattern.copy()
        hurt[random.choice(len(pattern), len(pattern) // 5, replace=False)] *= -1
        broken.append(hurt)
        found.append(recall(weights, hurt, random)[0])
    right = np.mean([(a == b).all() for a, b in zip(found, patterns, strict=True)])
    return broken, found, float(right)


def run(effort: Effort) -> Outcome:
    """How many random patterns N units hold, that the energy never rises, and letters mended."""
    tried = effort.choose(10, 4)
    runs = {load: [overlap(seed, load, tried) for seed in effort.seeds(5)] for load in LOADS}
    kept = {load: [one for one, _ in found] for load, found in runs.items()}
    rises = [rise for found in runs.values() for _, rise in found]
    broken, found, right = letters(effort.seed)
    drawn = tiles(
        [("shown", np.reshape(broken, (-1, 7, 5))), ("recalled", np.reshape(found, (-1, 7, 5)))],
        "Letters recalled", "letters with a fifth of the points turned over, and what they settle to", 10, 20,
    )  # fmt: skip
    curve = Curve("overlap", [(load, float(np.mean(kept[load]))) for load in LOADS], dots=True)
    chart = plot([curve], "Overlap against load", ("patterns per unit", "overlap"), reach=(0, 1))
    edge = "breaks near 0.138 N (Amit, Gutfreund and Sompolinsky 1985; the figure is unverified)"
    return Outcome(
        [
            Gate("overlap at 0.10 N patterns", edge, kept[0.10], least=0.99),
            Gate("overlap at 0.138 N patterns", edge, kept[0.138]),
            Gate("overlap at 0.18 N patterns", edge, kept[0.18], most=0.6, by="mean"),
            Gate("largest rise of the energy in a sweep", "never rises (Hopfield 1982)", rises, most=1e-9),
            Gate("share of three letters mended, a fifth of their points turned over", "none given", [right]),
        ],
        [
            Picture(
                "Letters recalled", "Three letters in 35 units, a fifth of the points turned over.", drawn
            ),
            Picture("The edge", f"{SIZE} units; past the edge memory goes at once, not bit by bit.", chart),
        ],
    )
