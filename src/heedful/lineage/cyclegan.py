"""CycleGAN (Zhu, Park, Isola and Efros 2017): from one style of image to another, learned without pairs.

Two generators go there and back; two critics tell what they make from real images of each style; and who goes
there and back again has to come home. Shapes: images (N, 1, 8, 8) from -1 to 1.
"""

from itertools import chain
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from heedful.lineage import digits
from heedful.lineage.adversarial import lower
from heedful.lineage.dcgan import EPOCHS, READ, chances, judge, pictured, scaled
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import tiles
from heedful.types import Floats, Ints

WIDTH, BATCH = 16, 32
RATE, MOMENTUM = 2e-3, 0.5
HOME = 1.0  # weight of coming home; the paper's is 10, with which some of these nets find no way there
STEPS = 350, 3  # full, short
SURVIVES = 0.7  # of the digits, in the mean (full form): our border, the paper has another task


def restyled(x: Floats) -> Floats:
    """Return digits (N, 8, 8) with thick strokes, white on black: the other style, by a rule."""
    return 1 - np.maximum(x, digits.shifted(x, 0, 1))


class Block(nn.Module):
    """Add to an image what two convolutions make of it (He et al. 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(WIDTH, WIDTH, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Return x + W2 relu(W1 x): (N, C, H, W)."""
        return x + self.second(torch.relu(self.first(x)))  # type: ignore[no-any-return]


def translator() -> nn.Sequential:
    """Return a net from images of one style to images of the other."""
    return nn.Sequential(
        nn.Conv2d(1, WIDTH, 3, padding=1), nn.ReLU(), Block(), nn.ReLU(),
        nn.Conv2d(WIDTH, 1, 3, padding=1), nn.Tanh(),
    )  # fmt: skip


def critic() -> nn.Sequential:
    """Return a net from images to a score of each of 4 x 4 patches."""
    return nn.Sequential(
        nn.Conv2d(1, WIDTH, 4, stride=2, padding=1), nn.LeakyReLU(0.2),
        nn.Conv2d(WIDTH, 2 * WIDTH, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(2 * WIDTH, 1, 3, padding=1),
    )  # fmt: skip


class Pair(NamedTuple):
    """Nets of both directions: `there` is for the second style, `back` for the first."""

    there: nn.Sequential
    back: nn.Sequential

    def adam(self) -> torch.optim.Adam:
        """Return the optimiser of both nets."""
        both = chain(self.there.parameters(), self.back.parameters())
        return torch.optim.Adam(both, RATE, (MOMENTUM, 0.999))


def critics_loss(tells: Pair, a: Tensor, b: Tensor, made_a: Tensor, made_b: Tensor) -> Tensor:
    """Return the squared errors of critics that should say 1 of real images, 0 of made ones (section 4)."""
    told = ((tells.there, b, made_b), (tells.back, a, made_a))
    losses = [
        (net(real) - 1).square().mean() + net(made.detach()).square().mean() for net, real, made in told
    ]
    both: Tensor = losses[0] + losses[1]
    return both


def makers_loss(
    makes: Pair, tells: Pair, a: Tensor, b: Tensor, made: tuple[Tensor, Tensor], home: float
) -> Tensor:
    """Return what the generators lower: to be taken for real, and to come home (equations 1 to 3)."""
    made_a, made_b = made
    taken: Tensor = (tells.there(made_b) - 1).square().mean() + (tells.back(made_a) - 1).square().mean()
    return taken + home * (l1_loss(makes.back(made_b), a) + l1_loss(makes.there(made_a), b))


def fit(a: Tensor, b: Tensor, seed: int, steps: int, home: float = HOME) -> Pair:
    """Let translators learn from images of both styles, each batch drawn from each style on its own."""
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        makes, tells = Pair(translator(), translator()), Pair(critic(), critic())
    makers, judges = makes.adam(), tells.adam()
    falling = [torch.optim.lr_scheduler.LinearLR(one, 1.0, 0.05, steps) for one in (makers, judges)]
    for _ in range(steps):
        x, y = (style[torch.randint(len(style), (BATCH,), generator=random)] for style in (a, b))
        made = makes.back(y), makes.there(x)
        lower(judges, critics_loss(tells, x, y, *made))
        lower(makers, makers_loss(makes, tells, x, y, made, home))
        for one in falling:
            one.step()
    return makes


@torch.no_grad()
def translated(net: nn.Sequential, x: Floats) -> Floats:
    """Return images (N, 8, 8), from 0 to 1, in the other style."""
    return pictured(net(scaled(x)))


class Judges(NamedTuple):
    """Who knows the second style: true pairs, what they are, a net that reads it, digits of both styles."""

    pairs: Floats
    truth: Ints
    reads: list[Tensor]
    styles: tuple[Floats, Floats]

    def gates(self, name: str, images: list[Floats], least: float | None = None) -> list[Gate]:
        """Tell of images (of each seed) whether digit and style are right, and how far the true pairs are."""
        read = [float((chances(self.reads, x).argmax(1) == self.truth).mean()) for x in images]
        a, b = self.styles
        known, style = np.concatenate([a, b]), np.repeat([0, 1], [len(a), len(b)])
        rows, second = digits.rows(known).astype(np.float32), np.ones(len(self.pairs), dtype=np.int64)
        taken = [digits.read_off(rows, style, digits.rows(x).astype(np.float32), second) for x in images]
        border, paper = " (border ours)" if least else "", "none given for digits"
        return [
            Gate(f"{name}, share read as the digit that it was{border}", paper, read, least=least, by="mean"),
            Gate(f"{name}, taken for the second style, %", paper, taken),
            Gate(f"{name}, mean difference of a pixel from the true pair", paper,
                 [float(np.abs(x - self.pairs).mean()) for x in images]),
        ]  # fmt: skip


def picture(rows: list[tuple[str, Floats]]) -> Picture:
    """Draw the first digits of each row."""
    svg = tiles([(name, x[:12]) for name, x in rows], "From style to style", "digits and translations")
    return Picture("From style to style", "Held-out digits, what is made of them, and the rule's own.", svg)


def experiment(effort: Effort) -> Outcome:
    """Digits to thick white ones on black, from halves that share no digit, with and without coming home."""
    x, y, held, truth = digits.parted(effort.seed)
    a, b = x[: len(x) // 2], restyled(x[len(x) // 2 :])
    seeds, steps = effort.seeds(3, 1), effort.choose(*STEPS)
    makes = {home: [fit(scaled(a), scaled(b), seed, steps, home) for seed in seeds] for home in (HOME, 0.0)}
    cycle, free = ([translated(one.there, held) for one in makes[home]] for home in (HOME, 0.0))
    read = effort.choose(*READ)
    reads = judge(restyled(x[:read]), y[:read], effort.seed, effort.choose(*EPOCHS))
    judges = Judges(restyled(held), truth, reads, (a, b))
    home = translated(makes[HOME][0].back, cycle[0])
    gates = [
        *judges.gates("CycleGAN", cycle, effort.choose(SURVIVES, None)),
        *judges.gates("without coming home", free),
        *judges.gates("untranslated", [held]),
        *judges.gates("true pairs", [judges.pairs]),
    ]
    rows = [("digits", held), ("translated", cycle[0]), ("and back", home),
            ("without coming home", free[0]), ("by the rule, never shown", judges.pairs)]  # fmt: skip
    return Outcome(gates, [picture(rows)])
