"""The variational autoencoder: its bound against closed forms, and that more draws tighten it."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits

from heedful.lineage import variational
from heedful.lineage.outcome import Effort


def images() -> torch.Tensor:
    return (torch.rand(6, 9, generator=torch.Generator().manual_seed(5)) > 0.5).float()


def test_log_normal_is_that_of_torch() -> None:
    z, mean, log_spread = torch.randn(3, 4, 2, generator=torch.Generator().manual_seed(0))
    wanted = Normal(mean, log_spread.exp()).log_prob(z).sum(-1)
    assert torch.allclose(variational.log_normal(z, mean, log_spread), wanted, atol=1e-5)


def test_one_draw_gives_the_evidence_lower_bound() -> None:
    """Where the image does not depend on the code, the mean is what it costs less KL(q, p)."""
    model = variational.start([1], 9, 3)
    model[2] = (torch.zeros_like(model[2][0]), model[2][1])
    x = images()[None]
    many = x.repeat(1, 4000, 1)
    found = variational.bound(model, many, 1, torch.Generator().manual_seed(0)).reshape(4000, 6).mean(0)
    mean, log_spread = variational.through(model[:2], x)[0].chunk(2, dim=-1)
    kl = kl_divergence(Normal(mean, log_spread.exp()), Normal(0.0, 1.0)).sum(-1)
    assert torch.allclose(found, -9 * math.log(2) - kl, atol=0.15)


def test_many_draws_come_to_the_likelihood() -> None:
    model = variational.start([2], 9, 1)
    model[1] = (torch.zeros_like(model[1][0]), model[1][1])  # q is the prior
    x = images()[None]
    grid = torch.linspace(-8, 8, 4001)[:, None]
    logits = variational.through(model[2:], grid[None])[0]
    each = -binary_cross_entropy_with_logits(
        logits[:, None].expand(-1, 6, -1), x.expand(4001, -1, -1), reduction="none"
    ).sum(-1)
    exact = torch.logsumexp(each + variational.log_normal(grid)[:, None], 0) + math.log(16 / 4000)
    found = variational.bound(model, x, 20_000, torch.Generator().manual_seed(0))[0]
    assert torch.allclose(found, exact, atol=0.05)
    assert float(variational.bound(model, x.repeat(1, 500, 1), 1, torch.Generator()).mean()) < float(
        exact.mean()
    )


def test_independent_pixels() -> None:
    x = torch.tensor([[1.0, 0.0]] * 8)
    assert variational.independent(x, x) == pytest.approx(2 * math.log(0.9))


def test_models_side_by_side_are_those_learned_alone() -> None:
    both = variational.start([3, 4], 9, 2)
    alone = variational.start([4], 9, 2)
    x = images()[None]
    assert torch.allclose(
        variational.through(both[:2], x.expand(2, -1, -1))[1], variational.through(alone[:2], x)[0], atol=1e-6
    )


def test_the_short_experiment_passes() -> None:
    assert variational.run(Effort(short=True)).passed
