"""Attention against the formula written out, and the laws it must keep."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.core.attention import Attention, Packed, attend
from heedful.core.block import Dropout
from heedful.core.config import StackConfig, TokenInput
from heedful.core.model import Transformer, first, largest, mean
from heedful.errors import ConfigError

LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=8).map(tuple)


def small(**changes: object) -> StackConfig:
    settings = {"width": 12, "depth": 2, "heads": 3, "hidden": 20, **changes}
    return StackConfig(input=TokenInput(vocab=40, positions=16, segments=2), **settings)


def formula(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, causal: bool) -> torch.Tensor:
    """One sequence (T, H, K), as the paper writes it, in float64."""
    q, k, v = (part.double().transpose(0, 1) for part in (query, key, value))
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), -math.inf)
    weights = scores.exp() / scores.exp().sum(-1, keepdim=True)
    return (weights @ v).transpose(0, 1)


@settings(deadline=None, max_examples=40)
@given(LENGTHS, st.integers(1, 4), st.integers(1, 7), st.booleans())
def test_attend_is_the_formula_inside_each_sequence(
    lengths: tuple[int, ...], heads: int, width: int, causal: bool
) -> None:
    torch.manual_seed(sum(lengths))
    query, key, value = torch.randn(3, sum(lengths), heads, width, dtype=torch.float64)
    found = attend(query, key, value, Packed(lengths), causal)
    start = 0
    for length in lengths:
        part = slice(start, start + length)
        expected = formula(query[part], key[part], value[part], causal)
        torch.testing.assert_close(found[part], expected, atol=1e-12, rtol=0)
        start += length


@settings(deadline=None, max_examples=25)
@given(LENGTHS, st.sampled_from(["pre", "post"]), st.booleans())
def test_packed_is_one_by_one(lengths: tuple[int, ...], norm_at: str, causal: bool) -> None:
    torch.manual_seed(0)
    model = Transformer(small(norm_at=norm_at, causal=causal)).double().eval()
    ids = torch.randint(40, (sum(lengths),))
    together = model(ids, Packed(lengths))
    alone = torch.cat([model(part, Packed((len(part),))) for part in ids.split(list(lengths))])
    torch.testing.assert_close(together, alone, atol=1e-12, rtol=0)


def test_the_future_cannot_change_the_past() -> None:
    torch.manual_seed(0)
    model = Transformer(small(causal=True)).double().eval()
    ids = torch.randint(40, (9,))
    changed = ids.clone()
    changed[6:] = (ids[6:] + 1) % 40
    before, after = model(ids, Packed((9,))), model(changed, Packed((9,)))
    torch.testing.assert_close(before[:6], after[:6], atol=0, rtol=0)
    assert (before[6:] - after[6:]).abs().max() > 1e-3


def test_without_positions_order_does_not_matter() -> None:
    torch.manual_seed(0)
    model = Transformer(small()).double().eval()
    torch.nn.init.zeros_(model.input.position.weight)
    ids = torch.randperm(40)[:10]
    order = torch.randperm(10)
    torch.testing.assert_close(
        model(ids, Packed((10,)))[order], model(ids[order], Packed((10,))), atol=1e-12, rtol=0
    )


def test_gradients_reach_every_weight() -> None:
    torch.manual_seed(0)
    model = Transformer(small())
    model(torch.randint(40, (12,)), Packed((3, 4, 5))).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0 or name.endswith("key.bias"), name  # softmax ignores a shift


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(0)
    attention = Attention(small(attention_dropout=0.5))
    x, layout = torch.randn(8, 12), Packed((8,))
    assert not torch.equal(attention.train()(x, layout), attention(x, layout))
    assert torch.equal(attention.eval()(x, layout), attention(x, layout))


@settings(deadline=None, max_examples=25)
@given(LENGTHS)
def test_poolings_are_by_sequence(lengths: tuple[int, ...]) -> None:
    x = torch.randn(sum(lengths), 5)
    parts = x.split(list(lengths))
    layout = Packed(lengths)
    torch.testing.assert_close(mean(x, layout), torch.stack([part.mean(0) for part in parts]))
    torch.testing.assert_close(first(x, layout), torch.stack([part[0] for part in parts]))
    torch.testing.assert_close(largest(x, layout), torch.stack([part.amax(0) for part in parts]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"heads": 5}, "width 12 is no multiple of heads 5"),
        ({"depth": 0}, "depth is 0; expected a whole number"),
        ({"depth": 10**6}, "at most 1000"),
        ({"width": 1.5}, "width is 1.5"),
        ({"activation": "tanhish"}, "expected one of gelu, gelu_tanh, relu, silu"),
        ({"norm_at": "both"}, "expected one of pre, post"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_a_config_that_cannot_be_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("(", r"\(")):
        small(**changes)


def test_dropout_zeroes_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    drop = Dropout(0.1).train()
    found = drop(torch.ones(1000, 1003))
    assert (found == 0).double().mean() == pytest.approx(26 / 256, abs=2e-3)
    assert found.mean() == pytest.approx(1, abs=2e-3)
    columns = (found == 0).double().mean(dim=0)  # no byte of the drawn numbers is worse than another
    assert columns.max() < 0.15 > 0.05 < columns.min()
    assert torch.equal(drop.eval()(found), found)
    assert torch.equal(Dropout(0.0).train()(found), found)
