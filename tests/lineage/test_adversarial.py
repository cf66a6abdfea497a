"""Adversarial networks: the losses against the paper's formulas, the penalty and the distance by hand."""

import math

import numpy as np
import pytest
import torch

from heedful.lineage import adversarial, mixtures


def linear_critic(slope: float) -> list[torch.Tensor]:
    """D(x) = slope * x_1, as two pairs."""
    weights = torch.tensor([[slope], [0.0]]).repeat(2, 1, 1).requires_grad_()
    return [weights, torch.zeros(2, 1, 1, requires_grad=True)]


def test_the_penalty_is_that_of_the_slope() -> None:
    random = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 2, 7, 2, generator=random)
    assert adversarial.slope_penalty(linear_critic(3), real, fake, random).tolist() == pytest.approx([4, 4])


def test_the_losses_are_those_of_the_papers() -> None:
    random = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 2, 7, 2, generator=random)
    critic = linear_critic(1)
    d, g = (torch.sigmoid(part[..., 0]) for part in (real, fake))
    wanted = -(d.log() + (1 - g).log()).mean(1)
    assert torch.allclose(adversarial.critic_loss("GAN", critic, real, fake, random), wanted, atol=1e-6)
    assert torch.allclose(adversarial.generator_loss("GAN", critic, fake), -g.log().mean(1), atol=1e-6)
    gap = (fake - real)[..., 0].mean(1)
    assert torch.allclose(adversarial.critic_loss("WGAN-GP", critic, real, fake, random), gap, atol=1e-5)
    assert torch.allclose(adversarial.generator_loss("WGAN-GP", critic, fake), -fake[..., 0].mean(1))


def test_the_distance_of_shifted_clouds_is_the_shift() -> None:
    x = np.random.default_rng(0).normal(size=(50, 2))
    assert mixtures.distance(x, x[::-1] + np.array([0.03, 0.04])) == pytest.approx(0.05)
    assert mixtures.distance(np.zeros((2, 2)), np.array([[1.0, 0], [0, 3]])) == 2


@pytest.mark.parametrize(("name", "count"), [("ring", 8), ("grid", 25)])
def test_the_data_lie_near_all_modes(name: str, count: int) -> None:
    points = mixtures.data(name, 1, 4000, torch.Generator().manual_seed(0))[0]
    found, good = mixtures.judged(points, name)
    assert found == count
    assert good == pytest.approx(1 - math.exp(-4.5), abs=0.006)
    assert mixtures.judged(torch.full((10, 2), 9.0), name) == (0, 0.0)
