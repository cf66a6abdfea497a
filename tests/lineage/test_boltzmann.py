"""The restricted Boltzmann machine against sums over all states."""

from itertools import product

import torch

from heedful.lineage import boltzmann
from heedful.lineage.outcome import Effort
from heedful.lineage.run import run
from heedful.lineage.story import named


def machine(seed: int = 0) -> boltzmann.Machine:
    random = torch.Generator().manual_seed(seed)
    return boltzmann.Machine(
        *(torch.randn(size, generator=random, dtype=torch.float64) for size in ((4, 3), (4,), (3,)))
    )


def states(units: int) -> torch.Tensor:
    return torch.tensor(list(product((0.0, 1.0), repeat=units)), dtype=torch.float64)


def energies(m: boltzmann.Machine) -> torch.Tensor:
    v, h = states(4), states(3)
    return -(v @ m.visible)[:, None] - (h @ m.hidden)[None] - v @ m.weights @ h.T


def test_free_energy_sums_over_the_hidden_states() -> None:
    m = machine()
    assert torch.allclose(m.free_energy(states(4)), -torch.logsumexp(-energies(m), dim=1))


def test_chances_are_those_of_the_energy() -> None:
    m = machine()
    joint = torch.softmax(-energies(m).flatten(), 0).reshape(16, 8)
    assert torch.allclose(m.up(states(4)), joint @ states(3) / joint.sum(1, keepdim=True))
    assert torch.allclose(m.down(states(3)), joint.T @ states(4) / joint.sum(0)[:, None])


def test_without_weights_the_contrast_is_the_slope_of_the_likelihood() -> None:
    m = machine()
    m.weights.zero_()
    v = states(4)[5:6].repeat(50, 1)
    slope = m.contrast(v, 1, torch.Generator().manual_seed(0))
    joint = torch.softmax(-energies(m).flatten(), 0).reshape(16, 8)
    model = torch.einsum("vh,vi,hj->ij", joint, states(4), states(3))
    assert torch.allclose(slope[0], v[:1].T @ m.up(v[:1]) - model)
    assert torch.allclose(slope[1], v[0] - joint.sum(1) @ states(4))


def test_learning_lowers_the_free_energy_of_what_was_seen() -> None:
    random = torch.Generator().manual_seed(0)
    seen = torch.tensor([[1.0, 1, 0, 0], [0, 0, 1, 1]]).repeat(50, 1)
    learned = boltzmann.fit(seen, 8, random, epochs=30)
    other = torch.tensor([[1.0, 0, 1, 0], [0, 1, 0, 1]])
    assert learned.free_energy(seen[:2]).max() < learned.free_energy(other).min()


def test_tuning_starts_from_the_stack_and_leaves_it_alone() -> None:
    random = torch.Generator().manual_seed(0)
    stack = boltzmann.untrained((4, 6, 5), random)
    before = stack[0].weights.clone()
    x, y = torch.eye(4), torch.arange(4)
    assert boltzmann.scores(boltzmann.tune(stack, x, y, sweeps=100, rate=0.03), x).argmax(1).tolist() == [
        0,
        1,
        2,
        3,
    ]
    assert torch.equal(stack[0].weights, before)


def test_the_short_experiment_passes() -> None:
    assert run(named("boltzmann"), Effort(short=True)).passed
