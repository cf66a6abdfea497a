"""Back-propagation (Rumelhart, Hinton and Williams 1986), written out by hand for many networks side by side.

Shapes: S networks (seeds), n examples, layers of d units; weights (S, d + 1, next d), the last row the bias.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from heedful.types import Floats

Weights = list[Floats]


def begin(sizes: Sequence[int], seeds: Sequence[int], reach: float) -> Weights:
    """Draw weights between -reach and reach; a network depends on its own seed only."""
    shapes = [(before + 1, after) for before, after in pairwise(sizes)]
    drawn = [[random.uniform(-reach, reach, shape) for shape in shapes]
             for random in map(np.random.default_rng, seeds)]  # fmt: skip
    return [np.stack(layer) for layer in zip(*drawn, strict=True)]


def with_one(x: Floats) -> Floats:
    """Add the constant unit: (S, n, d) -> (S, n, d + 1)."""
    return np.concatenate([x, np.ones((*x.shape[:-1], 1))], axis=-1)


def forward(weights: Weights, x: Floats) -> list[Floats]:
    """Return the activities of every layer, y = 1 / (1 + e^-(W x)): (S, n, d) each.

    The first is the input x, which is one for all networks (n, d) or has a part for each.
    """
    layers = [np.broadcast_to(x, (len(weights[0]), *x.shape[-2:]))]
    for layer in weights:
        layers.append(1 / (1 + np.exp(-(with_one(layers[-1]) @ layer))))
    return layers


def backward(weights: Weights, layers: list[Floats], wanted: Floats) -> Weights:
    """Return dE/dW of E = 1/2 sum (y - d)^2, from the last layer to the first (equations 3 to 6)."""
    slopes: Weights = []
    error = layers[-1] - wanted  # dE/dy
    for number in reversed(range(len(weights))):
        y = layers[number + 1]
        delta = error * y * (1 - y)  # dE/dx of what goes into a unit
        slopes.append(with_one(layers[number]).swapaxes(1, 2) @ delta)
        error = delta @ weights[number][:, :-1].swapaxes(1, 2)
    return slopes[::-1]


@dataclass(frozen=True)
class Rule:
    """Descent with momentum, equation 9: step = -rate dE/dW + momentum step; `decay` shrinks the weights.

    An output as `near` as that to what is wanted is right.
    """

    rate: float
    momentum: float
    sweeps: int
    decay: float = 0.0
    near: float = 0.1


def train(weights: Weights, x: Floats, wanted: Floats, rule: Rule, masks: Weights | None = None) -> Floats:
    """Change the weights in place; return for each network its first sweep with all outputs right, or inf.

    Where a mask is 0 there is no connection.
    """
    steps, solved = [np.zeros_like(layer) for layer in weights], np.full(len(weights[0]), np.inf)
    for sweep in range(rule.sweeps):
        layers = forward(weights, x)
        done = (np.abs(layers[-1] - wanted) < rule.near).all(axis=(1, 2))
        solved[done & np.isinf(solved)] = sweep
        if np.isfinite(solved).all() and not rule.decay:
            break
        for number, slope in enumerate(backward(weights, layers, wanted)):
            steps[number] = -rule.rate * slope + rule.momentum * steps[number]
            weights[number] += steps[number] - rule.decay * weights[number]
            if masks:
                weights[number] *= masks[number]
    return solved
