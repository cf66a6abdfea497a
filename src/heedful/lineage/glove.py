"""GloVe (Pennington, Socher and Manning 2014): word vectors by factorising how often words stand together.

Shapes: V words, W width, P pairs of words that stand together somewhere.
"""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.sparse import coo_matrix, csr_matrix
from torch import Tensor

from heedful.types import Vectors

LARGEST, POWER = 10.0, 0.75  # x_max (100 in the paper, for a corpus 1,000 times as large) and alpha
BATCH = 10_000  # pairs


def together(texts: Sequence[Sequence[str]], vocabulary: Sequence[str], window: int) -> coo_matrix:
    """Return X (V, V): each pair of words within a window counts 1 / distance (section 4.2)."""
    numbers, size = {word: i for i, word in enumerate(vocabulary)}, len(vocabulary)
    known = [[numbers[word] for word in text if word in numbers] for text in texts]
    owner, words = np.repeat(np.arange(len(known)), list(map(len, known))), np.concatenate(known).astype(int)
    total = csr_matrix((size, size))
    for distance in range(1, window + 1):
        left = np.flatnonzero(owner[distance:] == owner[:-distance])
        places = words[left], words[left + distance]
        total = total + coo_matrix((np.full(len(left), 1 / distance), places), (size, size)).tocsr()
    return (total + total.T).tocoo()


class Factors:
    """Vectors and biases of words and of contexts, and the sums of squares of AdaGrad, all (V, W + 1)."""

    def __init__(self, size: int, width: int, seed: int) -> None:
        random = torch.Generator().manual_seed(seed)
        self.values = [(torch.rand(size, width + 1, generator=random) - 0.5) / width for _ in range(2)]
        self.squares = [torch.ones(size, width + 1) for _ in range(2)]

    def gradients(self, rows: Tensor, columns: Tensor, counts: Tensor) -> tuple[float, list[Tensor]]:
        """Return J = sum of f(x) (w v + b + c - log x)^2 over pairs (equation 8) and half its gradients."""
        words, contexts = self.values[0][rows], self.values[1][columns]  # (P, W + 1), the bias is last
        dots = (words[:, :-1] * contexts[:, :-1]).sum(dim=1)
        off = dots + words[:, -1] + contexts[:, -1] - counts.log()
        weighted = ((counts / LARGEST) ** POWER).clamp(max=1) * off  # f(x), equation 9
        found = []
        for places, others, value in zip((rows, columns), (contexts, words), self.values, strict=True):
            steps = others * weighted[:, None]
            steps[:, -1] = weighted
            found.append(torch.zeros_like(value).index_add_(0, places, steps))
        return float(weighted @ off), found

    def learn(self, rows: Tensor, columns: Tensor, counts: Tensor, rate: float) -> float:
        """Take one step of AdaGrad (Duchi et al. 2011); return J before it."""
        loss, found = self.gradients(rows, columns, counts)
        for value, square, gradient in zip(self.values, self.squares, found, strict=True):
            square += gradient**2
            value -= rate * gradient / square.sqrt()
        return loss


def factorise(
    counts: coo_matrix, width: int, seed: int, epochs: int = 15, rate: float = 0.1
) -> tuple[Vectors, list[float]]:
    """Return the sums of both vectors of each word (V, W), and J of each epoch."""
    random, factors = np.random.default_rng(seed), Factors(counts.shape[0], width, seed)
    rows, columns = (torch.from_numpy(places.astype(np.int64)) for places in (counts.row, counts.col))
    values, losses = torch.from_numpy(counts.data.astype(np.float32)), []
    for _ in range(epochs):
        order = torch.from_numpy(random.permutation(len(values)))
        parts = torch.split(order, BATCH)
        losses.append(sum(factors.learn(rows[p], columns[p], values[p], rate) for p in parts))
    return (factors.values[0] + factors.values[1])[:, :-1].numpy(), losses
