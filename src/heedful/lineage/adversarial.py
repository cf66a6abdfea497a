"""Generative adversarial networks (Goodfellow 2014) and the Wasserstein critic (Arjovsky, Gulrajani 2017).

A generator turns noise z into points G(z); a critic D tells them from data; each learns from the other.
Shapes: S pairs learned side by side (one for each seed), N points (S, N, 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor
from torch.nn.functional import softplus

from heedful.lineage.mixtures import data, distance, judged, modes
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import plane
from heedful.report.plot import Curve, plot

WIDTH, NOISE, BATCH = 64, 4, 128
RATES = 1e-3, 4e-3  # of the generator and of the critic, which has to keep up (Heusel et al. 2017)
PENALTY = 1.0  # on slopes of the critic that are not 1
TURNS = 5  # of the critic for one of the generator
WARM = 50  # turns of the critic before the generator's first
ASKED = 1000  # samples that are judged

Layers = list[Tensor]  # weights (S, in, out) and bias (S, 1, out) of each layer in turn


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
        x = torch.nn.functional.leaky_relu(torch.baddbmm(bias, x, weights), 0.1)
    return torch.baddbmm(layers[-1], x, layers[-2])


def slope_penalty(critic: Layers, real: Tensor, fake: Tensor, random: torch.Generator) -> Tensor:
    """Return (|slope of D| - 1)² between data and samples (Gulrajani et al. 2017, eq. 3), for each pair."""
    mix = torch.rand(*real.shape[:2], 1, generator=random)
    between = (mix * real + (1 - mix) * fake).requires_grad_()
    slopes = torch.autograd.grad(through(critic, between).sum(), between, create_graph=True)[0]
    lengths: Tensor = slopes.square().sum(-1).sqrt()
    return (lengths - 1).square().mean(1)


def critic_loss(kind: str, critic: Layers, real: Tensor, fake: Tensor, random: torch.Generator) -> Tensor:
    """Return what the critic lowers: -log D(x) - log(1 - D(G(z))), or E D(G(z)) - E D(x) and the penalty."""
    on_real, on_fake = through(critic, real)[..., 0], through(critic, fake)[..., 0]
    if kind == "GAN":
        return (softplus(-on_real) + softplus(on_fake)).mean(1)
    gap = on_fake.mean(1) - on_real.mean(1)
    return gap + PENALTY * slope_penalty(critic, real, fake, random)


def generator_loss(kind: str, critic: Layers, fake: Tensor) -> Tensor:
    """Return what the generator lowers: -log D(G(z)), which does not saturate, or -E D(G(z))."""
    on_fake = through(critic, fake)[..., 0]
    return (softplus(-on_fake) if kind == "GAN" else -on_fake).mean(1)


@dataclass
class Learned:
    """Generators, and what was seen on the way: the critic's gap and the true distance, for each pair."""

    generator: Layers
    gaps: list[list[float]] = field(default_factory=list)
    distances: list[list[float]] = field(default_factory=list)


def fit(name: str, kind: str, seeds: Sequence[int], steps: int, watch: Sequence[int] = ()) -> Learned:
    """Let generators and critics learn in turns (Adam); at the steps of `watch`, measure both distances."""
    random = torch.Generator().manual_seed(seeds[0])
    generator, critic = begin(seeds, (NOISE, WIDTH, WIDTH, 2)), begin(seeds, (2, WIDTH, WIDTH, 1))
    learned, turns = Learned(generator), 1 if kind == "GAN" else TURNS
    makers, judges = (
        torch.optim.Adam(parts, lr=rate, betas=(0.5, 0.9))
        for parts, rate in zip((generator, critic), RATES, strict=True)
    )
    slower = [torch.optim.lr_scheduler.LinearLR(one, 1.0, 0.05, steps) for one in (makers, judges)]
    for step in range(steps):
        for _ in range(turns if step else WARM):
            real, fake = data(name, len(seeds), BATCH, random), sampled(generator, BATCH, random).detach()
            judges.zero_grad()
            critic_loss(kind, critic, real, fake, random).sum().backward()  # type: ignore[no-untyped-call]
            judges.step()
        if step in watch:
            observe(learned, critic, name, random)
        makers.zero_grad()
        lost = generator_loss(kind, critic, sampled(generator, BATCH, random)).sum()
        lost.backward()  # type: ignore[no-untyped-call]
        makers.step()
        for one in slower:
            one.step()
    return learned


def sampled(generator: Layers, count: int, random: torch.Generator) -> Tensor:
    """Return G(z) for noise z ~ N(0, 1): (S, N, 2)."""
    return through(generator, torch.randn(len(generator[0]), count, NOISE, generator=random))


@torch.no_grad()
def observe(learned: Learned, critic: Layers, name: str, random: torch.Generator, count: int = 256) -> None:
    """Note E D(x) - E D(G(z)) and the Wasserstein-1 distance of as many points, matched at least cost."""
    real, fake = data(name, len(critic[0]), count, random), sampled(learned.generator, count, random)
    learned.gaps.append((through(critic, real) - through(critic, fake)).mean((1, 2)).tolist())
    learned.distances.append([distance(x.numpy(), y.numpy()) for x, y in zip(real, fake, strict=True)])


def asked(learned: Learned, seed: int) -> Tensor:
    """Return the samples (S, N, 2) that are judged."""
    return sampled(learned.generator, ASKED, torch.Generator().manual_seed(seed)).detach()


def gates(name: str, kind: str, samples: Tensor, paper: str, least: float | None = None) -> list[Gate]:
    """Tell the modes found and the share of good samples of each pair."""
    found = [judged(points, name) for points in samples]
    count = len(modes(name))
    return [
        Gate(f"{kind}, {name}: modes found of {count}", paper, [one for one, _ in found], least=least),
        Gate(f"{kind}, {name}: share of samples within 3 deviations of a mode", "none given",
             [share for _, share in found]),
    ]  # fmt: skip


def run(effort: Effort) -> Outcome:
    """Modes found on the ring and the grid, and whether the critic's gap follows the true distance."""
    seeds, steps = effort.seeds(10), effort.choose(2000, 250)
    watch = [round(step) for step in np.linspace(1, steps - 1, effort.choose(40, 12))]
    kinds, names = ("GAN", "WGAN-GP"), ("ring", "grid")
    runs = {
        (kind, name): fit(name, kind, seeds, steps, watch if (kind, name) == ("WGAN-GP", "ring") else ())
        for name in names[: effort.choose(2, 1)] for kind in kinds
    }  # fmt: skip
    shown = {key: asked(learned, effort.seed) for key, learned in runs.items()}
    papers = {"ring": "GAN 6.3 of 8 (PacGAN, Lin et al. 2018; unverified)",
              "grid": "GAN 17.3 of 25 (PacGAN, Lin et al. 2018; unverified)"}  # fmt: skip
    found = []
    for (kind, name), samples in shown.items():
        border = 8 if (kind, name) == ("WGAN-GP", "ring") else None
        found += gates(name, kind, samples, papers[name], border)
    one = runs["WGAN-GP", "ring"]
    gaps, distances = np.array(one.gaps).T, np.array(one.distances).T
    ranks = [float(spearmanr(gap, far).statistic) for gap, far in zip(gaps, distances, strict=True)]
    follows = "the critic's loss follows the quality of the samples (Arjovsky et al. 2017, no figure)"
    found.append(Gate("Spearman of the critic's gap and the true distance", follows, ranks, least=0.8))
    curves = [
        Curve(what, [(step, float(y)) for step, y in zip(watch, values[0], strict=True)], kind)
        for what, values, kind in (("critic's gap", gaps, "first"), ("true distance", distances, "second"))
    ]
    chart = plot(curves, "The critic's gap and the true distance", ("steps of the generator", "distance"))
    return Outcome(found, [*map(drawn, shown.items()), Picture("What the critic says", follows, chart)])


def drawn(shown: tuple[tuple[str, str], Tensor]) -> Picture:
    """Draw the samples of the first pair over the middles of the modes."""
    (kind, name), samples = shown
    picture = plane([("samples", samples[0].numpy()), ("modes", modes(name).numpy())],
                    f"{kind} on the {name}", "samples and the middles of the modes", 2)  # fmt: skip
    return Picture(
        f"{kind} on the {name}", "Samples of one generator, and the middles of the modes.", picture
    )
