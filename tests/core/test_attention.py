"""Attention against the formula written out, and what must hold of it."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.core.attention import Attention, Packed, Reach, attend, rotate, watched
from heedful.core.block import Dropout
from heedful.core.config import Relative, Rotary, StackConfig, TokenInput
from heedful.core.model import first, largest, last, mean
from heedful.core.positions import Places, buckets, rotation, sinusoid, slopes

LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=8).map(tuple)


def small(**changes: object) -> StackConfig:
    given = {"width": 12, "depth": 2, "heads": 3, "hidden": 20, **changes}
    return StackConfig(input=TokenInput(vocab=40, positions=64, segments=2), **given)


def formula(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, config: StackConfig, local: bool = False
) -> torch.Tensor:
    """One sequence (T, H, K), as the papers write it, one query and one head at a time, in float64."""
    groups = query.shape[1] // key.shape[1]
    out = torch.zeros_like(query)
    for head in range(query.shape[1]):
        for i in range(len(query)):
            scores, seen = [], []
            for j in range(len(key)):
                if (config.causal and j > i) or (local and abs(i - j) >= config.window):
                    continue
                score = (query[i, head] @ key[j, head // groups]) / math.sqrt(query.shape[-1])
                if config.alibi:
                    score = score - slopes(config.heads)[head] * abs(i - j)
                scores.append(score)
                seen.append(value[j, head // groups])
            weights = torch.stack(scores).exp() / torch.stack(scores).exp().sum()
            out[i, head] = (weights[:, None] * torch.stack(seen)).sum(0)
    return out


@settings(deadline=None, max_examples=40)
@given(
    LENGTHS,
    st.sampled_from([(1, 1), (2, 1), (4, 2), (3, 3)]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 1, 2, 3]),
)
def test_attend_is_the_formula_inside_each_sequence(
    lengths: tuple[int, ...], heads: tuple[int, int], causal: bool, alibi: bool, window: int | None
) -> None:
    torch.manual_seed(sum(lengths))
    config = small(heads=heads[0], kv_heads=heads[1], causal=causal, alibi=alibi, window=window)
    query = torch.randn(sum(lengths), heads[0], 5, dtype=torch.float64)
    key, value = torch.randn(2, sum(lengths), heads[1], 5, dtype=torch.float64)
    reach = Places(config)(Packed(lengths), query, local=window is not None)
    found = attend(query, key, value, reach, 5**-0.5)
    start = 0
    for length in lengths:
        part = slice(start, start + length)
        expected = formula(query[part], key[part], value[part], config, window is not None)
        torch.testing.assert_close(found[part], expected, atol=1e-9 if alibi else 1e-12, rtol=1e-7)
        start += length


def test_watched_calls_tell_the_weights_that_were_used() -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 7, 2, 4, dtype=torch.float64)
    reach = Places(small(heads=2, causal=True))(Packed((3, 4)), query)
    with watched() as calls:
        found = attend(query, key, value, reach, 0.5)
    assert [call.query.shape[2] for call in calls] == [3, 4]
    again = torch.cat([(call.weights() @ call.value)[0].transpose(0, 1) for call in calls])
    torch.testing.assert_close(found, again, atol=1e-12, rtol=0)
    assert all(call.weights().sum(-1).sub(1).abs().max() < 1e-12 for call in calls)
    attend(query, key, value, reach, 0.5)
    assert len(calls) == 2


@settings(deadline=None, max_examples=30)
@given(
    st.integers(0, 500),
    st.integers(0, 500),
    st.integers(0, 500),
    st.sampled_from(["none", "linear", "llama3"]),
)
def test_rotary_depends_on_differences_only(one: int, two: int, shift: int, scaling: str) -> None:
    torch.manual_seed(one)
    query, key = torch.randn(2, 1, 1, 8, dtype=torch.float64)
    config = Rotary(theta=100.0, scaling=scaling, factor=4.0, original=64)

    def score(a: int, b: int) -> torch.Tensor:
        turned = (rotate(x, rotation(config, torch.tensor([p]), 8, x)) for x, p in ((query, a), (key, b)))
        return torch.mul(*turned).sum()

    torch.testing.assert_close(score(one, two), score(one + shift, two + shift), atol=1e-9, rtol=1e-9)


def test_sinusoids_are_the_paper_s() -> None:
    table = sinusoid(torch.arange(50), 6)
    for place in (0, 1, 49):
        for i in range(3):
            angle = place / 10000 ** (2 * i / 6)
            assert table[place, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-7)
            assert table[place, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-7)
    halves = sinusoid(torch.arange(50), 6, halves=True)
    torch.testing.assert_close(halves, table[:, [0, 2, 4, 1, 3, 5]])


def test_slopes_are_the_paper_s() -> None:
    torch.testing.assert_close(slopes(8), torch.tensor([2.0**-i for i in range(1, 9)]))
    assert len(slopes(12)) == 12
    torch.testing.assert_close(slopes(12)[8:], torch.tensor([2.0**-x for x in (0.5, 1.5, 2.5, 3.5)]))


@pytest.mark.parametrize("causal", [False, True])
def test_buckets_are_exact_near_and_end_at_the_last(causal: bool) -> None:
    config = Relative(buckets=32, distance=128)
    back = buckets(-torch.arange(300), config, causal)
    exact = 16 if causal else 8
    assert back[:exact].tolist() == list(range(exact))
    assert back.diff().min() >= 0
    assert back[128:].unique().tolist() == [31 if causal else 15]
    ahead = buckets(torch.arange(1, 300), config, causal)
    assert (ahead == 0).all() if causal else torch.equal(ahead, back[1:] + 16)


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(0)
    attention = Attention(small(attention_dropout=0.5))
    x, reach = torch.randn(8, 12), Reach(((1, 8, 8),), (None,))
    assert not torch.equal(attention.train()(x, reach), attention(x, reach))
    assert torch.equal(attention.eval()(x, reach), attention(x, reach))


@settings(deadline=None, max_examples=25)
@given(LENGTHS)
def test_poolings_are_by_sequence(lengths: tuple[int, ...]) -> None:
    x = torch.randn(sum(lengths), 5)
    parts = x.split(list(lengths))
    layout = Packed(lengths)
    torch.testing.assert_close(mean(x, layout), torch.stack([part.mean(0) for part in parts]))
    torch.testing.assert_close(first(x, layout), torch.stack([part[0] for part in parts]))
    torch.testing.assert_close(last(x, layout), torch.stack([part[-1] for part in parts]))
    torch.testing.assert_close(largest(x, layout), torch.stack([part.amax(0) for part in parts]))


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
