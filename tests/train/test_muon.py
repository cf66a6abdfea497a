"""The step of Muon: how near to orthogonal, and whose size it has."""

import pytest
import torch

from heedful.train.optimizers import Muon, orthogonal

NEAR = 0.28  # a value of S at 0.01 or more of the matrix's length may end so far from 1


@pytest.mark.parametrize("shape", [(24, 24), (16, 40), (40, 16)])
def test_singular_values_come_near_to_one_in_the_same_directions(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
    u, _, v = torch.linalg.svd(drawn, full_matrices=False)
    values = torch.logspace(0, -1.5, min(shape), dtype=torch.float64)
    values = values / values.norm()
    assert values.min() > 0.01
    found = u.T @ orthogonal(1e3 * u @ torch.diag(values) @ v) @ v.T
    assert (found.diagonal() - 1).abs().max() < NEAR
    assert (found - torch.diag(found.diagonal())).abs().max() < 1e-6


def test_nothing_stays_nothing() -> None:
    assert not orthogonal(torch.zeros(4, 4)).any()


def test_a_step_goes_its_rate_in_every_direction() -> None:
    weight = torch.nn.Parameter(torch.zeros(32, 8))
    weight.grad = torch.randn(32, 8, generator=torch.Generator().manual_seed(1))
    Muon([{"params": [weight], "lr": 0.1}]).step()
    lengths = torch.linalg.svdvals(weight.detach())
    assert torch.allclose(lengths, torch.full((8,), 0.1 * 2.0), rtol=NEAR)
    assert (weight * weight.grad).sum() < 0
