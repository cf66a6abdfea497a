"""The quick ways to the best of many scores give what torch gives."""

import pytest
import torch

from heedful.generate.rank import GROUP, best, highest, log_total

SHAPES = [(1, 1), (3, 7), (2, GROUP), (4, 2 * GROUP + 1), (5, 1000), (3, 40 * GROUP), (7, 50 * GROUP + 63)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("k", [1, 2, 8, 30, 1000])
def test_the_best_are_those_of_a_full_search(shape: tuple[int, int], k: int) -> None:
    scores = torch.randn(shape, generator=torch.Generator().manual_seed(k))
    scores[:, ::3] = -torch.inf
    k = min(k, shape[1])
    values, ids = best(scores, k)
    assert torch.equal(values, scores.topk(k).values)
    assert torch.equal(scores.gather(1, ids), values)
    assert all(len(set(row)) == k for row in ids.tolist())
    assert torch.equal(highest(scores), scores.argmax(-1))


@pytest.mark.parametrize("shape", SHAPES)
def test_of_equal_scores_the_first_is_the_highest(shape: tuple[int, int]) -> None:
    assert highest(torch.zeros(shape)).tolist() == [0] * shape[0]
    scores = torch.randint(0, 3, shape, generator=torch.Generator().manual_seed(1)).float()
    assert torch.equal(highest(scores), scores.argmax(-1))
    values, ids = best(scores, min(9, shape[1]))
    assert torch.equal(values, scores.topk(len(ids[0])).values)
    assert all(len(set(row)) == len(row) for row in ids.tolist())
    assert torch.equal(scores.gather(1, ids), values)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@pytest.mark.parametrize("vocab", [1, 40, 1 << 18])
def test_the_total_is_torchs(vocab: int, kind: torch.dtype) -> None:
    scores = 90 * torch.randn(3, vocab, dtype=kind)
    scores[1] += 1e4
    scores[2, : vocab // 2] = -torch.inf
    wanted = scores.logsumexp(-1, keepdim=True)
    torch.testing.assert_close(log_total(scores), wanted, rtol=1e-6, atol=1e-5)
