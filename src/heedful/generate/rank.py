"""The best of many scores (R, V), and what they sum to: torch's own ways take several times as long."""

from torch import Tensor, arange, cat, split

GROUP = 64  # scores that are first looked at together
NEAR = 1 << 17  # scores that stay in a processor's own memory


def best(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the k largest of each row and their ids, each (R, k): they stand in the k highest groups."""
    groups = scores.shape[1] // GROUP
    if groups < 2 * k:
        values, ids = scores.topk(k)
        return values, ids
    near, ids = candidates(scores, front(scores).amax(-1).topk(k, sorted=False).indices)
    values, place = near.topk(k)
    return values, ids.gather(1, place)


def highest(scores: Tensor) -> Tensor:
    """Return the id of the largest of each row, the first where several are: (R,)."""
    if scores.shape[1] < 2 * GROUP:
        return scores.argmax(-1)
    near, ids = candidates(scores, front(scores).amax(-1).argmax(-1, keepdim=True))
    return ids.gather(1, near.argmax(-1, keepdim=True)).squeeze(1)


def front(scores: Tensor) -> Tensor:
    """Return all full groups: (R, V // GROUP, GROUP)."""
    groups = scores.shape[1] // GROUP
    return scores[:, : groups * GROUP].view(-1, groups, GROUP)


def candidates(scores: Tensor, groups: Tensor) -> tuple[Tensor, Tensor]:
    """Return the scores in some groups (R, k) of each row, and those in none, with their ids."""
    rows, vocab = scores.shape
    near = front(scores)[arange(rows, device=scores.device)[:, None], groups]  # (R, k, GROUP)
    ids = groups[..., None] * GROUP + arange(GROUP, device=scores.device)
    rest = arange(vocab - vocab % GROUP, vocab, device=scores.device).expand(rows, -1)
    return cat([near.flatten(1), scores[:, vocab - vocab % GROUP :]], 1), cat([ids.flatten(1), rest], 1)


def log_total(scores: Tensor) -> Tensor:
    """Return the logarithm of the sum of exp(scores) over each row: (R, 1)."""
    totals = []
    for part in split(scores, max(1, NEAR // scores.shape[1])):
        top = part.amax(-1, keepdim=True)
        totals.append((part - top).exp_().sum(-1, keepdim=True).log_().add_(top))
    return cat(totals)
