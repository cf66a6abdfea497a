"""Adversarial networks: losses and penalty against closed forms, and the data whose modes are counted."""

import math
from typing import get_args

import numpy as np
import pytest
import torch

from heedful.lineage import adversarial, gan, mixtures
from heedful.lineage.outcome import Effort


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


@pytest.mark.parametrize("kind", get_args(adversarial.Kind))
def test_each_side_learns_for_itself(kind: adversarial.Kind) -> None:
    """The critic's loss does not reach the generator, and pairs do not meet."""
    random = torch.Generator().manual_seed(0)
    generator, critic = adversarial.begin([3, 4], (2, 5, 2)), adversarial.begin([3, 4], (2, 5, 1))
    real, fake = mixtures.data("ring", 2, 6, random), adversarial.sampled(generator, 6, random)
    adversarial.critic_loss(kind, critic, real, fake.detach(), random)[1].backward()
    assert all(part.grad is None for part in generator)
    assert all(float(part.grad[0].abs().max()) == 0 for part in critic if part.grad is not None)
    assert float(critic[0].grad[1].abs().max()) > 0  # type: ignore[index]


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


def test_a_mode_with_few_samples_is_not_found() -> None:
    points = mixtures.modes("ring")[0].repeat(200, 1)
    points[0] = mixtures.modes("ring")[4]
    assert mixtures.judged(points, "ring") == (1, 1.0)
    points[1] = points[0]
    assert mixtures.judged(points, "ring")[0] == 2


def test_the_critic_is_watched_from_the_first_step_to_the_last() -> None:
    steps = gan.watched(300, 6)
    assert steps[0] == 1 and steps[-1] == 299 and len(steps) == 6


def test_the_short_experiment_passes() -> None:
    assert gan.run(Effort(short=True)).passed
