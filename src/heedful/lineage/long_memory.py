"""The LSTM's experiments (Hochreiter and Schmidhuber 1997): a grammar, a sum and an order over long lags.

Shapes: S networks (seeds) side by side, B sequences of T steps.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor
from torch.nn.functional import cross_entropy

from heedful.lineage.cells import Cell, Gru, Lstm, Reader
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.sequences import DISTRACTORS, SYMBOLS, Strings, adding, order, reber
from heedful.report.plot import Curve, plot

Loss = Callable[[Reader, Generator], Tensor]  # of each network: (S,)
LARGEST = 1.0  # norm of a network's gradient
NEAR, SUMS = 0.04, 2560  # how near a sum has to be, and how many are tried (section 5.4)
UNSEEN = 10**6  # seed of what is never trained on
PAPER = "Hochreiter and Schmidhuber 1997"


def first_cell(inputs: int, units: int, seeds: Sequence[int]) -> Lstm:
    """Return a cell that begins as the paper's: it forgets nothing, and little comes in."""
    return Lstm(inputs, units, seeds, without="f", admit=-2.0)


def train(net: Reader, loss: Loss, steps: int, rate: float, seed: int) -> None:
    """Train all networks side by side with Adam; the rate falls to nothing over the second half."""
    generator, optimizer = Generator().manual_seed(seed), torch.optim.Adam(net.parameters(), rate)
    for step in range(steps):
        optimizer.zero_grad()
        loss(net, generator).sum().backward()  # type: ignore[no-untyped-call]
        clip(list(net.parameters()))
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, 2 * (1 - step / steps))
        optimizer.step()


def clip(parameters: Sequence[Tensor]) -> None:
    """Shorten each network's gradient to LARGEST."""
    slopes = [one.grad for one in parameters if one.grad is not None]
    norms = torch.stack([(slope.flatten(1) ** 2).sum(1) for slope in slopes]).sum(0).sqrt()
    scale = (LARGEST / norms).clamp(max=1.0)
    for slope in slopes:
        slope *= scale.view(-1, *[1] * (slope.dim() - 1))


def sums(cell: Cell, seeds: Sequence[int], length: int, steps: int) -> list[float]:
    """Return how many of SUMS unseen sums each network gets right, trained on 50 a step."""
    net = Reader(cell, 1, seeds)

    def loss(net: Reader, generator: Generator) -> Tensor:
        x, wanted = adding(50, length, generator)
        found: Tensor = net(x)[-1, ..., 0]
        return ((found - wanted) ** 2).mean(1)

    train(net, loss, steps, 1e-2, seeds[0])
    x, wanted = adding(SUMS, length, Generator().manual_seed(UNSEEN))
    with torch.no_grad():
        right = (net(x)[-1, ..., 0] - wanted).abs() < NEAR
    return [float(count) for count in right.sum(1)]


def orders(cell: Cell, seeds: Sequence[int], steps: int) -> list[float]:
    """Return the accuracy of each network on which two signs came, and in which order (experiment 6a)."""
    net = Reader(cell, 4, seeds)

    def loss(net: Reader, generator: Generator) -> Tensor:
        x, wanted = order(20, generator)
        scores = net(x)[-1].movedim(-1, 1)  # (S, 4, B)
        return cross_entropy(scores, wanted.expand(len(seeds), -1), reduction="none").mean(1)

    train(net, loss, steps, 1e-2, seeds[0])
    x, wanted = order(500, Generator().manual_seed(UNSEEN))
    with torch.no_grad():
        right = net(x)[-1].argmax(-1) == wanted
    return [float(share) for share in right.float().mean(1)]


def grammar(cell: Cell, seeds: Sequence[int], steps: int) -> tuple[Reader, list[float], list[float]]:
    """Return networks, and how often all that is legal stands first, everywhere and where T or P returns."""
    net = Reader(cell, len(SYMBOLS), seeds)

    def loss(net: Reader, generator: Generator) -> Tensor:
        strings = reber(10, generator)
        scores = net(strings.x).movedim(-1, 1)  # (T, 7, S, B)
        found = cross_entropy(scores, strings.following[:, None].expand(-1, len(seeds), -1), reduction="none")
        return (found * strings.inside[:, None]).sum((0, 2)) / strings.inside.sum()

    train(net, loss, steps, 2e-2, seeds[0])
    unseen = reber(500, Generator().manual_seed(UNSEEN))
    with torch.no_grad():
        right = legal(net(unseen.x), unseen)
    everywhere, outer = (
        [float(one[where].float().mean()) for one in right] for where in (unseen.inside, unseen.outer)
    )
    return net, everywhere, outer


def legal(scores: Tensor, strings: Strings) -> Tensor:
    """Return where every legal symbol scores above every other: (S, T, B)."""
    may, far = strings.legal[:, None] > 0, torch.tensor(float("inf"))
    least, most = torch.where(may, scores, far).amin(-1), torch.where(may, -far, scores).amax(-1)
    return (least > most).movedim(1, 0)


def apart(net: Reader) -> list[float]:
    """Return how far the first network's outputs lie apart along a string that begins with BT or with BP."""
    strings = reber(50, Generator().manual_seed(UNSEEN))
    longest = int(strings.inside.sum(0).argmax())
    x = strings.x[:, :, [longest, longest]].clone()
    t, p = SYMBOLS.index("T"), SYMBOLS.index("P")
    x[1] = 0
    x[1, 0, 0, t] = x[1, 0, 1, p] = 1
    with torch.no_grad():
        outputs = net.cell(x)[:, 0]
    return [float(d) for d in (outputs[:, 0] - outputs[:, 1]).norm(dim=-1)]


def run(effort: Effort) -> Outcome:
    """The embedded Reber grammar, the adding problem, temporal order, and cells that lack a part."""
    size, seeds = len(SYMBOLS), effort.seeds(10, 3)
    net, everywhere, outer = grammar(Lstm(size, 12, seeds, without="f"), seeds, effort.choose(800, 200))
    some, length, steps = effort.seeds(3, 1), effort.choose(100, 10), effort.choose(1500, 200)
    added = sums(first_cell(2, 16, some), some, length, steps)
    gates = [
        Gate("embedded Reber grammar: only what is legal is expected", f"148 of 150 trials, {PAPER}",
             everywhere, least=effort.choose(0.999, 0.94), share=0.9),
        Gate("embedded Reber grammar: the outer symbol", "148 of 150 trials", outer,
             least=effort.choose(1.0, None), share=0.9),
        Gate(f"adding, T = {length}: right of {SUMS} after {steps * 50:,} sequences",
             "2,559 at T = 100 after 74,000", added, least=effort.choose(2550, 1200)),
    ]  # fmt: skip
    return Outcome(gates) if effort.short else Outcome([*gates, *longer(effort)], [memory(net)])


def longer(effort: Effort) -> list[Gate]:
    """Return what takes minutes: plain networks, temporal order, and cells that lack a part."""
    some, several, signs = effort.seeds(3), effort.seeds(5), DISTRACTORS + 4
    plain = sums(Cell(2, 16, some), some, 100, 200)
    remembered = orders(first_cell(signs, 12, several), several, 500)
    forgotten = orders(Cell(signs, 12, several), several, 200)
    size = len(SYMBOLS), 12, some
    cells = {
        "the whole cell": Lstm(*size), "peepholes": Lstm(*size, peepholes=True),
        "no input gate": Lstm(*size, without="i"), "no forget gate": Lstm(*size, without="f"),
        "no output gate": Lstm(*size, without="o"), "no squashing of the output": Lstm(*size, squash=False),
        "GRU": Gru(*size), "a plain network": Cell(*size),
    }  # fmt: skip
    greff = "no variant clearly better; forget gate and output squashing matter most (Greff et al. 2015)"
    return [
        Gate(f"adding: a plain network, of {SUMS}", "near the constant's 394", plain, most=600),
        Gate("temporal order: accuracy", f"31,390 sequences, {PAPER}", remembered, least=0.99),
        Gate("temporal order: a plain network", "chance, 0.25", forgotten, most=0.30, by="mean"),
        *(Gate(f"outer symbol after 3,000 strings: {name}", greff, grammar(cell, some, 300)[2])
          for name, cell in cells.items()),
    ]  # fmt: skip


def memory(net: Reader) -> Picture:
    """Draw for how long two beginnings of a string stay apart, in the LSTM and in a plain network."""
    plain = Reader(Cell(len(SYMBOLS), 12, [0]), len(SYMBOLS), [0])
    curves = [
        Curve(name, list(enumerate(apart(one), 1)), kind)
        for name, one, kind in (("LSTM, trained", net, "first"), ("plain, untrained", plain, "second"))
    ]
    svg = plot(curves, "Two beginnings", ("symbol", "distance of the outputs"))
    return Picture(
        "What is remembered", "Outputs after BT... and BP..., all that follows being the same.", svg
    )
