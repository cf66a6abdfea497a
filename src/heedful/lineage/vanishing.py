"""The vanishing gradient (Hochreiter 1991; Bengio, Simard and Frasconi 1994): what the past can still teach.

Shapes: S networks (seeds), T steps, d inputs.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor, randn

from heedful.core.attention import Packed
from heedful.core.config import StackConfig, TokenInput
from heedful.core.model import Stack
from heedful.lineage.cells import Cell, Gru, Lstm
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.report.plot import Curve, plot

STEPS, WIDTH, FAR = 101, 32, 50
LEAST = -12.0  # of the logarithms drawn
LIMITS: dict[str, tuple[float | None, float | None]] = {  # least and most that is left; no paper's figure
    "plain network": (None, 1e-6), "LSTM, forget gate open": (0.03, None), "attention": (0.1, None),
}  # fmt: skip
PAPERS = ("falls exponentially but for a gate that stays open", "every step is one step away")
Net = Callable[[Tensor], Tensor]  # (T, S, 1, d) -> (T, S, 1, h)


def reach(net: Net, seeds: Sequence[int]) -> Tensor:
    """Return |d y(T) / d x(T - k)| for distances k = 0, 1, ...: (S, T), for y the sum of the last outputs."""
    drawn = [randn(STEPS, 1, WIDTH, generator=Generator().manual_seed(seed)) for seed in seeds]
    x = torch.stack(drawn, 1).requires_grad_()
    slopes: Tensor = torch.autograd.grad(net(x)[-1].sum(), x)[0]
    norms: Tensor = slopes.norm(dim=(2, 3))
    return norms.T.flip(1)


def attention(seeds: Sequence[int]) -> Net:
    """Return untrained transformer blocks, one for each seed, that look back at all steps."""
    config = StackConfig(
        input=TokenInput(vocab=2, positions=STEPS),
        width=WIDTH,
        depth=1,
        heads=4,
        hidden=4 * WIDTH,
        norm_at="pre",
        causal=True,
    )
    layout = Packed((STEPS,))
    with torch.random.fork_rng():
        stacks = [begun(config, seed) for seed in seeds]

    def net(x: Tensor) -> Tensor:
        outputs = []
        for number, stack in enumerate(stacks):
            one = x[:, number, 0]
            outputs.append(stack.blocks[0](one, stack.places(layout, one, False)))
        return torch.stack(outputs, 1)[:, :, None]

    return net


def begun(config: StackConfig, seed: int) -> Stack:
    """Return a stack with the first values of a seed."""
    torch.manual_seed(seed)
    return Stack(config).eval()


def run(effort: Effort) -> Outcome:
    """Gradient against distance for untrained recurrent networks, the LSTM and attention."""
    seeds = effort.seeds(10, 3)
    nets: dict[str, Net] = {
        "plain network": Cell(WIDTH, WIDTH, seeds), "GRU": Gru(WIDTH, WIDTH, seeds),
        "LSTM, forget gate half open": Lstm(WIDTH, WIDTH, seeds, remember=0.0),
        "LSTM, forget gate open": Lstm(WIDTH, WIDTH, seeds, remember=10.0), "attention": attention(seeds),
    }  # fmt: skip
    found = {name: reach(net, seeds) for name, net in nets.items()}
    left = {name: [float(v) for v in slopes[:, FAR] / slopes[:, 1]] for name, slopes in found.items()}
    what = f"gradient {FAR} steps back over that of one step back"
    kinds = ("second", "faint", "faint", "first", "first")
    curves = [
        Curve(
            name, [(k, max(LEAST, math.log10(float(v) + 1e-30))) for k, v in enumerate(slopes.mean(0))], kind
        )
        for (name, slopes), kind in zip(found.items(), kinds, strict=True)
    ]
    drawn = plot(curves, "Gradient against distance", ("steps back", "log₁₀ of the gradient"), (700, 380))
    return Outcome(
        [gate(name, f"{name}: {what}", values) for name, values in left.items()],
        [Picture("What the past can teach",
                 "How strongly the last output depends on inputs further and further back, before any "
                 "training (drawn down to 1e-12). Attention reaches every step at once.", drawn)],
    )  # fmt: skip


def gate(name: str, what: str, values: list[float]) -> Gate:
    """Return a net's figure with its border."""
    least, most = LIMITS.get(name, (None, None))
    return Gate(what, PAPERS[name == "attention"], values, least=least, most=most)
