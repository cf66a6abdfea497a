"""LoRA: nothing changes at the start, only the small matrices learn, and folding them in changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from heedful.core.config import HeadConfig, StackConfig, TokenInput, TransformerConfig
from heedful.core.inputs import pack
from heedful.core.model import Transformer
from heedful.errors import ConfigError
from heedful.train.checkpoints import Keeper
from heedful.train.cores import Replicas, pool
from heedful.train.loop import train
from heedful.train.lora import LIFT, LowRank, add_lora, lora_parameters, merge_lora, peak_rate
from heedful.train.objectives import Loss, one_of
from heedful.train.plan import Plan
from heedful.train.progress import Progress, Silent

ROWS = [[1, 2, 3], [4, 5, 6, 7], [3, 1, 8, 9, 2], [7, 7, 7, 7, 7, 1]]


def tiny(gated: bool = True) -> Transformer:
    torch.manual_seed(3)
    stack = StackConfig(
        input=TokenInput(vocab=16, positions=12), width=16, depth=3, heads=2, hidden=32, gated=gated,
        dropout=0.1,
    )  # fmt: skip
    config = TransformerConfig(encoder=stack, head=HeadConfig(of="first", outputs=3, dense=True))
    return Transformer(config).eval()


def scores(model: nn.Module, rows: list[list[int]] = ROWS) -> Tensor:
    return model.scores(*model(*pack(rows)))


def objective(model: nn.Module, rows: list[int]) -> Loss:
    return one_of(scores(model, [ROWS[row] for row in rows]), [row % 3 for row in rows])


def learned(model: nn.Module, keeper: Keeper | None = None, watch: Silent | None = None) -> Transformer:
    plan = Plan(epochs=10, rate=0.02, parts=2)
    train(model, lambda _: [[0, 1, 2, 3]], objective, plan, keeper=keeper, watch=watch)
    return model


def shapes(model: nn.Module) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in model.state_dict().items()}


@pytest.mark.parametrize("gated", [True, False])
def test_at_the_start_nothing_changes(gated: bool) -> None:
    model = tiny(gated)
    before = scores(model)
    add_lora(model, 4, seed=0)
    assert torch.equal(scores(model), before)
    maps = sum(isinstance(part, LowRank) for part in model.modules())
    assert maps == 3 * (7 if gated else 6)


def test_only_the_small_matrices_and_the_head_learn() -> None:
    model = tiny()
    whole = sum(parameter.numel() for parameter in model.parameters())
    add_lora(model, 2, seed=0)
    small = dict(lora_parameters(model))
    open_ = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert open_ == set(small) | {name for name in shapes(model) if name.startswith("head.")}
    assert sum(p.numel() for p in small.values()) == 3 * 2 * (4 * (16 + 16) + 3 * (16 + 32))
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) < whole / 3
    objective(model, [0, 1])[0].backward()
    assert {name for name, parameter in model.named_parameters() if parameter.grad is not None} == open_


def test_the_caller_says_what_goes_on_learning() -> None:
    model = tiny()
    add_lora(model, 2, seed=0, keep=lambda name: name.endswith("input.token.weight"))
    small = set(dict(lora_parameters(model)))
    open_ = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert open_ - small == {"encoder.input.token.weight"}


def test_it_learns_and_the_frozen_weights_stay() -> None:
    model = tiny()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    begin = objective(model, [0, 1, 2, 3])[0].item()
    add_lora(model, 4, seed=0)
    learned(model)
    assert objective(model, [0, 1, 2, 3])[0].item() < begin / 2
    after = model.state_dict()
    frozen = [name for name in before if not name.startswith("head.")]
    assert all(torch.equal(after[name], before[name]) for name in frozen)


def test_merged_is_unmerged_with_the_names_of_before() -> None:
    model = tiny()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    add_lora(model, 4, seed=0, alpha=6.0)
    apart = scores(learned(model))
    merge_lora(model)
    torch.testing.assert_close(scores(model), apart, atol=1e-6, rtol=0)
    assert shapes(model) == {name: value.shape for name, value in before.items()}
    assert list(shapes(model)) == list(before)
    assert not any(isinstance(part, LowRank) for part in model.modules())
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert {name for name in changed if ".blocks." in name} == {
        name for name in before if ".blocks." in name and name.endswith("weight") and before[name].ndim == 2
    }


def test_alpha_over_rank_is_the_scale() -> None:
    model, double = tiny(), tiny()
    add_lora(model, 4, seed=0, alpha=4.0)
    add_lora(double, 4, seed=0, alpha=8.0)
    for one in (model, double):
        for name, parameter in lora_parameters(one):
            if name.endswith("widen"):
                torch.nn.init.constant_(parameter, 0.01)
    plain = tiny().encoder.blocks[1].attention.query.weight
    first, second = (one.encoder.blocks[1].attention.query.merged().weight for one in (model, double))
    torch.testing.assert_close(second - plain, 2 * (first - plain), atol=1e-6, rtol=0)


def test_a_rate_that_is_given_is_taken_and_low_rank_learns_faster() -> None:
    assert [peak_rate(None, 1e-4, rank) for rank in (0, 8)] == [1e-4, 1e-4 * LIFT]
    assert [peak_rate(5e-4, 1e-4, rank) for rank in (0, 8)] == [5e-4, 5e-4]


def test_copies_share_the_small_matrices() -> None:
    model = tiny()
    add_lora(model, 2, seed=0)
    replicas = Replicas(model, (0, 1), 2, 0, bf16=False, threads=2)
    with pool() as threads:
        replicas.backward(objective, np.arange(4), 0, threads)
    names = dict(lora_parameters(model))
    assert all(parameter.grad is not None for parameter in names.values())
    for other in replicas.modules[1:]:
        theirs = dict(lora_parameters(other))
        assert all(theirs[name].data_ptr() == names[name].data_ptr() for name in names)


class Killed(BaseException):
    pass


class Killer(Silent):
    def stepped(self, progress: Progress) -> None:
        if progress.step == 7:
            raise Killed


def test_a_killed_run_ends_with_the_same_bytes(tmp_path: Path) -> None:
    def go(folder: Path, watch: Silent | None = None) -> Transformer:
        model = tiny()
        add_lora(model, 2, seed=5)
        learned(model, Keeper(folder, {}, every=3, seconds=1e9), watch)
        merge_lora(model)
        return model

    whole = go(tmp_path / "whole")
    with pytest.raises(Killed):
        go(tmp_path / "killed", Killer())
    again = go(tmp_path / "killed")
    assert all(torch.equal(mine, whole.state_dict()[name]) for name, mine in again.state_dict().items())


def bad() -> Iterator[tuple[object, str]]:
    yield 0, "found a LoRA rank of 0; expected a whole number from 1 to 16"
    yield 17, "from 1 to 16"
    yield 2.5, "found a LoRA rank of 2.5"
    yield True, "rank of True"


@pytest.mark.parametrize(("rank", "says"), bad())
def test_a_rank_that_cannot_be_is_refused_and_nothing_changes(rank: int, says: str) -> None:
    model = tiny()
    with pytest.raises(ConfigError, match=says):
        add_lora(model, rank, seed=0)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_an_alpha_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected more than 0"):
        add_lora(tiny(), 2, seed=0, alpha=-1.0)


def test_what_has_no_blocks_or_has_lora_already_is_refused() -> None:
    with pytest.raises(ConfigError, match="no linear map inside blocks"):
        add_lora(nn.Sequential(nn.Linear(4, 4)), 2, seed=0)
    model = tiny()
    add_lora(model, 2, seed=0)
    with pytest.raises(ConfigError, match="merge_lora first"):
        add_lora(model, 2, seed=0)
