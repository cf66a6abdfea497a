"""Layers in which a node learns from its neighbours: GCN, GraphSAGE and GAT.

Shapes: n nodes, d words, h hidden units, c classes, e edges (both ways), k heads.
"""

import math
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags, identity
from torch import Generator, Tensor, nn
from torch.nn.functional import elu, leaky_relu, normalize, relu

from heedful.types import Ints

SAMPLED = (25, 10)  # neighbours that GraphSAGE draws at the first and at the second layer


class Product(torch.autograd.Function):
    """Sparse (n, m) times dense (m, h): scipy's product is several times as fast as torch's on a CPU."""

    @staticmethod
    def forward(ctx: Any, matrix: Any, x: Tensor) -> Tensor:
        """Return matrix x."""
        ctx.matrix = matrix
        return torch.from_numpy(matrix @ x.detach().numpy())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor]:
        """Return matrix^T grad."""
        return None, torch.from_numpy(ctx.matrix.T @ grad.numpy())


def times(matrix: Any, x: Tensor) -> Tensor:
    """Return matrix x, differentiable in x."""
    return Product.apply(matrix, x)  # type: ignore[no-untyped-call,no-any-return]


def drop(x: Tensor, share: float, random: Generator | None) -> Tensor:
    """Set a share of x to 0 and enlarge the rest, or leave it alone without `random`."""
    if random is None:
        return x
    return x * (torch.rand(x.shape, generator=random) >= share) / (1 - share)


def drop_words(words: Any, share: float, random: Generator | None) -> Any:
    """Do the same with the words that are there."""
    kept = drop(torch.from_numpy(words.data), share, random).numpy()
    return csr_matrix((kept, words.indices, words.indptr), words.shape)


def glorot(rows: int, columns: int, random: Generator) -> nn.Parameter:
    """Return weights uniform within sqrt(6 / (rows + columns)) (Glorot and Bengio 2010)."""
    border = math.sqrt(6 / (rows + columns))
    return nn.Parameter((torch.rand(rows, columns, generator=random) * 2 - 1) * border)


def renormalised(edges: Ints, n: int) -> Any:
    """Return D^-1/2 (A + I) D^-1/2, D the degrees of A + I (Kipf and Welling, equation 2)."""
    joined = csr_matrix((np.ones(edges.shape[1], np.float32), tuple(edges)), (n, n))
    joined = joined + identity(n, np.float32, "csr")
    scale = diags(np.asarray(joined.sum(axis=1)).ravel() ** -0.5)
    return (scale @ joined @ scale).tocsr().astype(np.float32)


class GCN(nn.Module):
    """Z = A relu(A X W0) W1 (equation 9). With the identity for A it is the net that sees words alone."""

    def __init__(self, matrix: Any, d: int, h: int, c: int, random: Generator) -> None:
        super().__init__()
        self.matrix = matrix
        self.first, self.second = glorot(d, h, random), glorot(h, c, random)

    def forward(self, words: Any, random: Generator | None = None) -> Tensor:
        """Return logits (n, c); dropout where `random` is given."""
        hidden = relu(times(self.matrix, times(drop_words(words, 0.5, random), self.first)))
        return times(self.matrix, drop(hidden, 0.5, random) @ self.second)


class SAGE(nn.Module):
    """h' = relu([h, mean of drawn neighbours' h] W), its length made 1 (Hamilton et al., algorithm 1)."""

    def __init__(self, edges: Ints, n: int, d: int, h: int, c: int, random: Generator) -> None:
        super().__init__()
        order = np.argsort(edges[0], kind="stable")
        self.neighbours, self.degrees = edges[1][order], np.bincount(edges[0], minlength=n)
        self.first = nn.ParameterList([glorot(d, h, random), glorot(d, h, random)])
        self.second = nn.ParameterList([glorot(h, c, random), glorot(h, c, random)])

    def mean(self, count: int, random: Generator | None) -> Any:
        """Return the matrix (n, n) that takes the mean over `count` drawn neighbours, or over all of them."""
        degrees, starts = self.degrees, np.concatenate([[0], np.cumsum(self.degrees)])
        chosen, owners = self.neighbours, starts
        if random is not None:
            places = torch.rand(len(degrees), count, generator=random).numpy() * degrees[:, None]
            chosen = self.neighbours[(starts[:-1, None] + places.astype(np.int64))[degrees > 0]].ravel()
            owners = np.concatenate([[0], np.cumsum(np.where(degrees > 0, count, 0))])
        shares = 1 / np.maximum(np.diff(owners), 1)
        values = np.repeat(shares, np.diff(owners)).astype(np.float32)
        return csr_matrix((values, chosen, owners), (len(degrees), len(degrees)))

    def forward(self, words: Any, random: Generator | None = None) -> Tensor:
        """Return logits (n, c); neighbours are drawn and units dropped where `random` is given."""
        x = drop_words(words, 0.5, random)
        nearby = times(self.mean(SAMPLED[0], random), times(x, self.first[1]))
        hidden = drop(normalize(relu(times(x, self.first[0]) + nearby)), 0.5, random)
        nearby = times(self.mean(SAMPLED[1], random), hidden @ self.second[1])
        return nearby + hidden @ self.second[0]  # type: ignore[no-any-return]


class GAT(nn.Module):
    """A node weighs its neighbours by what they hold (Velickovic et al. 2018): k heads, then one."""

    def __init__(self, edges: Ints, n: int, d: int, h: int, c: int, random: Generator, k: int = 8) -> None:
        super().__init__()
        loops = np.stack([np.arange(n), np.arange(n)])
        both = torch.from_numpy(np.concatenate([edges, loops], axis=1))
        self.target, self.source = both[0], both[1]
        self.first, self.second = glorot(d, k * h, random), glorot(k * h, c, random)
        self.shape = (k, h)
        self.looks = nn.ParameterList(
            [glorot(h, 2 * k, random).T.reshape(2, k, h), glorot(c, 2, random).T.reshape(2, 1, c)]
        )

    def weights(self, x: Tensor, look: Tensor) -> Tensor:
        """Return how node i weighs node j, (e, k): softmax over j of leaky_relu(a [x_i, x_j]), equation 3."""
        mine, other = (x * look[:, None]).sum(-1)  # (n, k) each
        scores = leaky_relu(mine[self.target] + other[self.source], 0.2)
        powers = (scores - scores.max()).exp()
        total = torch.zeros_like(mine).index_add(0, self.target, powers)
        return powers / total[self.target]

    def attend(self, x: Tensor, look: Tensor, random: Generator | None) -> Tensor:
        """Return the weighted sums of x (n, k, h) over the neighbours: equation 4."""
        weights = drop(self.weights(x, look), 0.6, random)
        return torch.zeros_like(x).index_add(0, self.target, weights[..., None] * x[self.source])

    def forward(self, words: Any, random: Generator | None = None) -> Tensor:
        """Return logits (n, c); dropout on units and on weights where `random` is given."""
        x = times(drop_words(words, 0.6, random), self.first).view(-1, *self.shape)
        hidden = drop(elu(self.attend(x, self.looks[0], random)).flatten(1), 0.6, random)
        return self.attend((hidden @ self.second)[:, None], self.looks[1], random)[:, 0]
