"""The convolutional network: thought of (Fukushima 1980), learned (LeCun 1989), grown (Krizhevsky 2012).

A unit sees a small field; all places share its weights (a filter); pooling keeps the strongest answer nearby.
Shapes: images (N, C, H, W), filters (F, C 3 3).
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, cross_entropy, max_pool2d

from heedful.intervals import share
from heedful.lineage import digits
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import tiles
from heedful.report.plot import Curve, plot
from heedful.types import Floats, Ints

BORDER = 2  # empty pixels around a digit of 8 x 8
FILTERS = (1, 16, 24, 32)  # of the image and of each layer
Parts = list[Tensor]  # weights and bias of each layer in turn
Scores = Callable[[Parts, Tensor], Tensor]


def look(x: Tensor, filters: Tensor, bias: Tensor) -> Tensor:
    """Return what each filter answers at each place: (N, F, H, W), from its field of 3 x 3 pixels."""
    return conv2d(x, filters.reshape(len(filters), -1, 3, 3), bias, padding=1)


def begin(shapes: list[tuple[int, int]], random: torch.Generator) -> Parts:
    """Draw weights (out, in) as rectifiers like them (He et al. 2015), and biases of 0."""
    parts = []
    for out, into in shapes:
        parts += [torch.randn(out, into, generator=random) * (2 / into) ** 0.5, torch.zeros(out)]
    return [part.requires_grad_() for part in parts]


def network(random: torch.Generator) -> Parts:
    """Return three layers of filters and ten scores over the strongest answer of each of the last."""
    layers = [(out, 9 * into) for into, out in pairwise(FILTERS)]
    return begin([*layers, (10, FILTERS[-1])], random)


def convolved(
    parts: Parts,
    x: Tensor,
    bend: Callable[[Tensor], Tensor] = torch.relu,
    drop: torch.Generator | None = None,
) -> Tensor:
    """Return the ten scores of images (N, H, W); with `drop`, half of the top units are left out.

    Pooling goes pixel by pixel: with strides of 2, as LeNet has them, a shift by one pixel costs far more.
    """
    x = max_pool2d(bend(look(x[:, None], *parts[:2])), 2, stride=1)
    x = bend(look(x, *parts[2:4]))
    x = bend(look(x, *parts[4:6])).amax((2, 3))
    if drop is not None:
        x = x * 2 * (torch.rand(x.shape, generator=drop) < 0.5)
    return x @ parts[6].T + parts[7]


def perceptron(parts: Parts, x: Tensor) -> Tensor:
    """Return the scores of a network with one hidden layer, each pixel with weights of its own."""
    return torch.relu(x.flatten(1) @ parts[0].T + parts[1]) @ parts[2].T + parts[3]


def moved(x: Tensor, random: torch.Generator) -> Tensor:
    """Return images shifted by up to one pixel each way, all of a batch alike."""
    down, right = (int(torch.randint(-1, 2, (), generator=random)) for _ in range(2))
    return x.roll((down, right), (1, 2))  # the border is empty: nothing comes back on the other side


def fit(
    parts: Parts, scores: Scores, x: Tensor, y: Tensor, random: torch.Generator, epochs: int,
    augment: bool = False, rate: float = 0.003, batch: int = 50,
) -> Parts:  # fmt: skip
    """Lower the cross-entropy with Adam, at a rate that falls to zero."""
    adam = torch.optim.Adam(parts, lr=rate)
    falling = torch.optim.lr_scheduler.LinearLR(adam, 1.0, 0.01, epochs)
    for _ in range(epochs):
        for chosen in torch.split(torch.randperm(len(x), generator=random), batch):
            adam.zero_grad()
            seen = moved(x[chosen], random) if augment else x[chosen]
            lost = cross_entropy(scores(parts, seen), y[chosen])
            lost.backward()  # type: ignore[no-untyped-call]
            adam.step()
        falling.step()
    return [part.detach() for part in parts]


def framed(x: Floats) -> Tensor:
    """Return digits (N, 12, 12) within an empty border."""
    return torch.tensor(digits.padded(x, BORDER), dtype=torch.float32)


def right(parts: Parts, scores: Scores, x: Floats, y: Ints, shift: int = 0) -> float:
    """Return the share of digits, in per cent, that are read rightly after a shift (four ways, the mean)."""
    seen, found = framed(x), []
    for down, across in ((shift, 0), (-shift, 0), (0, shift), (0, -shift)):
        found.append((scores(parts, seen.roll((down, across), (1, 2))).argmax(1).numpy() == y).mean())
    return 100 * float(np.mean(found))


def compared(seed: int, epochs: int) -> tuple[list[float], list[float], Parts]:
    """Return the accuracies at shifts of 0, 1 and 2 pixels, of the filters and of the perceptron."""
    x, y, held, truth = digits.parted(seed)
    random, labels = torch.Generator().manual_seed(seed), torch.from_numpy(y)
    pixels = framed(x)
    net = fit(network(random), convolved, pixels, labels, random, epochs)
    mlp = begin([(128, pixels[0].numel()), (10, 128)], random)
    mlp = fit(mlp, perceptron, pixels, labels, random, epochs)
    shifts = range(BORDER + 1)
    return (
        [right(net, convolved, held, truth, shift) for shift in shifts],
        [right(mlp, perceptron, held, truth, shift) for shift in shifts],
        net,
    )


def ablated(seed: int, epochs: int, few: int = 300) -> dict[str, float]:
    """Return the accuracy with AlexNet's three ingredients, and without each, learned from few digits."""
    x, y, held, truth = digits.parted(seed)
    found = {}
    for without in ("nothing", "rectifiers", "dropout", "augmentation"):
        random = torch.Generator().manual_seed(seed)
        bend = torch.tanh if without == "rectifiers" else torch.relu
        drop = None if without == "dropout" else random

        def learning(parts: Parts, seen: Tensor, bend=bend, drop=drop) -> Tensor:  # type: ignore[no-untyped-def]
            return convolved(parts, seen, bend, drop)

        def asked(parts: Parts, seen: Tensor, bend=bend) -> Tensor:  # type: ignore[no-untyped-def]
            return convolved(parts, seen, bend)

        parts = fit(network(random), learning, framed(x[:few]), torch.from_numpy(y[:few]), random, epochs,
                    augment=without != "augmentation")  # fmt: skip
        found[without] = right(parts, asked, held, truth)
    return found


def run(effort: Effort) -> Outcome:
    """Accuracy on held-out digits, what a shift costs, and AlexNet's ingredients."""
    runs = [compared(seed, effort.choose(20, 6)) for seed in effort.seeds(3, 1)]
    ablations = [ablated(seed, effort.choose(30, 2)) for seed in effort.seeds(2, 1)]
    nets, mlps = (np.array([one[part] for one in runs]) for part in (0, 1))
    counted = len(digits.parted(effort.seed)[3]) * len(runs)
    low, high = (100 * end for end in share(round(nets[:, 0].mean() / 100 * counted), counted))
    first = runs[0][2][0].reshape(-1, 3, 3).numpy()
    filters = tiles([("", first[:8]), ("", first[8:])], "First filters", "16 filters of 3 x 3", 16, 12)
    curves = [
        Curve(name, [(shift, float(values[:, shift].mean())) for shift in range(BORDER + 1)], kind, dots=True)
        for name, values, kind in (("filters", nets, "first"), ("perceptron", mlps, "second"))
    ]
    chart = plot(curves, "Accuracy against shift", ("pixels", "accuracy, %"), reach=(0, 100))
    lenet = "99.05 % of MNIST (LeCun et al. 1998; unverified)"
    alex = "each helps on ImageNet (Krizhevsky 2012); no figure for digits"
    return Outcome(
        [
            Gate("accuracy on held-out digits of 8 x 8, %", lenet, list(nets[:, 0]),
                 least=effort.choose(98, 94), by="mean"),
            Gate(f"95 % interval of that accuracy, {counted:,} digits, %", lenet, [low, high]),
            Gate("points lost by a shift of one pixel, filters", "a shift is tolerated (Fukushima 1980)",
                 list(nets[:, 0] - nets[:, 1]), most=5),
            Gate("points lost by a shift of one pixel, perceptron", "no tolerance",
                 list(mlps[:, 0] - mlps[:, 1]), least=20),
            *(Gate(f"accuracy from 300 digits, without {name}, %", alex, [one[name] for one in ablations])
              for name in ablations[0]),
        ],
        [
            Picture("First filters", "The first layer: dark where a filter wants ink.", filters),
            Picture("Shifts", "Learned in the middle of the frame, asked about shifted digits.", chart),
        ],
    )  # fmt: skip
