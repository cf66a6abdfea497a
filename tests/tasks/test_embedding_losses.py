"""The losses of sentence encoders against plain loops in float64."""

import math

import torch
from torch import Tensor, nn

from heedful.tasks.embedding_losses import cosent, entailment, nested, ranking, regression, triplet

RANDOM = torch.Generator().manual_seed(0)


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=RANDOM, dtype=torch.float64)


def cosine(a: Tensor, b: Tensor) -> float:
    return float((a @ b) / (a.norm() * b.norm()))


def test_ranking_is_the_softmax_over_what_is_allowed() -> None:
    anchors, candidates = drawn(3, 5), drawn(6, 5)
    allowed = torch.ones(3, 6, dtype=torch.bool)
    allowed[0, 2] = allowed[2, 5] = False
    wanted = 0.0
    for i in range(3):
        logits = {j: 20 * cosine(anchors[i], candidates[j]) for j in range(6) if allowed[i, j]}
        wanted -= (logits[i] - math.log(sum(map(math.exp, logits.values())))) / 3
    assert math.isclose(float(ranking(anchors, candidates, allowed)), wanted, rel_tol=1e-12)


def test_ranking_equals_that_of_sentence_transformers() -> None:
    import pytest

    losses = pytest.importorskip("sentence_transformers.sentence_transformer.losses")
    anchors, candidates = drawn(4, 8), drawn(4, 8)
    theirs = losses.MultipleNegativesRankingLoss(nn.Identity())
    wanted = theirs.compute_loss_from_embeddings([anchors, candidates], None)
    found = ranking(anchors, candidates, torch.ones(4, 4, dtype=torch.bool))
    assert math.isclose(float(found), float(wanted), rel_tol=1e-6)


def test_triplet_counts_only_what_lies_within_the_margin() -> None:
    one, near, far = drawn(4, 5), drawn(4, 5), drawn(4, 5)
    gaps = [2 * (cosine(a, c) - cosine(a, b)) + 0.2 for a, b, c in zip(one, near, far, strict=True)]
    assert any(gap > 0 for gap in gaps) and any(gap < 0 for gap in gaps)
    wanted = sum(max(0.0, gap) for gap in gaps) / 4
    assert math.isclose(float(triplet(one, near, far)), wanted, rel_tol=1e-9)


def test_regression_and_cosent() -> None:
    one, other, grades = drawn(4, 5), drawn(4, 5), torch.tensor([0.1, 0.9, 0.5, 0.5])
    found = [cosine(a, b) for a, b in zip(one, other, strict=True)]
    squares = [(c - float(g)) ** 2 for c, g in zip(found, grades, strict=True)]
    assert math.isclose(float(regression(one, other, grades)), sum(squares) / 4, rel_tol=1e-6)
    pairs = [(i, j) for i in range(4) for j in range(4) if grades[i] < grades[j]]
    assert len(pairs) == 5  # those of equal grade ask nothing
    wanted = math.log(1 + sum(math.exp(20 * (found[i] - found[j])) for i, j in pairs))
    assert math.isclose(float(cosent(one, other, grades)), wanted, rel_tol=1e-9)
    assert float(cosent(one, other, torch.zeros(4))) == 0.0


def test_entailment_sees_both_vectors_and_their_difference() -> None:
    one, other, head = drawn(4, 5), drawn(4, 5), nn.Linear(15, 3).double()
    classes = torch.tensor([0, 2, 1, 1])
    wanted = 0.0
    for a, b, target in zip(one, other, classes.tolist(), strict=True):
        logits = head(torch.cat([a, b, (a - b).abs()]))
        wanted -= logits.log_softmax(0)[target].item() / 4
    assert math.isclose(entailment(one, other, head, classes).item(), wanted, rel_tol=1e-9)


def test_nested_is_the_mean_over_the_sizes() -> None:
    one, other, grades = drawn(4, 6), drawn(4, 6), torch.tensor([0.1, 0.9, 0.5, 0.4])
    parts = [float(regression(one[:, :k], other[:, :k], grades)) for k in (6, 2)]
    found = nested(lambda a, b: regression(a, b, grades), [6, 2], one, other)
    assert math.isclose(float(found), sum(parts) / 2, rel_tol=1e-9)
