"""What adversarial networks find of a mixture of Gaussians, and whether the critic knows how far off it is.

The ring of 8 and the grid of 25 Gaussians are the customary test of dropped modes (PacGAN, Lin et al. 2018).
"""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from heedful.lineage import adversarial, cyclegan, dcgan
from heedful.lineage.adversarial import Kind, Learned
from heedful.lineage.mixtures import judged, modes
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import plane
from heedful.report.plot import Curve, plot

STEPS: dict[Kind, tuple[int, int]] = {"GAN": (2000, 30), "WGAN-GP": (1200, 320)}  # full, short
WATCHED = 12, 5  # times that the critic's gap is measured
SAMPLES = 2000  # of each generator
FOLLOWS = 0.7  # of Spearman's correlation, in the mean: our border, the papers give none
PACGAN = {
    "ring": "GAN 6.3 of 8 (Lin et al. 2018; unverified)",
    "grid": "GAN 17.3 of 25 (Lin et al. 2018; unverified)",
}
NAMES: tuple[Kind, ...] = ("GAN", "WGAN-GP")


def watched(steps: int, times: int) -> list[int]:
    """Return the steps at which distances are measured, close together at first."""
    return sorted({round(step) for step in np.geomspace(1, steps - 1, times)})


def found(kind: Kind, name: str, samples: Tensor) -> list[Gate]:
    """Tell the modes found and the share of good samples of each pair; (S, N, 2)."""
    told = [judged(points, name) for points in samples]
    least = 8 if (kind, name) == ("WGAN-GP", "ring") else None
    return [
        Gate(f"{kind}, modes found on the {name} of {len(modes(name))}", PACGAN[name],
             [count for count, _ in told], least=least),
        Gate(f"{kind}, share of good samples on the {name}", "none given", [share for _, share in told]),
    ]  # fmt: skip


def followed(learned: Learned) -> Gate:
    """Tell how the critic's gap and the true distance rise and fall together, for each pair."""
    pairs = zip(np.array(learned.gaps).T, np.array(learned.distances).T, strict=True)
    ranks = [float(spearmanr(gap, true).statistic) for gap, true in pairs]
    return Gate("Spearman's correlation of the critic's gap and the true distance (border ours)",
                "the loss follows the samples' quality (Arjovsky et al. 2017, no figure)",
                ranks, least=FOLLOWS, by="mean")  # fmt: skip


def points(kind: Kind, name: str, samples: Tensor) -> Picture:
    """Draw samples (N, 2) of one generator and the middles of the modes."""
    title = f"{kind} on the {name}"
    groups = [("samples", samples[:700].numpy()), ("modes", modes(name).numpy())]
    return Picture(
        title,
        f"{title}: samples of one generator, and the middles of the modes.",
        plane(groups, title, "samples", 2),
    )


def distances(learned: Learned, watch: Sequence[int]) -> Picture:
    """Draw the critic's gap and the true distance of the first pair over the generator's steps."""
    curves = [
        Curve(name, [(step, one[0]) for step, one in zip(watch, values, strict=True)], kind, dots=True)
        for name, values, kind in (
            ("critic's gap", learned.gaps, "first"), ("true distance", learned.distances, "second"))
    ]  # fmt: skip
    chart = plot(curves, "The critic's gap and the true distance", ("steps of the generator", "distance"))
    return Picture(
        "What the critic says",
        "D(x) - D(G(z)) of one critic, and the exact distance of the clouds that it compares.", chart,
    )  # fmt: skip


def mixtures(effort: Effort) -> Outcome:
    """Modes found on the ring and the grid by both kinds, and the critic's gap on the ring."""
    gates, pictures, seeds = [], [], effort.seeds(10, 1)
    for name in effort.choose(("ring", "grid"), ("ring",)):
        for kind in NAMES:
            steps = effort.choose(*STEPS[kind])
            watch = watched(steps, effort.choose(*WATCHED)) if (kind, name) == ("WGAN-GP", "ring") else []
            learned = adversarial.fit(kind, name, seeds, steps, watch)
            random = torch.Generator().manual_seed(effort.seed)
            samples = adversarial.sampled(learned.generator, SAMPLES, random).detach()
            gates += found(kind, name, samples)
            pictures.append(points(kind, name, samples[0]))
            if watch:
                gates.append(followed(learned))
                pictures.append(distances(learned, watch))
    return Outcome(gates, pictures)


def run(effort: Effort) -> Outcome:
    """Modes of mixtures, the critic's gap, digits from noise, and digits from style to style."""
    parts = mixtures(effort), dcgan.experiment(effort), cyclegan.experiment(effort)
    return Outcome([gate for part in parts for gate in part.gates],
                   [picture for part in parts for picture in part.pictures])  # fmt: skip
