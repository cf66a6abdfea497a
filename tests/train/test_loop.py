"""The loop: what it minimises, what it keeps, how it stops, and that it goes on as if nothing happened."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from heedful.core.config import HeadConfig, StackConfig, TokenInput, TransformerConfig
from heedful.core.model import Transformer
from heedful.errors import CheckpointError, DataError
from heedful.estimator import Clock
from heedful.train.batches import by_length, shuffled
from heedful.train.checkpoints import Keeper
from heedful.train.loop import train
from heedful.train.objectives import Loss, next_token
from heedful.train.plan import Plan
from heedful.train.progress import Progress, Silent

ROWS = 64


@pytest.fixture
def problem() -> tuple[nn.Linear, Tensor, Tensor]:
    torch.manual_seed(0)
    x = torch.randn(ROWS, 3)
    return nn.Linear(3, 1), x, x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.25


def run(
    problem: tuple[nn.Linear, Tensor, Tensor], plan: Plan, seconds: float | None = None, **rest: object
) -> Progress:
    module, x, y = problem

    def objective(module: nn.Module, rows: list[int]) -> Loss:
        return (module(x[rows]) - y[rows]).square().sum(), len(rows)

    def batches(epoch: int) -> list[list[int]]:
        return shuffled([1] * ROWS, 8, np.random.default_rng(epoch))

    return train(module, batches, objective, plan, Clock(seconds), **rest)


def test_it_finds_the_least_squares(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    progress = run(problem, Plan(epochs=60, rate=0.05, weight_decay=0))
    assert progress.losses[-1] < 1e-3 < progress.losses[0]
    torch.testing.assert_close(problem[0].weight, torch.tensor([[1.0, -2.0, 0.5]]), atol=0.02, rtol=0)
    assert progress.stopped is None
    assert (progress.step, progress.epoch, progress.counted) == (60 * 8, 60, 60 * ROWS)


def test_the_best_epoch_is_kept(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    module, seen = problem[0], []

    def evaluate() -> tuple[float]:
        seen.append(module.weight.detach().clone())
        return ([0.1, 0.9, 0.3][len(seen) - 1],)

    progress = run(problem, Plan(epochs=3, rate=0.05), evaluate=evaluate)
    assert progress.best == 1
    assert torch.equal(module.weight, seen[1])
    assert not torch.equal(seen[1], seen[2])


def test_it_scores_every_so_many_steps_and_at_the_end(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    progress = run(problem, Plan(steps=11, trials=3, rate=0.05), evaluate=lambda: (0.0,))
    assert (progress.step, len(progress.scores), progress.scored) == (11, 3, 11)


def test_patience_ends_it(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    scores = iter([0.5, 0.7, 0.6, 0.65, 0.9])
    progress = run(problem, Plan(epochs=5, rate=0.05, patience=2), evaluate=lambda: (next(scores),))
    assert (progress.epoch, progress.best) == (4, 1)
    assert progress.stopped == "no better score in 2 trials"


def test_time_that_is_over_stops_it_and_says_so(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    progress = run(problem, Plan(epochs=3000, rate=0.05), seconds=0.3, evaluate=lambda: (1.0,))
    assert "of 3000 epochs" in progress.stopped
    assert 0 < len(progress.losses) < 3000 * 8
    assert progress.best is not None


def test_enough_time_changes_nothing(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    state = {name: value.clone() for name, value in problem[0].state_dict().items()}
    free = run(problem, Plan(epochs=3, rate=0.05)).losses
    problem[0].load_state_dict(state)
    assert run(problem, Plan(epochs=3, rate=0.05), seconds=600).losses == free


def test_the_rate_falls_to_zero_with_the_time(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    seen: list[float] = []

    class Rates(Silent):
        def stepped(self, progress: Progress) -> None:
            seen.append(progress.factor)

    run(problem, Plan(rate=0.05), seconds=0.3, watch=Rates())
    assert max(seen) > 0.9
    assert seen[-1] < 0.1


def test_more_parts_are_the_same_step(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    begin = copy.deepcopy(problem[0])
    found = []
    for parts in (1, 2, 4, 8):
        problem[0].load_state_dict(begin.state_dict())
        run(problem, Plan(epochs=2, rate=0.05, parts=parts))
        found.append(problem[0].weight.detach().clone())
    for other in found[1:]:
        torch.testing.assert_close(other, found[0], atol=1e-6, rtol=0)
    assert not torch.equal(found[0], begin.weight)


def test_nothing_to_train_on_is_said(problem: tuple[nn.Linear, Tensor, Tensor]) -> None:
    with pytest.raises(DataError, match="no batch has a row"):
        train(problem[0], lambda _: [], lambda *_: (torch.zeros(()), 1), Plan(rate=0.1, epochs=1))


def tiny(dropout: float = 0.2) -> Transformer:
    torch.manual_seed(1)
    stack = StackConfig(
        input=TokenInput(vocab=16, positions=12), width=16, depth=3, heads=2, hidden=32, causal=True,
        dropout=dropout, attention_dropout=dropout,
    )  # fmt: skip
    return Transformer(TransformerConfig(decoder=stack, head=HeadConfig(outputs=16, tied=True)))


def sequences(epoch: int) -> list[list[np.ndarray]]:
    random = np.random.default_rng([7, epoch])
    return [[random.integers(0, 16, n) for n in sorted(random.integers(3, 12, 4))] for _ in range(5)]


class Killed(BaseException):
    pass


class Killer(Silent):
    def __init__(self, step: int) -> None:
        self.step = step

    def stepped(self, progress: Progress) -> None:
        if progress.step == self.step:
            raise Killed


PLANS = {
    "plain": Plan(epochs=3, rate=3e-3, parts=2),
    "muon": Plan(epochs=3, rate=3e-3, parts=2, optimizer="muon", schedule="wsd"),
    "thaw": Plan(epochs=3, rate=3e-3, parts=2, thaw=True, layer_decay=0.5),
    "every": Plan(steps=13, rate=3e-3, parts=3, trials=4, schedule="cosine"),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_run_that_was_killed_ends_with_the_same_bytes(name: str, tmp_path: Path) -> None:
    plan, scores = PLANS[name], {}

    def go(folder: Path, kill: int = 0) -> Transformer:
        model = tiny()

        def evaluate() -> tuple[float]:
            value = sum(p.detach().double().sum().item() for p in model.parameters())
            scores.setdefault(folder, []).append(value)
            return (value,)

        keeper = Keeper(folder, {"plan": "one"}, every=2, seconds=1e9)
        train(model, sequences, next_token, plan, None, evaluate, keeper, Killer(kill))
        return model

    whole = go(tmp_path / "whole")
    for kill in (4, 12):
        folder = tmp_path / f"killed{kill}"
        with pytest.raises(Killed):
            go(folder, kill)
        again = go(folder)
        for title, theirs in whole.state_dict().items():
            mine = again.state_dict()[title]
            assert mine.numpy().tobytes() == theirs.numpy().tobytes(), (kill, title)
        assert scores[folder][-1] == scores[tmp_path / "whole"][-1]


def test_dropout_depends_on_the_seed_alone() -> None:
    def losses(seed: int) -> list[float]:
        plan = Plan(epochs=2, rate=3e-3, parts=2, seed=seed)
        return train(tiny(), sequences, next_token, plan).losses

    torch.manual_seed(99)
    assert losses(0) == losses(0)
    assert losses(0) != losses(1)


def test_a_finished_run_only_gives_its_weights(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, {}, every=2)
    first = tiny()
    train(first, sequences, next_token, PLANS["plain"], keeper=keeper)
    second = tiny()
    progress = train(second, sequences, next_token, PLANS["plain"], keeper=Keeper(tmp_path, {}))
    assert (progress.losses, progress.step) == ([], 15)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_another_run_is_refused(tmp_path: Path) -> None:
    train(tiny(), sequences, next_token, PLANS["plain"], keeper=Keeper(tmp_path / "c", {"rate": 1}))
    with pytest.raises(CheckpointError, match="rate was 1, now 2"):
        train(tiny(), sequences, next_token, PLANS["plain"], keeper=Keeper(tmp_path / "c", {"rate": 2}))


def test_the_last_are_kept_and_half_ones_passed_over(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, {}, keep=2, every=2, seconds=1e9)
    train(tiny(), sequences, next_token, PLANS["plain"], keeper=keeper)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000000014", "step-000000015"]
    (tmp_path / "step-000000015" / "manifest.json").unlink()
    found = keeper.latest()
    assert found is not None
    assert found[1]["step"] == 14
    (tmp_path / "step-000000014" / "model.safetensors").write_bytes(b"half")
    assert keeper.latest() is None


def test_the_mean_of_the_last_scored_checkpoints(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, {}, keep=6, every=1, seconds=1e9)
    seen: list[Tensor] = []
    model = tiny()

    class Notes(Silent):
        def stepped(self, progress: Progress) -> None:
            assert progress.count > 0
            seen.append(model.decoder.blocks[0].feedforward.up.weight.detach().clone())

    plan = Plan(steps=6, trials=3, rate=3e-3)
    train(model, sequences, next_token, plan, evaluate=lambda: (0.0,), keeper=keeper, watch=Notes())
    mean = keeper.average(2)["decoder.blocks.0.feedforward.up.weight"]
    torch.testing.assert_close(mean, (seen[3] + seen[5]) / 2)


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
