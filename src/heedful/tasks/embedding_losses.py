"""What makes vectors of like texts alike: losses of sentence encoders, as functions of their vectors."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

SCALE = 20.0  # a cosine times this is a logit
MARGIN = 0.2

Contrast = Callable[..., Tensor]


def ranking(anchors: Tensor, candidates: Tensor, allowed: Tensor, scale: float = SCALE) -> Tensor:
    """Ask each anchor (B, W) for its own, the i-th, among all candidates (M, W), M >= B.

    The others are negatives (Henderson et al. 2017, section 4.4), but for those that `allowed` (B, M) bars.
    Returns the mean of -log softmax(scale * cosine).
    """
    logits = scale * normalize(anchors, dim=-1) @ normalize(candidates, dim=-1).T  # (B, M)
    logits = logits.masked_fill(~allowed, float("-inf"))
    return cross_entropy(logits, torch.arange(len(anchors)))


def triplet(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float = MARGIN) -> Tensor:
    """Push each negative `margin` further off than the positive (Schroff et al. 2015, equation 3).

    All are (B, W); distances are squared, of vectors of length 1. Returns the mean.
    """
    one, near, far = (normalize(part, dim=-1) for part in (anchors, positives, negatives))
    gaps = (one - near).square().sum(-1) - (one - far).square().sum(-1) + margin
    return gaps.clamp(min=0).mean()


def regression(one: Tensor, other: Tensor, grades: Tensor) -> Tensor:
    """Return the mean squared error of the cosines of pairs, (B, W) each, from their grades (B,) in -1 to 1.

    Reimers and Gurevych 2019, section 3, "Regression Objective Function".
    """
    return (cosines(one, other) - grades).square().mean()


def cosent(one: Tensor, other: Tensor, grades: Tensor, scale: float = SCALE) -> Tensor:
    """Ask that pairs of a higher grade (B,) have a higher cosine: log(1 + sum of exp(scale * inversion)).

    The sum runs over all two pairs of the batch that differ in grade (Su 2022, CoSENT).
    """
    found = scale * cosines(one, other)
    inversions = found[:, None] - found[None, :]  # (B, B): pair i above pair j ...
    wrong = grades[:, None] < grades[None, :]  # ... that is graded higher
    picked = inversions[wrong]
    return torch.logsumexp(torch.cat([picked.new_zeros(1), picked]), dim=0)


def entailment(one: Tensor, other: Tensor, head: Callable[[Tensor], Tensor], classes: Tensor) -> Tensor:
    """Ask for the class (B,) of each pair from (u, v, |u - v|), as `head` (3 W -> C) sees it.

    Reimers and Gurevych 2019, section 3, "Classification Objective Function". Returns the mean.
    """
    return cross_entropy(head(torch.cat([one, other, (one - other).abs()], dim=-1)), classes)


def cosines(one: Tensor, other: Tensor) -> Tensor:
    """Return the cosine of each pair: (B, W) and (B, W) -> (B,)."""
    return (normalize(one, dim=-1) * normalize(other, dim=-1)).sum(-1)


def nested(loss: Contrast, sizes: Sequence[int], *vectors: Tensor) -> Tensor:
    """Return the mean of a loss over the first dimensions, as many as in `sizes` (Kusupati et al. 2022)."""
    losses = [loss(*(part[:, :size] for part in vectors)) for size in sizes]
    return torch.stack(losses).mean()
