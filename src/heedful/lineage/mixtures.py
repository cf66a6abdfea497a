"""Gaussians on a ring and a grid: data whose modes can be counted, and the distance of two clouds.

Shapes: S pairs learned side by side, N points (S, N, 2), M modes.
"""

import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from torch import Tensor

from heedful.types import Floats

SPREAD = 0.1  # standard deviation of each mode; the ring's radius is 2, the grid reaches from -2 to 2
NEAR = 3 * SPREAD  # of the middle of a mode
FOUND = 0.01  # of all samples: so many near a mode, and it counts as found


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
    """Return the exact Wasserstein-1 distance of two clouds (N, 2) of one size: matched at least cost."""
    costs = cdist(x, y)
    return float(costs[linear_sum_assignment(costs)].mean())


@torch.no_grad()
def judged(points: Tensor, name: str) -> tuple[int, float]:
    """Return how many modes were found by points (N, 2), and the share of points near any mode."""
    near = torch.cdist(points, modes(name)) <= NEAR
    return int((near.float().mean(0) >= FOUND).sum()), float(near.any(1).float().mean())
