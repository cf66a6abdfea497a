"""Gaussians on a ring and a grid: data whose modes can be counted, and the distance of two clouds."""

import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from torch import Tensor

from heedful.types import Floats

SPREAD = 0.1  # standard deviation of each mode; the ring's radius is 2, the grid reaches from -2 to 2


def modes(name: str) -> Tensor:
    """Return the middles of the ring's 8 or the grid's 25 Gaussians: (M, 2)."""
    if name == "ring":
        angles = torch.arange(8) * torch.pi / 4
        return 2 * torch.stack([angles.cos(), angles.sin()], 1)
    line = torch.linspace(-2, 2, 5)
    return torch.cartesian_prod(line, line)


def data(name: str, pairs: int, count: int, random: torch.Generator) -> Tensor:
    """Draw points (S, N, 2) of the ring or the grid."""
    middles = modes(name)
    chosen = middles[torch.randint(len(middles), (pairs, count), generator=random)]
    return chosen + SPREAD * torch.randn(chosen.shape, generator=random)


def distance(x: Floats, y: Floats) -> float:
    """Return the Wasserstein-1 distance of two equal clouds, exactly."""
    costs = cdist(x, y)
    return float(costs[linear_sum_assignment(costs)].mean())


@torch.no_grad()
def judged(points: Tensor, name: str) -> tuple[int, float]:
    """Return how many modes some point (N, 2) lies near, and the share near any: within 3 deviations."""
    near = torch.cdist(points, modes(name)) <= 3 * SPREAD
    return int(near.any(0).sum()), float(near.any(1).float().mean())
