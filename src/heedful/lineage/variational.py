"""The variational autoencoder (Kingma and Welling 2013) and its tighter bound (Burda et al. 2015).

An image x of black and white pixels comes from a code z ~ N(0, 1) through p(x | z); q(z | x) = N(mean,
spread²) guesses the code.
Shapes: S models learned side by side, N images, D pixels, Z numbers in a code, k draws.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy.stats import norm
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from heedful.lineage import digits
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import tiles

Layers = list[tuple[Tensor, Tensor]]  # weights (S, in, out) and biases (S, 1, out): two up, two down
HIDDEN, CODE = 128, 8
TIGHT = 5  # draws that the importance-weighted model learns from


def start(seeds: Sequence[int], pixels: int, code: int) -> Layers:
    """Draw the weights of one model for each seed."""
    layers: Layers = []
    for n, m in ((pixels, HIDDEN), (HIDDEN, 2 * code), (code, HIDDEN), (HIDDEN, pixels)):
        drawn = [torch.randn(n, m, generator=torch.Generator().manual_seed(seed + n)) for seed in seeds]
        layers.append((torch.stack(drawn) / n**0.5, torch.zeros(len(drawn), 1, m)))
    return layers


def through(layers: Layers, x: Tensor) -> Tensor:
    """Send (S, N, in) through two layers with tanh between."""
    (first, bias), (second, shift) = layers
    return torch.baddbmm(shift, torch.tanh(torch.baddbmm(bias, x, first)), second)


def log_normal(z: Tensor, mean: Tensor | float = 0.0, log_spread: Tensor | float = 0.0) -> Tensor:
    """Return log N(z; mean, exp(log_spread)²), summed over the numbers of a code."""
    apart = (z - mean) * torch.exp(-torch.as_tensor(log_spread))
    return (-0.5 * apart**2 - log_spread - 0.5 * math.log(2 * math.pi)).sum(-1)


def bound(model: Layers, x: Tensor, k: int, random: torch.Generator) -> Tensor:
    """Return L_k (Burda 2015, eq. 8) for images (S, N, D): log of the mean of k weights p(x, z) / q(z | x).

    k = 1 is the evidence lower bound. z = mean + spread * noise (Kingma and Welling 2013, section 2.4): the
    noise is drawn outside, so that the slope goes through mean and spread.
    """
    mean, log_spread = (part.repeat(1, k, 1) for part in through(model[:2], x).chunk(2, dim=-1))
    z = mean + log_spread.exp() * torch.randn(mean.shape, generator=random)
    pixels = x.repeat(1, k, 1)
    drawn = -binary_cross_entropy_with_logits(through(model[2:], z), pixels, reduction="none").sum(-1)
    weights = drawn + log_normal(z) - log_normal(z, mean, log_spread)
    return weights.reshape(len(x), k, -1).logsumexp(1) - math.log(k)


def fit(
    x: Tensor, seeds: Sequence[int], code: int, k: int = 1, epochs: int = 120, rate: float = 0.003
) -> Layers:
    """Raise L_k of images (N, D) with Adam, one model for each seed, a linearly falling rate."""
    model, random = start(seeds, x.shape[1], code), torch.Generator().manual_seed(seeds[0])
    model[-1][1].copy_(torch.logit(x.mean(0), eps=0.01))  # a code that says nothing gives the mean image
    parts = [part.requires_grad_() for layer in model for part in layer]
    adam = torch.optim.Adam(parts, lr=rate)
    falling = torch.optim.lr_scheduler.LinearLR(adam, 1.0, 0.01, epochs)
    for _ in range(epochs):
        orders = torch.stack([torch.randperm(len(x), generator=random) for _ in seeds])
        for chosen in torch.split(orders, 100, dim=1):
            adam.zero_grad()
            lost = -bound(model, x[chosen], k, random).mean(1).sum()
            lost.backward()  # type: ignore[no-untyped-call]
            adam.step()
        falling.step()
    return [(weights.detach(), bias.detach()) for weights, bias in model]


def measured(model: Layers, x: Tensor, k: int, seed: int) -> list[float]:
    """Return the mean of L_k over images (N, D), in nats, of each model."""
    random = torch.Generator().manual_seed(seed)
    alike = x.expand(len(model[0][0]), -1, -1)
    return bound(model, alike, k, random).mean(1).tolist()


def independent(x: Tensor, held: Tensor) -> float:
    """Return the log-likelihood where pixels know nothing of each other, only how often they are black."""
    often = (x.sum(0) + 1) / (len(x) + 2)
    return float((held * often.log() + (1 - held) * (1 - often).log()).sum(1).mean())


def drawn(model: Layers, z: Tensor) -> Tensor:
    """Return the images (N, 8, 8) that the first model makes of codes (N, Z)."""
    codes = z.expand(len(model[0][0]), -1, -1)
    return torch.sigmoid(through(model[2:], codes))[0].reshape(-1, 8, 8)


def pictures(plain: Layers, flat: Layers, seed: int) -> list[Picture]:
    """Draw samples, and the images along the plane of a code of two numbers."""
    z = torch.randn(36, CODE, generator=torch.Generator().manual_seed(seed))
    samples = tiles(
        [("", row) for row in drawn(plain, z).reshape(3, 12, 8, 8).numpy()], "Digits drawn", "samples"
    )
    steps = torch.tensor(norm.ppf(np.linspace(0.04, 0.96, 12)), dtype=torch.float32)
    grid = drawn(flat, torch.cartesian_prod(steps, steps)).reshape(12, 12, 8, 8).numpy()
    plane = tiles([("", row) for row in grid], "Plane of codes", "images along a code of two", 4, 1)
    return [
        Picture("Digits drawn", "Images of codes drawn at random; grey is the chance of black.", samples),
        Picture(
            "The plane of codes", "A code of two numbers, from one end of the normal to the other.", plane
        ),
    ]


def run(effort: Effort) -> Outcome:
    """Bounds on the likelihood of held-out black-and-white digits: pixels alone, L_1, L_5 and L_50."""
    x, _, held, _ = digits.parted(effort.seed)
    seen, asked = (torch.tensor(digits.rows(part) >= 0.5, dtype=torch.float32) for part in (x, held))
    seeds, epochs = effort.seeds(5), effort.choose(120, 15)
    plain, tight = (fit(seen, seeds, CODE, k, epochs) for k in (1, TIGHT))
    alone, elbo = independent(seen, asked), measured(plain, asked, 1, effort.seed)
    same = [
        [b - a for a, b in zip(elbo, measured(plain, asked, k, effort.seed), strict=True)] for k in (5, 50)
    ]
    won = [b - a for a, b in zip(elbo, measured(tight, asked, TIGHT, effort.seed), strict=True)]
    best = [[*measured(model, asked, effort.choose(500, 20), effort.seed)] for model in (plain, tight)]
    burda = "at least 1 nat on MNIST (Burda et al. 2015, its size; unverified)"
    return Outcome(
        [
            Gate("nats that the bound lies above independent pixels", "none given for digits of 8 x 8",
                 [one - alone for one in elbo], least=0),
            Gate("independent pixels, log-likelihood in nats", "none given", [alone]),
            Gate("evidence lower bound, nats", "none given", elbo),
            Gate("L_5 of the same models above it, nats", "never below (Burda 2015)", same[0], least=0),
            Gate("L_50 of the same models above it, nats", "never below", same[1], least=0),
            Gate("L_5 of models that learned from it above the plain bound, nats", burda, won, least=0),
            Gate("log-likelihood, plain models, nats", "-86.8 on MNIST, unverified", best[0]),
            Gate("log-likelihood, models of L_5, nats", "-85.5 on MNIST, unverified", best[1]),
        ],
        pictures(plain, fit(seen, seeds[:1], 2, 1, epochs), effort.seed),
    )  # fmt: skip
