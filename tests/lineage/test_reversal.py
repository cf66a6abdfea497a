"""The transformer as a technique: what positions are for, and linear attention as a memory."""

import numpy as np
import pytest
import torch

from heedful.lineage import attention, fastweights
from heedful.lineage.outcome import Effort


def test_without_positions_order_does_not_matter() -> None:
    ids = torch.randint(10, (2, 16), generator=torch.Generator().manual_seed(0))
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        blind, placed = attention.build("none", 0), attention.build("sinusoid", 0)
        moved = attention.logits(blind, ids[:, order]) - attention.logits(blind, ids)[:, order]
        assert float(moved.abs().max()) < 1e-5
        moved = attention.logits(placed, ids[:, order]) - attention.logits(placed, ids)[:, order]
        assert float(moved.abs().max()) > 0.1


def test_the_best_without_positions_is_what_counting_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "LENGTH", 2)
    assert attention.best_blind(0) == 1.0  # of two places the other is known
    monkeypatch.setattr(attention, "LENGTH", 16)
    assert 0.2 < attention.best_blind(0) < 0.3


def test_the_map_is_that_of_one_sequence() -> None:
    weights = attention.looks(attention.build("sinusoid", 0), 0)
    assert weights.shape == (16, 16)
    torch.testing.assert_close(weights.sum(1), torch.ones(16))


def test_linear_attention_is_the_sum_written_out() -> None:
    query, key, value = np.random.default_rng(0).normal(size=(3, 7, 4))
    wanted = []
    for i in range(7):
        weights = [float(fastweights.feature(query[i]) @ fastweights.feature(key[j])) for j in range(i + 1)]
        wanted.append(sum(w * v for w, v in zip(weights, value, strict=False)) / sum(weights))
    np.testing.assert_allclose(fastweights.parallel(query, key, value), wanted, rtol=1e-12)
    np.testing.assert_allclose(fastweights.recurrent(query, key, value), wanted, rtol=1e-12)


def test_phi_is_elu_and_one() -> None:
    x = np.linspace(-5, 5, 21)
    wanted = torch.nn.functional.elu(torch.from_numpy(x)) + 1
    np.testing.assert_allclose(fastweights.feature(x), wanted.numpy(), rtol=1e-12)


def test_the_future_cannot_change_the_past() -> None:
    query, key, value = np.random.default_rng(0).normal(size=(3, 9, 4))
    before = fastweights.parallel(query, key, value)
    key[5:], value[5:] = 7.0, -7.0
    after = fastweights.parallel(query, key, value)
    np.testing.assert_array_equal(before[:5], after[:5])
    assert (before[5:] != after[5:]).all()


def test_the_delta_rule_replaces_and_the_sum_does_not() -> None:
    key, first, second = np.array([0.6, 0.8]), np.array([1.0, 2.0]), np.array([3.0, -1.0])
    for rule, wanted in ((fastweights.replace, second), (fastweights.add, first + second)):
        memory = rule(rule(np.zeros((2, 2)), key, first), key, second)
        np.testing.assert_allclose(memory @ key, wanted, atol=1e-12)


def test_the_short_experiment_passes() -> None:
    assert attention.run(Effort(short=True)).passed
