"""Autoencoders: an image is squeezed through a layer and drawn again from its code (Rumelhart et al. 1986).

Plain, denoising (Vincent et al. 2008), sparse (Lee et al. 2008), contractive (Rifai et al. 2011), stacked.
Shapes: x (N, D) of 0 to 1, code (N, H); the way back uses the same weights, turned over (tied).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits

from heedful.lineage import digits
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import tiles

KINDS = ("plain", "denoising", "sparse", "contractive")
NOISE = 0.5  # standard deviation on pixels of 0 to 1
MASKED = 0.3  # share of the pixels that a denoising code does not see
RARE, SPARSENESS = 0.1, 0.3  # how often a unit of a sparse code is on, and how much that weighs
CONTRACTION = 0.05


@dataclass
class Coder:
    """Weights (D, H), biases of the code (H,) and of the image (D,)."""

    weights: Tensor
    hidden: Tensor
    visible: Tensor

    def code(self, x: Tensor) -> Tensor:
        """Return h = s(x W + b)."""
        return torch.sigmoid(x @ self.weights + self.hidden)

    def back(self, h: Tensor) -> Tensor:
        """Return the image's log odds, h W' + c."""
        return h @ self.weights.T + self.visible

    def image(self, x: Tensor) -> Tensor:
        """Return the image that is drawn from the code."""
        return torch.sigmoid(self.back(self.code(x)))


def masked(x: Tensor, random: torch.Generator) -> Tensor:
    """Return images with a share of the pixels set to 0 (Vincent et al. 2008, section 2.3)."""
    return x * (torch.rand(x.shape, generator=random) >= MASKED)


def noisy(x: Tensor, random: torch.Generator) -> Tensor:
    """Return images with Gaussian noise on every pixel, cut to 0 and 1."""
    return (x + NOISE * torch.randn(x.shape, generator=random)).clamp(0, 1)


HURTS = {"denoising": masked, "cleaning": noisy}  # what a code is learned from


def sparseness(h: Tensor) -> Tensor:
    """Return the divergence KL(RARE, mean of each unit), summed over the units."""
    wanted = torch.full_like(h[0], RARE)
    means = h.mean(0).clamp(1e-6, 1 - 1e-6)
    return (binary_cross_entropy(means, wanted) - binary_cross_entropy(wanted, wanted)) * h.shape[1]


def contraction(h: Tensor, weights: Tensor) -> Tensor:
    """Return |dh / dx|² of Frobenius, the mean over rows: sum of (h (1 - h))² |W_j|² (Rifai 2011, eq. 7)."""
    return ((h * (1 - h)) ** 2 @ (weights**2).sum(0)).mean()


def loss(coder: Coder, x: Tensor, seen: Tensor, kind: str) -> Tensor:
    """Return the cross-entropy of x drawn from the code of `seen`, with what the kind adds."""
    h = coder.code(seen)
    drawn = binary_cross_entropy_with_logits(coder.back(h), x, reduction="sum") / len(x)
    if kind == "sparse":
        return drawn + SPARSENESS * sparseness(h)
    return drawn + CONTRACTION * contraction(h, coder.weights) if kind == "contractive" else drawn


def fit(
    x: Tensor, hidden: int, random: torch.Generator, kind: str = "plain", epochs: int = 20,
    rate: float = 0.003, batch: int = 50,
) -> Coder:  # fmt: skip
    """Learn to draw rows (N, D) from their codes (Adam). A denoising code sees them hurt, anew each time."""
    weights = torch.randn(x.shape[1], hidden, generator=random) / x.shape[1] ** 0.5
    parts = [weights, torch.zeros(hidden), torch.logit(x.mean(0), eps=0.01)]
    coder = Coder(*(part.requires_grad_() for part in parts))
    adam = torch.optim.Adam(parts, lr=rate)
    for _ in range(epochs):
        for chosen in torch.split(torch.randperm(len(x), generator=random), batch):
            seen = HURTS[kind](x[chosen], random) if kind in HURTS else x[chosen]
            adam.zero_grad()
            loss(coder, x[chosen], seen, kind).backward()  # type: ignore[no-untyped-call]
            adam.step()
    return Coder(*(part.detach() for part in parts))


def stacked(x: Tensor, widths: Sequence[int], random: torch.Generator, epochs: int) -> list[Coder]:
    """Learn one denoising code on top of the other."""
    stack: list[Coder] = []
    for width in widths:
        stack.append(fit(x, width, random, "denoising", epochs))
        x = stack[-1].code(x)
    return stack


def linear(spread: Tensor, width: int, random: torch.Generator, sweeps: int = 200) -> Tensor:
    """Return the weights (D, width) whose |x - x W W'|² is least, given x'x / N of centred x (L-BFGS)."""
    weights = torch.randn(len(spread), width, generator=random, dtype=spread.dtype) / len(spread) ** 0.5
    parts: list[Tensor] = [weights.requires_grad_()]
    search = torch.optim.LBFGS(parts, max_iter=sweeps, tolerance_change=1e-12, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        search.zero_grad()
        error: Tensor = missed(spread, weights)
        error.backward()  # type: ignore[no-untyped-call]
        return error

    search.step(closure)  # type: ignore[no-untyped-call]
    return parts[0].detach()


def missed(spread: Tensor, weights: Tensor) -> Tensor:
    """Return the mean of |x - x W W'|², from x'x / N alone."""
    rest = torch.eye(len(spread), dtype=spread.dtype) - weights @ weights.T
    return (rest.T @ spread @ rest).trace()


def against_pca(seed: int, width: int = 10) -> tuple[float, float]:
    """Return the error of tied linear weights over that of PCA, and the share of PCA's space they span."""
    x = torch.tensor(digits.rows(digits.parted(seed)[0]))
    spread = (x - x.mean(0)).T @ (x - x.mean(0)) / len(x)
    weights = linear(spread, width, torch.Generator().manual_seed(seed))
    axes = torch.linalg.eigh(spread).eigenvectors[:, -width:]
    spanned = torch.linalg.qr(weights).Q.T @ axes
    return float(missed(spread, weights) / missed(spread, axes)), float(spanned.pow(2).sum() / width)


def psnr(x: Tensor, y: Tensor) -> float:
    """Return 10 log10(1 / mean squared error), in decibels, of pixels from 0 to 1."""
    return float(-10 * torch.log10((x - y).pow(2).mean()))


def cleaned(seed: int, epochs: int) -> tuple[list[float], list[Tensor]]:
    """Return the PSNR of held-out digits noisy, cleaned and as the mean digit; and ten of them."""
    x, _, held, _ = digits.parted(seed)
    seen, clean = (torch.tensor(digits.rows(part), dtype=torch.float32) for part in (x, held))
    random = torch.Generator().manual_seed(seed)
    coder = fit(seen, 128, random, "cleaning", epochs)
    hurt = noisy(clean, random)
    drawn = coder.image(hurt)
    figures = [psnr(clean, hurt), psnr(clean, drawn), psnr(clean, seen.mean(0))]
    return figures, [part[:10].reshape(-1, 8, 8) for part in (clean, hurt, drawn)]


def read(seed: int, epochs: int, every: int = 1) -> dict[str, float]:
    """Return the accuracy, in per cent, of one linear model on pixels and on each code of nudged digits."""
    x, y, held, truth = digits.parted(seed)
    x, y = digits.nudged(x[::every], y[::every])
    held, truth = digits.nudged(held, truth)
    seen, asked = (torch.tensor(digits.rows(part), dtype=torch.float32) for part in (x, held))
    stacks = {kind: [fit(seen, 128, torch.Generator().manual_seed(seed), kind, epochs)] for kind in KINDS}
    stacks["stacked"] = stacked(seen, (128, 128), torch.Generator().manual_seed(seed), epochs)
    found = {}
    for name, stack in {"pixels": [], **stacks}.items():
        known, new = seen, asked
        for coder in stack:
            known, new = coder.code(known), coder.code(new)
        found[name] = digits.read_off(known.numpy(), y, new.numpy(), truth)
    return found


def run(effort: Effort) -> Outcome:
    """Clean noisy digits, read digits from each kind of code, and compare tied weights with PCA."""
    cleanings = [cleaned(seed, effort.choose(30, 15)) for seed in effort.seeds(5)]
    readings = [read(seed, *effort.choose((10, 1), (3, 8))) for seed in effort.seeds(3, 1)]
    linears = [against_pca(seed) for seed in effort.seeds(5, 1)]
    hurt, drawn, mean = np.array([figures for figures, _ in cleanings]).T
    shown = list(zip(("clean", "noisy", "drawn from the code"), cleanings[0][1], strict=True))
    picture = tiles(shown, "Digits cleaned", "digits, the same with noise, and what the autoencoder draws", 4)
    codes = "codes beat pixels (Vincent et al. 2008: MNIST 2.80 % wrong for three layers; unverified)"
    pca = "the same space as PCA (Baldi and Hornik 1989)"
    return Outcome(
        [
            Gate("PSNR won by cleaning held-out digits, dB", "none given", list(drawn - hurt), least=4),
            Gate("PSNR of noisy digits, dB", "none given", list(hurt)),
            Gate("PSNR of the mean digit, dB", "none given", list(mean)),
            Gate("points that a denoising code adds to pixels, nudged digits", codes,
                 [found["denoising"] - found["pixels"] for found in readings], least=0, by="mean"),
            *(Gate(f"accuracy of a linear model, {name}, %", codes, [found[name] for found in readings])
              for name in readings[0]),
            Gate("error of tied linear weights over that of PCA", pca,
                 [one for one, _ in linears], most=1.001),
            Gate("share of PCA's space that they span", pca, [one for _, one in linears], least=0.999),
        ],
        [Picture("Digits cleaned", f"Noise of {NOISE} on pixels of 0 to 1, digits held out.", picture)],
    )  # fmt: skip
