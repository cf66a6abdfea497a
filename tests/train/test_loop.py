"""The loop: what it minimises, which epoch it keeps, how it stops."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from heedful.estimator import Clock
from heedful.train.batches import by_length, shuffled
from heedful.train.loop import Plan, Schedule, train

ROWS = 64


@pytest.fixture
def problem() -> tuple[nn.Linear, Tensor, Tensor]:
    torch.manual_seed(0)
    x = torch.randn(ROWS, 3)
    return nn.Linear(3, 1), x, x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.25


def run(
    problem: tuple[nn.Linear, Tensor, Tensor], plan: Plan, seconds: float | None = None, **rest: object
) -> object:
    module, x, y = problem

    def loss(module: nn.Module, rows: list[int]) -> Tensor:
        return (module(x[rows]) - y[rows]).square().mean()

    random = np.random.default_rng(0)
    batches = [shuffled([1] * ROWS, 8, random) for _ in range(plan.epochs)]
    return train(module, batches.__getitem__, loss, plan, Clock(seconds), **rest)


def test_it_finds_the_least_squares(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    progress = run(problem, Plan(epochs=60, rate=0.05, weight_decay=0))
    assert progress.losses[-1] < 1e-3 < progress.losses[0]
    torch.testing.assert_close(problem[0].weight, torch.tensor([[1.0, -2.0, 0.5]]), atol=0.02, rtol=0)
    assert progress.stopped is None


def test_the_best_epoch_is_kept(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    module, seen = problem[0], []

    def evaluate() -> tuple[float]:
        seen.append(module.weight.detach().clone())
        return ([0.1, 0.9, 0.3][len(seen) - 1],)

    progress = run(problem, Plan(epochs=3, rate=0.05), evaluate=evaluate)
    assert progress.best_epoch == 1
    assert torch.equal(module.weight, seen[1])
    assert not torch.equal(seen[1], seen[2])


def test_time_that_is_over_stops_it_and_says_so(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    progress = run(problem, Plan(epochs=3000, rate=0.05), seconds=0.3, evaluate=lambda: (1.0,))
    assert "of 3000 epochs" in progress.stopped
    assert 0 < len(progress.losses) < 3000 * 8
    assert progress.best_epoch is not None


def test_enough_time_changes_nothing(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    state = {name: value.clone() for name, value in problem[0].state_dict().items()}
    free = run(problem, Plan(epochs=3, rate=0.05)).losses
    problem[0].load_state_dict(state)
    assert run(problem, Plan(epochs=3, rate=0.05), seconds=600).losses == free


def test_the_rate_rises_then_falls_to_zero() -> None:
    schedule = Schedule(Plan(epochs=1, rate=2.0, warmup=0.1), 100)
    rates = [schedule.rate(step) for step in range(101)]
    assert rates[0] == pytest.approx(0.2)
    assert max(rates) == rates[9] == pytest.approx(2.0)
    assert rates[100] == 0
    assert all(a > b for a, b in pairwise(rates[10:]))


def test_batches_cover_every_row_once() -> None:
    lengths = np.random.default_rng(0).integers(1, 50, 137).tolist()
    packed = list(by_length(lengths, 100))
    assert sorted(row for batch in packed for row in batch) == list(range(137))
    assert all(sum(lengths[row] for row in batch) <= 100 for batch in packed)
    flat = [lengths[row] for batch in packed for row in batch]
    assert flat == sorted(flat)
    assert list(by_length([500], 100)) == [[0]]
    mixed = shuffled(lengths, 16, np.random.default_rng(1))
    assert sorted(row for batch in mixed for row in batch) == list(range(137))
    assert {len(batch) for batch in mixed} == {16, 137 % 16}
    assert mixed != shuffled(lengths, 16, np.random.default_rng(2))
