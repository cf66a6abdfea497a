"""Graph networks on a citation graph: of 2,708 papers 140 are labelled, the rest follows from who cites whom.

GCN (Kipf and Welling 2016) with its paper's settings; beside it GraphSAGE (Hamilton et al. 2017), GAT
(Velickovic et al. 2018), and a net that sees the words of each paper alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix, identity
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy

from heedful.lineage import club, fixedpoint
from heedful.lineage.neighbours import GAT, GCN, SAGE, renormalised
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.report.plot import Curve, plot
from heedful.types import Ints


@dataclass(frozen=True)
class Graph:
    """Words (n, d) sparse, rows that sum to 1; edges (2, e) both ways; labels (n,); the published split."""

    words: Any
    edges: Ints
    labels: Tensor
    train: Tensor
    test: Tensor

    @property
    def size(self) -> tuple[int, int, int]:
        """n, d and the number of classes."""
        return *self.words.shape, int(self.labels.max()) + 1


def cora(effort: Effort) -> Graph:
    """Read the papers, their words and who cites whom (Planetoid's split: 140, 500 and 1,000 papers)."""
    with np.load(effort.file("cora/cora.npz")) as data:
        places = data["feature_rows"], data["feature_cols"]
        words = csr_matrix((data["feature_values"], places), data["shape"], dtype=np.float32)
        words.data /= np.repeat(np.asarray(words.sum(axis=1)).ravel(), np.diff(words.indptr))
        labels, train, test = (
            torch.from_numpy(data[k].astype(np.int64)) for k in ("labels", "train", "test")
        )
        return Graph(words, data["edges"].astype(np.int64), labels, train, test)


def gcn(graph: Graph, random: Generator) -> nn.Module:
    """Return Kipf and Welling's net of 16 hidden units."""
    n, d, c = graph.size
    return GCN(renormalised(graph.edges, n), d, 16, c, random)


def mlp(graph: Graph, random: Generator) -> nn.Module:
    """Return the same net without the graph: each paper is its own and only neighbour."""
    n, d, c = graph.size
    return GCN(identity(n, np.float32, "csr"), d, 16, c, random)


def sage(graph: Graph, random: Generator) -> nn.Module:
    """Return GraphSAGE with the mean aggregator."""
    n, d, c = graph.size
    return SAGE(graph.edges, n, d, 32, c, random)


def gat(graph: Graph, random: Generator) -> nn.Module:
    """Return Velickovic's net: 8 heads of 8 units."""
    n, d, c = graph.size
    return GAT(graph.edges, n, d, 8, c, random)


Build = Callable[[Graph, Generator], nn.Module]


def fit(graph: Graph, build: Build, seed: int, epochs: int, rate: float = 0.01) -> tuple[float, list[float]]:
    """Train on the labelled papers (Adam; weights of the first layer decay by 5e-4).

    Return the test accuracy at the end and after every tenth epoch.
    """
    random = torch.Generator().manual_seed(seed)
    net = build(graph, random)
    first = [value for name, value in net.named_parameters() if name.startswith("first")]
    rest = [value for name, value in net.named_parameters() if not name.startswith("first")]
    groups: list[dict[str, Any]] = [{"params": first, "weight_decay": 5e-4}, {"params": rest}]
    adam = torch.optim.Adam(groups, lr=rate)
    path = []
    for epoch in range(1, epochs + 1):
        adam.zero_grad()
        logits = net(graph.words, random)
        cross_entropy(logits[graph.train], graph.labels[graph.train]).backward()  # type: ignore[no-untyped-call]
        adam.step()
        if epoch % 10 == 0 or epoch == epochs:
            path.append(accuracy(net, graph))
    return path[-1], path


def accuracy(net: nn.Module, graph: Graph) -> float:
    """Return the share of the test papers that get their class."""
    with torch.inference_mode():
        found = net(graph.words)[graph.test].argmax(-1)
    return float((found == graph.labels[graph.test]).double().mean())


def on_cora(effort: Effort) -> tuple[list[Gate], Picture]:
    """Run the four nets on the citation graph."""
    graph, seeds = cora(effort), effort.seeds(20)
    pace = effort.choose((200, 0.01), (80, 0.03))  # epochs and rate; the first is the paper's
    convolved = [fit(graph, gcn, seed, *pace) for seed in seeds]
    alone = [fit(graph, mlp, seed, *pace) for seed in seeds]
    sampled = [fit(graph, sage, seed, effort.choose(100, 10))[0] for seed in effort.seeds(5, 1)]
    weighed = [fit(graph, gat, seed, effort.choose(150, 10), rate=0.005)[0] for seed in effort.seeds(3, 1)]
    gaps = [one - other for (one, _), (other, _) in zip(convolved, alone, strict=True)]
    gates = [
        Gate("Cora, accuracy of GCN", "81.5 % (Kipf and Welling 2016)", [one for one, _ in convolved],
             least=0.805, by="mean"),
        Gate("Cora, words alone", "55.1 % (the same paper; unverified)", [one for one, _ in alone]),
        Gate("Cora, GCN above words alone", "about 26 points (unverified)", gaps, least=0.15),
        Gate("Cora, accuracy of GraphSAGE", "none given", sampled),
        Gate("Cora, accuracy of GAT", "83.0 ± 0.7 % (Velickovic et al. 2018)", weighed),
    ]  # fmt: skip
    curves = [
        Curve(
            name,
            [(10 * (i + 1), float(np.mean(row))) for i, row in enumerate(zip(*paths, strict=True))],
            kind,
        )
        for name, kind, paths in (
            ("GCN", "first", [path for _, path in convolved]),
            ("words alone", "second", [path for _, path in alone]),
        )
    ]
    chart = plot(curves, "Papers given their class", ("sweeps", "accuracy"), reach=(0, 1))
    return gates, Picture(
        "With and without the graph", "1,000 papers; 20 of each of 7 classes were labelled.", chart
    )


def run(effort: Effort) -> Outcome:
    """Cora with and without its graph; a karate club split in two; the network of 2005 finds a subgraph."""
    gates, chart = on_cora(effort)
    splits = [club.split(seed) for seed in effort.seeds(10)]
    right = [int((found == club.sides()).sum()) for found in splits]
    sizes = effort.choose((100, 200), (30, 60))
    pairs = [fixedpoint.compare(seed, *sizes) for seed in effort.seeds(3, 1)]
    found, blind = zip(*pairs, strict=True)
    gaps = [one - other for one, other in pairs]
    scarselli = "about 90 %, 78 % without the graph, of 10 nodes (Scarselli et al. 2009; unverified)"
    gates += [
        Gate("karate club, right of 34 from two labels", "the groups can be told apart (Kipf and Welling)",
             right, least=32),
        Gate("subgraph found, network of 2005", scarselli, found),
        Gate("subgraph found, labels alone", scarselli, blind),
        Gate("subgraph, graph above labels alone", "12 points (unverified)", gaps, least=0.02, by="mean"),
    ]  # fmt: skip
    caption = "Colour: the side that was found. Only instructor and president were labelled."
    return Outcome(gates, [chart, Picture("The karate club", caption, club.drawn(splits[0]))])
