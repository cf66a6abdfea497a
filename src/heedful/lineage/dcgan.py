"""The deep convolutional GAN (Radford, Metz and Chintala 2015): digits drawn from noise, and a judge of them.

Convolutions with strides instead of pooling, batch normalisation in both nets except at the pixels,
rectifiers in the generator and leaky ones in the critic (the paper's guidelines, section 3).
Shapes: noise (N, Z), images (N, 1, 8, 8) from -1 (paper) to 1 (ink), chances (N, 10).
"""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from heedful.lineage import convolution, digits
from heedful.lineage.adversarial import lower
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import tiles
from heedful.types import Floats, Ints

NOISE, WIDTH, BATCH = 16, 16, 64
STEPS = 700, 40  # full, short
EPOCHS, READ = (12, 2), (None, 200)  # passes of a judge, and the digits that it learns to read (None: all)
RATE, MOMENTUM = 2e-3, 0.5  # the momentum is the paper's; its rate of 2e-4 asks for more steps
JUDGED = 1000  # samples
LEAST, MOST = 4.0, 3.0  # digit score (full form); distance to the nearest digit: our borders


def generator() -> nn.Sequential:
    """Return the net from noise to images: 2 x 2 places, then 4 x 4, then 8 x 8."""
    return nn.Sequential(
        nn.Linear(NOISE, 2 * WIDTH * 4), nn.Unflatten(1, (2 * WIDTH, 2, 2)),
        nn.BatchNorm2d(2 * WIDTH), nn.ReLU(),
        nn.ConvTranspose2d(2 * WIDTH, WIDTH, 4, stride=2, padding=1),
        nn.BatchNorm2d(WIDTH), nn.ReLU(),
        nn.ConvTranspose2d(WIDTH, 1, 4, stride=2, padding=1), nn.Tanh(),
    )  # fmt: skip


def critic() -> nn.Sequential:
    """Return the net from images to one score: 8 x 8 places, then 4 x 4, then 2 x 2."""
    return nn.Sequential(
        nn.Conv2d(1, WIDTH, 4, stride=2, padding=1), nn.LeakyReLU(0.2),
        nn.Conv2d(WIDTH, 2 * WIDTH, 4, stride=2, padding=1), nn.BatchNorm2d(2 * WIDTH), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(8 * WIDTH, 1), nn.Flatten(0),
    )  # fmt: skip


def fit(x: Tensor, seed: int, steps: int) -> nn.Sequential:
    """Let a generator and a critic learn in turns from images; return the generator."""
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        makes, tells = generator(), critic()
    makers, judges = (torch.optim.Adam(net.parameters(), RATE, (MOMENTUM, 0.999)) for net in (makes, tells))
    falling = [torch.optim.lr_scheduler.LinearLR(one, 1.0, 0.05, steps) for one in (makers, judges)]
    for _ in range(steps):
        real = x[torch.randint(len(x), (BATCH,), generator=random)]
        fake = makes(torch.randn(BATCH, NOISE, generator=random))
        lower(judges, (softplus(-tells(real)) + softplus(tells(fake.detach()))).mean())
        lower(makers, softplus(-tells(fake)).mean())
        for one in falling:
            one.step()
    return makes


@torch.no_grad()
def sampled(makes: nn.Sequential, count: int, seed: int) -> Floats:
    """Return images (N, 8, 8) from 0 to 1, each on its own (batch normalisation by the running means)."""
    noise = torch.randn(count, NOISE, generator=torch.Generator().manual_seed(seed))
    return pictured(makes.eval()(noise))


def scaled(x: Floats) -> Tensor:
    """Return images (N, 8, 8) from 0 to 1 as the nets read them: (N, 1, 8, 8)."""
    return torch.tensor(2 * x[:, None] - 1, dtype=torch.float32)


def pictured(made: Tensor) -> Floats:
    """Return what a net made (N, 1, 8, 8) as images (N, 8, 8) from 0 to 1."""
    found: Floats = ((made[:, 0] + 1) / 2).double().numpy()
    return found


def judge(x: Floats, y: Ints, seed: int, epochs: int) -> convolution.Parts:
    """Return a convolutional net that learned to read real digits (N, 8, 8)."""
    random = torch.Generator().manual_seed(seed)
    return convolution.fit(
        convolution.network(random), convolution.convolved, convolution.framed(x), torch.from_numpy(y),
        random, epochs,
    )  # fmt: skip


@torch.no_grad()
def chances(net: convolution.Parts, x: Floats) -> Floats:
    """Return how sure a judge is of each of the ten digits: (N, 10)."""
    found: Floats = convolution.convolved(net, convolution.framed(x)).double().softmax(1).numpy()
    return found


def evenness(p: Floats) -> float:
    """Return the entropy of the mean chances over its most, log 10: 1 where all digits are as frequent."""
    mean = p.mean(0)
    return float(-(mean * np.log(mean + 1e-300)).sum() / math.log(p.shape[1]))


def score(p: Floats) -> float:
    """Return exp of the mean of KL(p(y | x), p(y)), from 1 to 10 (Salimans et al. 2016): sure and even."""
    return float(np.exp((p * (np.log(p + 1e-300) - np.log(p.mean(0) + 1e-300))).sum(1).mean()))


def nearest(x: Floats, known: Floats) -> float:
    """Return the mean distance of images to the nearest known one."""
    apart = torch.cdist(torch.from_numpy(x).flatten(1), torch.from_numpy(known).flatten(1))
    return float(apart.amin(1).mean())


def shuffled(x: Floats, seed: int) -> Floats:
    """Return images with their own pixels in disorder: noise as dark as digits."""
    rows = np.random.default_rng(seed).permuted(digits.rows(x), axis=1)
    return rows.reshape(x.shape)


def told(
    name: str, p: list[Floats], x: list[Floats], known: Floats,
    least: float | None = None, most: float | None = None,
) -> list[Gate]:  # fmt: skip
    """Tell how surely and evenly images (of each seed) fall into the ten classes, and how near they lie."""
    paper = "none given for digits"
    return [
        Gate(f"{name}, digit score from 1 to 10" + (" (border ours)" if least else ""), paper,
             [score(one) for one in p], least=least),
        Gate(f"{name}, how sure the judge is of the likeliest digit", paper,
             [float(one.max(1).mean()) for one in p]),
        Gate(f"{name}, how even the ten digits are", paper, [evenness(one) for one in p]),
        Gate(f"{name}, distance to the nearest digit learned from", paper,
             [nearest(one, known) for one in x], most=most),
    ]  # fmt: skip


def picture(makes: Floats, real: Floats) -> Picture:
    """Draw samples, and real digits below."""
    rows = [("from noise", makes[:12]), *(("", makes[start : start + 12]) for start in (12, 24))]
    drawn = tiles([*rows, ("real digits", real[:12])], "Digits from noise", "samples of a DCGAN")
    return Picture("Digits from noise", "Samples of one DCGAN as they came, and real digits.", drawn)


def experiment(effort: Effort) -> Outcome:
    """Samples, held-out digits and noise before a judge that learned to read real digits."""
    x, y, held, _ = digits.parted(effort.seed)
    seen = scaled(x)
    makers = [fit(seen, seed, effort.choose(*STEPS)) for seed in effort.seeds(3, 1)]
    samples = [sampled(makes, JUDGED, effort.seed) for makes in makers]
    read = effort.choose(*READ)
    net = judge(x[:read], y[:read], effort.seed, effort.choose(*EPOCHS))
    gates = []
    for name, images in (
        ("DCGAN", samples), ("held-out digits", [held]), ("shuffled pixels", [shuffled(held, effort.seed)])
    ):  # fmt: skip
        least, most = (effort.choose(LEAST, None), MOST) if name == "DCGAN" else (None, None)
        gates += told(name, [chances(net, one) for one in images], images, x, least, most)
    return Outcome(gates, [picture(samples[0], held)])
