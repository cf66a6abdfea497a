"""Teaching a sentence encoder by rows of texts: which loss, over which batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from heedful.data.likes import Likes
from heedful.data.parallel import folded
from heedful.errors import ConfigError
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.embedding_losses import cosent, entailment, nested, ranking, regression, triplet
from heedful.train.batches import shuffled
from heedful.train.cores import Objective, mixed
from heedful.train.objectives import Loss
from heedful.train.together import Together
from heedful.types import Ints

LOSSES = {  # of each kind of rows, the default first
    "pairs": ("ranking",),
    "triplets": ("ranking", "triplet"),
    "graded": ("cosent", "cosine"),
    "classes": ("softmax",),
    "texts": ("tsdae",),
}


def loss_of(kind: str, asked: str) -> str:
    """Return the loss to use on rows of a kind: the one that is asked for, or the first that fits."""
    known = LOSSES[kind]
    if asked not in ("auto", *known):
        raise ConfigError(f"the loss {asked!r:.40} does not go with {kind}; expected {' or '.join(known)}.")
    return known[0] if asked == "auto" else asked


class Learner(nn.Module):
    """What learns: an encoder, and a map of (u, v, |u - v|) to classes where there are some."""

    def __init__(self, encoder: SentenceEncoder, classes: int = 0) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(3 * encoder.width, classes) if classes else None


@dataclass
class Rows:
    """N rows of C texts as token ids, and which texts are one: `codes` (N, C).

    `known` holds the pairs of codes that belong together, so that none of them counts as a negative.
    """

    ids: list[list[list[int]]]  # C x N x T
    codes: Ints
    labels: Any
    known: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    def of(cls, likes: Likes, encoder: SentenceEncoder, labels: Any = None) -> "Rows":
        """Cut the texts into tokens."""
        columns = [list(column) for column in zip(*likes.texts, strict=True)]
        places: dict[str, int] = {}
        codes = [[places.setdefault(folded(text), len(places)) for text in column] for column in columns]
        table = np.array(codes, dtype=np.int64).T
        ids = [encoder.tokenizer.encode(column).ids for column in columns]
        known = {
            (int(a), int(b)) for row in table if len(row) > 1 for a, b in ((row[0], row[1]), (row[1], row[0]))
        }
        return cls(ids, table, labels, known)

    @property
    def lengths(self) -> list[int]:
        """Tokens of each row."""
        return [sum(map(len, parts)) for parts in zip(*self.ids, strict=True)]

    def allowed(self, rows: Sequence[int]) -> Tensor:
        """Return which candidates, second texts and then third ones, each first text is asked about: (B, M).

        Its own, and all that is neither itself nor known to belong to it.
        """
        picked = self.codes[list(rows)]
        anchors, candidates = picked[:, 0], picked[:, 1:].T.ravel()
        found = anchors[:, None] != candidates[None, :]
        for i, anchor in enumerate(anchors.tolist()):
            for j, candidate in enumerate(candidates.tolist()):
                if (anchor, candidate) in self.known:
                    found[i, j] = False
        found[np.arange(len(picked)), np.arange(len(picked))] = True
        return torch.from_numpy(found)


def contrasting(rows: Rows, loss: str, sizes: Sequence[int], together: Together) -> Objective:
    """Return the objective of a loss that compares the vectors of a batch; rows are numbers.

    `sizes` are the dimensions that have to do alone (Matryoshka); the last loss is the mean over them.
    """

    def objective(module: nn.Module, picked: list[int]) -> Loss:
        assert isinstance(module, Learner)
        together.module.train(module.training)
        flat = [column[row] for column in rows.ids for row in picked]
        parts = torch.split(together(flat, mixed(*picked)), len(picked))
        found = nested(compared(rows, loss, module, picked), sizes, *parts)
        return found * len(picked), len(picked)

    return objective


def compared(rows: Rows, loss: str, module: Learner, picked: list[int]) -> Callable[..., Tensor]:
    """Return the loss of the picked rows as a function of the vectors of their texts, (B, W) each."""
    if loss == "ranking":
        allowed = rows.allowed(picked)
        return lambda anchors, *others: ranking(anchors, torch.cat(others), allowed)
    if loss == "triplet":
        return triplet
    labels = torch.as_tensor(np.asarray(rows.labels)[picked])
    if loss == "softmax":
        return lambda one, other: entailment(one, other, widened(module, one.shape[1]), labels)
    return lambda one, other: {"cosent": cosent, "cosine": regression}[loss](one, other, labels.float())


def widened(module: Learner, size: int) -> Callable[[Tensor], Tensor]:
    """Return the head for the first `size` dimensions of each part: the others count as zero."""
    head, more = module.head, module.encoder.width - size

    def scores(x: Tensor) -> Tensor:
        assert head is not None
        return head(pad(x.view(-1, 3, size), (0, more)).flatten(-2))  # type: ignore[no-any-return]

    return scores


def epochs_of(rows: Rows, size: int, seed: int) -> Callable[[int], list[list[int]]]:
    """Return the batches of each epoch: `size` rows in random order; a last one of a single row is left out.

    Of rows that share a text, all stand in the epoch, in whatever batches.
    """
    lengths = rows.lengths

    def batches(epoch: int) -> list[list[int]]:
        found = shuffled(lengths, size, np.random.default_rng([seed, epoch]))
        return [batch for batch in found if len(batch) > 1] or found

    return batches


def grades_of(labels: Sequence[float]) -> list[float]:
    """Return grades from 0 to 1: those of a scale such as 0 to 5 are divided by its end."""
    top, low = max(labels), min(labels)
    if low < -1 or (low < 0 and top > 1):
        raise ConfigError(f"the grades run from {low:g} to {top:g}; expected 0 to some number, or -1 to 1.")
    return [float(one) / max(1.0, top) for one in labels]
