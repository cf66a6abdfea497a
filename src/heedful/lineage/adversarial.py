"""Generative adversarial networks (Goodfellow 2014) and the Wasserstein critic (Arjovsky, Gulrajani 2017).

A generator turns noise z into points G(z); a critic D tells them from data; each learns from the other.
Shapes: S pairs learned side by side (one for each seed), N points (S, N, 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu, softplus

from heedful.lineage.mixtures import data, distance

Kind = Literal["GAN", "WGAN-GP"]
Layers = list[Tensor]  # weights (S, in, out) and bias (S, 1, out) of each layer in turn
WIDTH, NOISE, BATCH = 64, 2, 64
RATES = 2e-3, 4e-3  # of the generator and of the critic, which has to keep up (Heusel et al. 2017)
PENALTY = 1.0  # on slopes of the critic that are not 1
TURNS: dict[Kind, int] = {"GAN": 1, "WGAN-GP": 3}  # of the critic for one of the generator
CATCH_UP = 40  # turns of the critic before the first of the generator, and before it is asked
MEASURED = 512  # points of each cloud whose distance is measured


def begin(seeds: Sequence[int], sizes: Sequence[int]) -> Layers:
    """Draw weights for each seed, as rectifiers like them (He et al. 2015)."""
    sources, parts = [torch.Generator().manual_seed(seed) for seed in seeds], []
    for n, m in pairwise(sizes):
        weights = torch.stack([torch.randn(n, m, generator=random) for random in sources])
        parts += [weights * (2 / n) ** 0.5, torch.zeros(len(seeds), 1, m)]
    return [part.requires_grad_() for part in parts]


def through(layers: Layers, x: Tensor) -> Tensor:
    """Send (S, N, in) through the layers, with leaky rectifiers between."""
    for weights, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        x = leaky_relu(torch.baddbmm(bias, x, weights), 0.1)
    return torch.baddbmm(layers[-1], x, layers[-2])


def sampled(generator: Layers, count: int, random: torch.Generator) -> Tensor:
    """Return G(z) for noise z ~ N(0, 1): (S, N, 2)."""
    return through(generator, torch.randn(len(generator[0]), count, NOISE, generator=random))


def slope_penalty(critic: Layers, real: Tensor, fake: Tensor, random: torch.Generator) -> Tensor:
    """Return (|slope of D| - 1)² between data and samples (Gulrajani et al. 2017, eq. 3), for each pair."""
    mix = torch.rand(*real.shape[:2], 1, generator=random)
    between = (mix * real + (1 - mix) * fake).requires_grad_()
    slopes = torch.autograd.grad(through(critic, between).sum(), between, create_graph=True)[0]
    lengths: Tensor = slopes.norm(dim=-1)
    return (lengths - 1).square().mean(1)


def critic_loss(kind: Kind, critic: Layers, real: Tensor, fake: Tensor, random: torch.Generator) -> Tensor:
    """Return what the critic lowers, for each pair.

    GAN: -log D(x) - log(1 - D(G(z))) with D a sigmoid (Goodfellow 2014, eq. 1).
    WGAN-GP: D(G(z)) - D(x) and the penalty on its slope.
    """
    on_real, on_fake = through(critic, torch.cat([real, fake], 1))[..., 0].chunk(2, dim=1)
    if kind == "GAN":
        return (softplus(-on_real) + softplus(on_fake)).mean(1)
    return (on_fake - on_real).mean(1) + PENALTY * slope_penalty(critic, real, fake, random)


def generator_loss(kind: Kind, critic: Layers, fake: Tensor) -> Tensor:
    """Return what the generator lowers: -log D(G(z)), which does not saturate, or -D(G(z))."""
    on_fake = through(critic, fake)[..., 0]
    return (softplus(-on_fake) if kind == "GAN" else -on_fake).mean(1)


@dataclass
class Learned:
    """Generators; and at each step that was watched, the critic's gap and the true distance of each pair."""

    generator: Layers
    gaps: list[list[float]] = field(default_factory=list)
    distances: list[list[float]] = field(default_factory=list)


def fit(kind: Kind, name: str, seeds: Sequence[int], steps: int, watch: Sequence[int] = ()) -> Learned:
    """Let generators and critics learn in turns (Adam, falling rates); measure both distances at `watch`."""
    random = torch.Generator().manual_seed(seeds[0])
    generator, critic = begin(seeds, (NOISE, WIDTH, WIDTH, 2)), begin(seeds, (2, WIDTH, WIDTH, 1))
    learned = Learned(generator)
    makers, judges = (
        torch.optim.Adam(parts, lr=rate, betas=(0.5, 0.9), fused=True)
        for parts, rate in zip((generator, critic), RATES, strict=True)
    )
    falling = [torch.optim.lr_scheduler.LinearLR(one, 1.0, 0.05, steps) for one in (makers, judges)]
    for step in range(steps):
        for _ in range(TURNS[kind] + (CATCH_UP if step in watch or step == 0 else 0)):
            real, fake = data(name, len(seeds), BATCH, random), sampled(generator, BATCH, random).detach()
            lower(judges, critic_loss(kind, critic, real, fake, random).sum())
        if step in watch:
            observe(learned, critic, name, random)
        lower(makers, generator_loss(kind, critic, sampled(generator, BATCH, random)).sum())
        for one in falling:
            one.step()
    return learned


def lower(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """Take one step downhill with the optimiser's own weights."""
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


@torch.no_grad()
def observe(learned: Learned, critic: Layers, name: str, random: torch.Generator) -> None:
    """Note D(x) - D(G(z)) and the exact Wasserstein-1 distance of two clouds."""
    real, fake = data(name, len(critic[0]), MEASURED, random), sampled(learned.generator, MEASURED, random)
    learned.gaps.append((through(critic, real) - through(critic, fake)).mean((1, 2)).tolist())
    learned.distances.append([distance(x.numpy(), y.numpy()) for x, y in zip(real, fake, strict=True)])
