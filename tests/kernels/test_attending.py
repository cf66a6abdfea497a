"""The native step of attention: what torch's own gives, for every mask, and the way back to torch."""

import math

import pytest
import torch

from heedful.core import attention
from heedful.core.attention import Reach, watched
from heedful.kernels import attending
from heedful.kernels.attending import attend
from heedful.kernels.native import library

SHAPES = ((16, 8, 8, 64, 70, 33), (3, 9, 3, 64, 50, 50), (1, 4, 4, 32, 20, 1), (5, 2, 2, 16, 9, 7))
needed = pytest.mark.skipif(library() is None, reason="no kernels were built, or this processor has no VNNI")


def cached(rows: int, heads: int, groups: int, width: int, places: int) -> tuple[torch.Tensor, ...]:
    """Return a query of each row, and keys and values of a cache with more rows."""
    query = 3 * torch.randn(rows, heads, width)
    key, value = (torch.randn(rows + 2, places, groups, width)[:rows] for _ in range(2))
    return query, key, value


def biases(rows: int, heads: int, span: int) -> list[torch.Tensor | None]:
    """Return masks and shifts of all kinds, one with its numbers far apart."""
    seen = torch.rand(rows, 1, 1, span) > 0.4
    seen[..., 0] = True
    shift = torch.randn(rows, heads, 1, span)
    apart = torch.randn(1, 1, span, heads).permute(0, 3, 1, 2)
    return [None, seen, seen[:1], shift, shift[:1], apart, shift[:, :1].masked_fill(~seen, -math.inf)]


@needed
@pytest.mark.parametrize("shape", SHAPES)
def test_a_step_is_that_of_torch(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    rows, heads, groups, width, places, span = shape
    query, key, value = cached(rows, heads, groups, width, places)
    for bias in biases(rows, heads, span):
        reach = Reach(((rows, 1, span),), (bias,))
        wanted = attention.attend(query, key, value, reach, 0.125)
        with monkeypatch.context() as patch:
            patch.setattr(attending.attention, "attend", None)  # torch is not asked
            found = attend(query, key, value, reach, 0.125)
        assert (found - wanted).abs().max() < 1e-5


@needed
def test_a_row_that_sees_nothing_is_zero_and_what_is_masked_has_no_say() -> None:
    query, key, value = cached(2, 2, 2, 16, 8)
    seen = torch.zeros(2, 1, 1, 8, dtype=torch.bool)
    seen[1, ..., :3] = True
    reach = Reach(((2, 1, 8),), (seen,))
    before = attend(query, key, value, reach, 1.0)
    assert not before[0].any()
    key[:, 3:], value[:, 3:] = 1e6, 1e6
    assert torch.equal(attend(query, key, value, reach, 1.0), before)


@needed
def test_distant_scores_do_not_overflow() -> None:
    query, key, value = cached(1, 1, 1, 16, 4)
    key[0, 2] = 1e4 * query[0]
    reach = Reach(((1, 1, 4),), (None,))
    found = attend(query, key, value, reach, 1.0)
    assert torch.allclose(found, attention.attend(query, key, value, reach, 1.0), atol=1e-6)


def test_what_the_kernel_does_not_take_goes_to_torch() -> None:
    torch.manual_seed(0)
    query, key, value = cached(2, 2, 2, 16, 8)
    step = Reach(((2, 1, 8),), (None,))
    with watched() as seen:
        attend(query, key, value, step, 1.0)
    assert len(seen) == 1
    longer = Reach(((1, 2, 8),), (None,))
    assert attend(query, key[:1], value[:1], longer, 1.0).shape == query.shape
    exact = [part.double() for part in (query, key, value)]
    assert attend(*exact, step, 1.0).dtype == torch.float64
    narrow = [part[..., :12].contiguous() for part in (query, key, value)]
    assert torch.equal(attend(*narrow, step, 1.0), attention.attend(*narrow, step, 1.0))
