"""The first graph neural network (Gori, Monfardini and Scarselli 2005; Scarselli et al. 2009).

The state of a node depends on those of its neighbours, and so on round and round: x = F(x), a contraction, is
applied until nothing moves. Gradients are a fixed point too (Almeida 1987, Pineda 1987). The task is the
paper's: which nodes of a random graph belong to a hidden subgraph? Labels alone do not tell.

Shapes: N nodes of all graphs, E edges (both ways), s numbers in a state.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

Bools = NDArray[np.bool_]
STATE, REACH = 5, 0.9  # s, and mu: F shrinks distances at least to that share
NODES, HIDDEN, EDGE_SHARE = 10, 5, 0.2  # of a graph, of the subgraph in it


@dataclass(frozen=True)
class Graphs:
    """Graphs side by side: labels of the nodes (N, 1), edges (2, E), and which nodes are the subgraph's."""

    labels: Tensor
    edges: Tensor
    marked: Tensor


class Fixed(nn.Module):
    """x_n = sum over neighbours u of A(l_n, l_u) x_u + b(l_n), o_n = g(x_n, l_n): the linear network."""

    def __init__(self, hidden: int = 20) -> None:
        super().__init__()
        self.pair = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, STATE**2), nn.Tanh())
        self.own = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, STATE), nn.Tanh())
        self.out = nn.Sequential(nn.Linear(STATE + 1, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def parts(self, graphs: Graphs) -> tuple[Tensor, Tensor]:
        """Return A of each edge (E, s, s), mu / (s |ne(u)|) tanh(...), and b (N, s)."""
        to, source = graphs.edges
        degree = torch.bincount(source, minlength=len(graphs.labels))[source]
        pairs = self.pair(torch.cat([graphs.labels[to], graphs.labels[source]], dim=1))
        shares = (REACH / (STATE * degree))[:, None, None]
        return pairs.view(-1, STATE, STATE) * shares, self.own(graphs.labels)

    def forward(self, graphs: Graphs, start: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return logits (N,) and the states (N, s) they were read from."""
        matrices, own = self.parts(graphs)
        with torch.no_grad():
            before = settle(lambda x: passed(matrices, own, graphs.edges, x), own if start is None else start)
        before.requires_grad_()
        states = passed(matrices, own, graphs.edges, before)  # one more step, which knows its gradient
        if states.requires_grad:
            through = passed(matrices.detach(), own.detach(), graphs.edges, before)

            def backward(grad: Tensor) -> Tensor:
                """Solve z = grad + z dF/dx."""
                return settle(
                    lambda z: grad + torch.autograd.grad(through, before, z, retain_graph=True)[0], grad
                )

            states.register_hook(backward)  # type: ignore[no-untyped-call]
        return self.out(torch.cat([states, graphs.labels], dim=1))[:, 0], states.detach()


def passed(matrices: Tensor, own: Tensor, edges: Tensor, x: Tensor) -> Tensor:
    """Return F(x): every node takes in the states (N, s) of its neighbours once."""
    to, source = edges
    return own.index_add(0, to, torch.einsum("eij,ej->ei", matrices, x[source]))


def settle(step: Callable[[Tensor], Tensor], x: Tensor, within: float = 1e-4, steps: int = 200) -> Tensor:
    """Apply a contraction until it moves nothing by more than `within`."""
    for _ in range(steps):
        x, before = step(x), x
        if float((x - before).abs().max()) <= within:
            break
    return x


def draw(seed: int, count: int, motif_seed: int) -> Graphs:
    """Draw graphs of 10 nodes that hold one and the same subgraph of 5, labels 0 to 10 with noise.

    Pairs are joined with probability 0.2, then what is apart is joined by a ring.
    """
    random, fixed = np.random.default_rng([seed, 1]), np.random.default_rng([motif_seed, 2])
    motif, motif_labels = joined(fixed, HIDDEN, 0.5), fixed.integers(0, 11, HIDDEN).astype(float)
    labels, edges, marked = [], [], []
    for number in range(count):
        inside = random.choice(NODES, HIDDEN, replace=False)
        table = joined(random, NODES, EDGE_SHARE)
        table[np.ix_(inside, inside)] = motif
        of = random.integers(0, 11, NODES).astype(float)
        of[inside] = motif_labels
        labels.append(of + random.normal(0, 0.25, NODES))
        edges.append(np.argwhere(table).T + number * NODES)
        marked.append(np.isin(np.arange(NODES), inside))
    scaled = torch.tensor(np.concatenate(labels)[:, None] / 5 - 1, dtype=torch.float32)
    return Graphs(
        scaled, torch.from_numpy(np.concatenate(edges, axis=1)), torch.from_numpy(np.concatenate(marked))
    )


def joined(random: np.random.Generator, size: int, share: float) -> Bools:
    """Draw a symmetric table (size, size) of who is joined to whom, connected by a ring."""
    table = np.triu(random.random((size, size)) < share, 1)
    ring = random.permutation(size)
    table[ring, np.roll(ring, 1)] = True
    return table | table.T


def alone(hidden: int = 20) -> nn.Module:
    """Return the net that sees a node's own label and nothing else."""
    return nn.Sequential(
        nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1)
    )


def compare(seed: int, graphs: int = 200, epochs: int = 300) -> tuple[float, float]:
    """Return the accuracies on new graphs: of the graph network, and of the net that sees labels alone."""
    train, test = draw(seed, graphs, seed), draw(seed + 1000, graphs, seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        graph, plain = Fixed(), alone()
    net, states = torch.optim.Adam([*graph.parameters(), *plain.parameters()], lr=0.01), None
    wanted = train.marked.float()
    for _ in range(epochs):
        net.zero_grad()
        logits, states = graph(train, states)
        loss = binary_cross_entropy_with_logits(logits, wanted)
        loss = loss + binary_cross_entropy_with_logits(plain(train.labels)[:, 0], wanted)
        loss.backward()  # type: ignore[no-untyped-call]
        net.step()
    with torch.no_grad():
        found = graph(test)[0] > 0, plain(test.labels)[:, 0] > 0
    return tuple(float((one == test.marked).double().mean()) for one in found)  # type: ignore[return-value]
