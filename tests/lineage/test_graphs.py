"""Graph networks: their equations, what makes them graph networks, and the papers' data."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix, random_array
from torch import Tensor

from heedful.errors import DataError
from heedful.lineage import club, fixedpoint, graphs, neighbours
from heedful.lineage.outcome import Effort
from heedful.types import Ints

N, D, C = 9, 6, 3


def small() -> tuple[csr_matrix, Ints]:
    """Return words (9, 6) and the edges of a ring with one chord."""
    words = csr_matrix(random_array((N, D), density=0.5, rng=np.random.default_rng(0), dtype=np.float32))
    ring = np.stack([np.arange(N), np.roll(np.arange(N), 1)])
    pairs = np.concatenate([ring, [[0], [4]]], axis=1)
    return words, np.concatenate([pairs, pairs[::-1]], axis=1)


def table(edges: Ints) -> Tensor:
    """Return A as a dense table (9, 9)."""
    joined = torch.zeros(N, N)
    joined[tuple(torch.from_numpy(edges))] = 1
    return joined


def test_gcn_is_its_equation() -> None:
    words, edges = small()
    net = neighbours.GCN(neighbours.renormalised(edges, N), D, 4, C, torch.Generator().manual_seed(0))
    joined = table(edges) + torch.eye(N)
    scaled = joined / (joined.sum(0)[:, None] * joined.sum(0)[None]).sqrt()
    x = torch.from_numpy(words.toarray())
    wanted = scaled @ torch.relu(scaled @ x @ net.first) @ net.second
    torch.testing.assert_close(net(words), wanted)
    wanted.square().sum().backward()  # type: ignore[no-untyped-call]
    by_hand = net.first.grad
    net.first.grad = None
    net(words).square().sum().backward()
    torch.testing.assert_close(net.first.grad, by_hand)


def test_graphsage_takes_the_mean_of_its_neighbours() -> None:
    words, edges = small()
    net = neighbours.SAGE(edges, N, D, 4, C, torch.Generator().manual_seed(0))
    mean = table(edges) / table(edges).sum(1, keepdim=True)
    np.testing.assert_allclose(net.mean(5, None).toarray(), mean, atol=1e-6)
    x = torch.from_numpy(words.toarray())
    hidden = torch.cat([x, mean @ x], 1) @ torch.cat(list(net.first))
    hidden = torch.nn.functional.normalize(torch.relu(hidden))
    wanted = torch.cat([hidden, mean @ hidden], 1) @ torch.cat(list(net.second))
    torch.testing.assert_close(net(words), wanted)


def test_graphsage_draws_neighbours_only_and_evenly() -> None:
    _, edges = small()
    net, random = neighbours.SAGE(edges, N, D, 4, C, torch.Generator()), torch.Generator().manual_seed(1)
    drawn = sum(net.mean(5, random).toarray() for _ in range(400)) / 400
    mean = (table(edges) / table(edges).sum(1, keepdim=True)).numpy()
    assert (drawn[mean == 0] == 0).all()
    np.testing.assert_allclose(drawn, mean, atol=0.06)


def test_gat_weighs_neighbours_by_a_softmax_over_each_row() -> None:
    words, edges = small()
    net = neighbours.GAT(edges, N, D, 4, C, torch.Generator().manual_seed(0), k=2)
    x = (torch.from_numpy(words.toarray()) @ net.first).view(N, 2, 4)
    mine, other = (x * net.looks[0][:, None]).sum(-1)
    scores = torch.nn.functional.leaky_relu(mine[:, None] + other[None], 0.2)  # (9, 9, 2)
    inside = (table(edges) + torch.eye(N))[..., None] > 0
    weights = scores.masked_fill(~inside, -torch.inf).softmax(1)
    wanted = torch.einsum("ijk,jkh->ikh", weights, x)
    torch.testing.assert_close(net.attend(x, net.looks[0], None), wanted)


@pytest.mark.parametrize("build", [graphs.gcn, graphs.sage, graphs.gat])
def test_the_names_of_the_nodes_do_not_matter(build: graphs.Build) -> None:
    words, edges = small()
    order = np.random.default_rng(2).permutation(N)
    labels, none = torch.arange(N) % C, torch.arange(0)
    first = graphs.Graph(words, edges, labels, none, none)
    second = graphs.Graph(words[np.argsort(order)], order[edges], labels, none, none)
    one, other = (build(graph, torch.Generator().manual_seed(3))(graph.words) for graph in (first, second))
    torch.testing.assert_close(other[torch.from_numpy(order)], one)


def test_the_club_is_the_one_that_is_published() -> None:
    edges = club.edges()
    degrees = np.bincount(edges[0], minlength=club.MEMBERS)
    assert edges.shape == (2, 2 * 78) and len({(a, b) for a, b in edges.T}) == 156
    assert degrees[[0, 1, 2, 32, 33]].tolist() == [16, 9, 10, 12, 17]
    assert club.sides().sum() == 17


def test_the_states_of_2005_are_those_of_the_linear_equations() -> None:
    given = fixedpoint.draw(0, 3, 0)
    torch.manual_seed(0)
    net = fixedpoint.Fixed().double()
    given = fixedpoint.Graphs(given.labels.double(), given.edges, given.marked)
    with torch.no_grad():
        matrices, own = net.parts(given)
        n, s = own.shape
        whole = torch.zeros(n, s, n, s, dtype=torch.float64)
        for matrix, to, source in zip(matrices, *given.edges, strict=True):
            whole[to, :, source] = matrix
        flat = whole.reshape(n * s, n * s)
        assert float(flat.abs().sum(0).max()) <= fixedpoint.REACH  # the contraction
        wanted = torch.linalg.solve(torch.eye(n * s, dtype=torch.float64) - flat, own.flatten())
        _, states = net(given)
    torch.testing.assert_close(states.flatten(), wanted, atol=2e-3, rtol=0)


def test_the_gradient_through_the_fixed_point_is_that_of_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = fixedpoint.settle
    monkeypatch.setattr(fixedpoint, "settle", lambda step, x: settle(step, x, within=1e-12))
    given = fixedpoint.draw(1, 2, 0)
    given = fixedpoint.Graphs(given.labels.double(), given.edges, given.marked)
    net = fixedpoint.Fixed().double()
    net(given)[0].square().sum().backward()
    found = [value.grad.clone() for value in net.parameters() if value.grad is not None]
    net.zero_grad()
    matrices, own = net.parts(given)
    x = torch.zeros_like(own)
    for _ in range(300):
        x = fixedpoint.passed(matrices, own, given.edges, x)
    net.out(torch.cat([x, given.labels], 1)).square().sum().backward()
    for one, value in zip(found, net.parameters(), strict=True):
        torch.testing.assert_close(one, value.grad)


def test_without_the_data_it_says_which(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cora/cora\.npz"):
        graphs.run(Effort(short=True))
    with pytest.raises(DataError, match=r"cora/cora\.npz"):
        graphs.run(Effort(short=True, data=tmp_path))


def test_the_short_experiment_passes(shared_data: Callable[[str], Path]) -> None:
    assert graphs.run(Effort(short=True, data=shared_data("cora/cora.npz").parents[1])).passed
