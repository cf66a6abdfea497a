"""A language model of filters over a fixed window (Collobert and Weston 2008; Kalchbrenner et al. 2014).

Characters become vectors; each layer looks at neighbours, at characters that came before only.
Shapes: N texts of T characters, V characters in all, C channels.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv1d, cross_entropy, pad

from heedful.lineage.outcome import Effort, Gate, Outcome
from heedful.types import Ints

CHANNELS, REACH, LAYERS = 64, 4, 3  # a window of 1 + LAYERS * (REACH - 1) = 10 characters
SCORED = 20_000  # characters held out that are scored
Parts = list[Tensor]


def read(file: Path, held: float = 0.1) -> tuple[Ints, Ints, int]:
    """Return a text's characters as numbers, to learn from and held out (its end), and how many there are."""
    text = np.array(list(file.read_text("utf-8")))
    known, numbers = np.unique(text, return_inverse=True)
    cut = round((1 - held) * len(text))
    return numbers[:cut].astype(np.int64), numbers[cut:].astype(np.int64), len(known)


def counted(seen: Ints, held: Ints, known: int) -> tuple[float, float]:
    """Return nats per character of single characters and of pairs, counted with one added to each."""
    single = np.bincount(seen, minlength=known) + 1.0
    pairs = np.ones((known, known))
    np.add.at(pairs, (seen[:-1], seen[1:]), 1)
    chances = (pairs / pairs.sum(1, keepdims=True))[held[:-1], held[1:]]
    return float(-np.log(single / single.sum())[held[1:]].mean()), float(-np.log(chances).mean())


def begin(known: int, random: torch.Generator) -> Parts:
    """Draw the table of characters (V, C), the filters (C, C, REACH) with biases, and the scores' weights."""
    parts = [torch.randn(known, CHANNELS, generator=random)]
    for _ in range(LAYERS):
        drawn = torch.randn(CHANNELS, CHANNELS, REACH, generator=random)
        parts += [drawn * math.sqrt(2 / (CHANNELS * REACH)), torch.zeros(CHANNELS)]
    parts += [torch.randn(known, CHANNELS, generator=random) / CHANNELS, torch.zeros(known)]
    return [part.requires_grad_() for part in parts]


def scores(parts: Parts, x: Tensor) -> Tensor:
    """Return scores (N, T, V) of the character after each: filters see no later one."""
    h = parts[0][x].transpose(1, 2)  # (N, C, T)
    for filters, bias in zip(parts[1:-2:2], parts[2:-2:2], strict=True):
        h = torch.relu(conv1d(pad(h, (REACH - 1, 0)), filters, bias))
    return h.transpose(1, 2) @ parts[-2].T + parts[-1]


def fit(seen: Ints, known: int, seed: int, steps: int, length: int = 64, batch: int = 32) -> Parts:
    """Learn from stretches of the text (Adam, at a rate that falls to zero)."""
    random = torch.Generator().manual_seed(seed)
    parts, text = begin(known, random), torch.from_numpy(seen)
    adam = torch.optim.Adam(parts, lr=0.003)
    falling = torch.optim.lr_scheduler.LinearLR(adam, 1.0, 0.01, steps)
    for _ in range(steps):
        places = torch.randint(len(text) - length - 1, (batch, 1), generator=random) + torch.arange(
            length + 1
        )
        stretch = text[places]
        adam.zero_grad()
        lost = cross_entropy(scores(parts, stretch[:, :-1]).flatten(0, 1), stretch[:, 1:].flatten())
        lost.backward()  # type: ignore[no-untyped-call]
        adam.step()
        falling.step()
    return [part.detach() for part in parts]


def nats(parts: Parts, held: Ints) -> float:
    """Return the mean cross-entropy of each next character."""
    text = torch.from_numpy(held)[None]
    return float(cross_entropy(scores(parts, text[:, :-1])[0], text[0, 1:]))


def run(effort: Effort) -> Outcome:
    """Nats per character of Shakespeare's end, beside those of counts."""
    seen, held, known = read(effort.file("shakespeare/input.txt"))
    steps = effort.choose(800, 60)
    learned = [nats(fit(seen, known, seed, steps), held[:SCORED]) for seed in effort.seeds(2, 1)]
    single, pairs = counted(seen, held[:SCORED], known)
    window = 1 + LAYERS * (REACH - 1)
    ours = "none given; wanted is what counts reach"
    return Outcome(
        [
            Gate(f"nats per character, filters over {window} characters", ours, learned,
                 most=effort.choose(pairs, single)),
            Gate("nats per character, counts of pairs", "none given", [pairs]),
            Gate("nats per character, counts of single characters", "none given", [single]),
        ]
    )  # fmt: skip
