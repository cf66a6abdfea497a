"""The transformer (Vaswani et al. 2017): each place looks at all others. It is Heedful's own core.

The task is Lippe's (University of Amsterdam, tutorial 6): write a sequence backwards. Every place has to look
at exactly one other, and only positions can tell which. Shapes: B sequences of T symbols.
"""

import torch
from torch import Generator, Tensor
from torch.nn.functional import cross_entropy, one_hot

from heedful.core.attention import Packed, watched
from heedful.core.config import HeadConfig, Placed, StackConfig, TokenInput, TransformerConfig
from heedful.core.model import Transformer
from heedful.lineage import fastweights
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import tiles
from heedful.report.plot import Curve, plot

LENGTH, SYMBOLS, BATCH = 16, 10, 128
NEW = 2000  # sequences of a test


def build(placed: Placed, seed: int) -> Transformer:
    """Return one block of one head, width 32, as in the tutorial; positions are added or are not."""
    stack = StackConfig(
        input=TokenInput(vocab=SYMBOLS, positions=LENGTH, placed=placed, normed=False),
        width=32, depth=1, heads=1, hidden=64, activation="relu",
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Transformer(TransformerConfig(encoder=stack, head=HeadConfig(outputs=SYMBOLS)))


def logits(model: Transformer, ids: Tensor) -> Tensor:
    """Return scores of the symbols (B, T, V) for ids (B, T)."""
    x, layout = model(ids.flatten(), Packed((LENGTH,) * len(ids)))
    return model.scores(x, layout).view(*ids.shape, SYMBOLS)


def train(placed: Placed, seed: int, steps: int, rate: float = 3e-3) -> tuple[Transformer, list[float]]:
    """Learn to reverse drawn sequences (Adam, the rate warms up and falls as a cosine); return the losses."""
    random, model = Generator().manual_seed(seed), build(placed, seed)
    adam = torch.optim.Adam(model.parameters(), lr=rate)
    warm = torch.optim.lr_scheduler.LinearLR(adam, 0.02, total_iters=50)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    losses = []
    for _ in range(steps):
        ids = torch.randint(SYMBOLS, (BATCH, LENGTH), generator=random)
        loss = cross_entropy(logits(model, ids).flatten(0, 1), ids.flip(1).flatten())
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        warm.step()
        fall.step()
        losses.append(loss.item())
    return model, losses


def accuracy(model: Transformer, seed: int) -> float:
    """Return the share of symbols of new sequences that are right."""
    ids = torch.randint(SYMBOLS, (NEW, LENGTH), generator=Generator().manual_seed(seed + 10_000))
    with torch.inference_mode():
        return float((logits(model, ids).argmax(-1) == ids.flip(1)).double().mean())


def best_blind(seed: int) -> float:
    """Return the share that can be right at best without positions, at the same sequences.

    A place then knows its own symbol and how often each of the others stands somewhere, no more.
    """
    ids = torch.randint(SYMBOLS, (NEW, LENGTH), generator=Generator().manual_seed(seed + 10_000))
    marks = one_hot(ids, SYMBOLS)  # (B, T, V)
    others = marks.sum(1, keepdim=True) - marks
    return float((others.amax(-1) / (LENGTH - 1)).mean())


def looks(model: Transformer, seed: int) -> Tensor:
    """Return where the places of one new sequence look: (T, T), rows that sum to 1."""
    ids = torch.randint(SYMBOLS, (1, LENGTH), generator=Generator().manual_seed(seed))
    with torch.inference_mode(), watched() as seen:
        logits(model, ids)
    return seen[0].weights()[0, 0]


def run(effort: Effort) -> Outcome:
    """Reverse sequences with and without positions; linear attention as a memory of fast weights."""
    steps, blind, rate = effort.choose((500, 500, 5e-3), (200, 40, 1e-2))
    seeds = effort.seeds(3, 1)
    placed = [train("sinusoid", seed, steps, rate) for seed in seeds]
    nowhere = [train("none", seed, blind, rate) for seed in seeds]
    right, without = (
        [accuracy(m, s) for (m, _), s in zip(runs, seeds, strict=True)] for runs in (placed, nowhere)
    )
    draws = effort.seeds(20, 5)
    forms, identity = [fastweights.gap(s) for s in draws], [fastweights.identity_gap(s) for s in draws]
    summed, replaced = (
        [fastweights.kept(s, rule) for s in draws] for rule in (fastweights.add, fastweights.replace)
    )
    lippe = "100 % (Lippe, University of Amsterdam tutorial 6)"
    equal = "2.2e-16 in a replication (Schlag et al. 2021 prove it)"
    gates = [
        Gate("16 of 10 symbols reversed, share right", lippe, right, least=1),
        Gate("the same without positions", "must fail", without, most=0.5),
        Gate("the best that is possible without positions", "counted", [best_blind(s) for s in seeds]),
        Gate("linear attention: V'(K q) against (V'K) q, float64", equal, identity, most=1e-12),
        Gate("linear attention: all at once against place by place", equal, forms, most=1e-12),
        Gate("memory after 64 writes to 16 keys, delta rule: squared error", "exact", replaced, most=1e-12),
        Gate("memory after 64 writes to 16 keys, sums: squared error", "old values stay in it", summed),
    ]
    curves = [
        Curve(name, list(enumerate(runs[0][1], 1)), kind)
        for name, runs, kind in (("with positions", placed, "first"), ("without", nowhere, "second"))
    ]
    maps = [("a new sequence", looks(placed[0][0], effort.seed)[None])]
    return Outcome(
        gates,
        [
            Picture("Where each place looks", "Rows write, columns are read: a reversal is this diagonal.",
                    tiles(maps, "Attention of the reversal", "the weights of one head, 16 by 16", 14)),
            Picture("Learning to reverse", "Cross entropy; 2.30 is chance.",
                    plot(curves, "Loss of the reversal", ("steps", "cross entropy"))),
        ],
    )  # fmt: skip
