"""Networks that feed back: Jordan's (1986) from the output, Elman's (1990) from the hidden units.

What came before enters as further inputs, so that the plain rule of `backpropagation` trains both.
Shapes: S networks (seeds), B streams side by side, T steps, d inputs, h hidden units.
"""

from collections.abc import Sequence

import numpy as np

from heedful.lineage.backpropagation import Rule, Weights, backward, begin, forward, train
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.report.plot import Curve, plot
from heedful.types import Floats

PAPER = "Elman 1990 (figure unverified)"
CODES = {  # consonant, vowel, interrupted, high, back, voiced
    "b": (1, 0, 1, 0, 0, 1), "d": (1, 0, 1, 1, 0, 1), "g": (1, 0, 1, 0, 1, 1),
    "a": (0, 1, 0, 0, 1, 1), "i": (0, 1, 0, 1, 0, 1), "u": (0, 1, 0, 1, 1, 1),
}  # fmt: skip
SYLLABLES = ("ba", "dii", "guuu")
PLANS = ("ABCDEF", "FEDCBA", "AABBCC", "ABACAD", "CADBEF")  # what Jordan's network says to each plan
ON, OFF = 0.9, 0.1  # outputs that do not drive the weights to infinity
MEMORY = 0.6  # of Jordan's state units: s(t) = MEMORY s(t - 1) + y(t - 1)


def elman(weights: Weights, stream: Floats, rule: Rule | None = None) -> Floats:
    """Predict each next element of streams (B, T, d): (S, B, T - 1, d); with a rule, learn at every step.

    The hidden units of the step before are copied to the input, and no error goes back through the copy.
    """
    nets, (batch, steps, _) = len(weights[0]), stream.shape
    context = np.full((nets, batch, weights[0].shape[-1]), 0.5)
    moved, found = [np.zeros_like(layer) for layer in weights], []
    for step in range(steps - 1):
        seen = np.broadcast_to(stream[:, step], (nets, *stream[:, step].shape))
        layers = forward(weights, np.concatenate([seen, context], axis=-1))
        context = layers[1]
        found.append(layers[-1])
        if rule:
            for number, slope in enumerate(backward(weights, layers, stream[:, step + 1])):
                moved[number] = -rule.rate * slope / batch + rule.momentum * moved[number]
                weights[number] += moved[number]
    return np.stack(found, axis=2)


def bits(random: np.random.Generator, batch: int, triples: int) -> Floats:
    """Return streams (B, 3 n, 1) of two random bits and their exclusive-or, over and over."""
    pairs = random.integers(0, 2, size=(batch, triples, 2))
    return np.dstack([pairs, pairs.sum(axis=2) % 2]).reshape(batch, -1, 1).astype(float)


def learned_bits(seeds: Sequence[int], hidden: int, passes: int) -> Floats:
    """Return the mean squared error at each place of a triple (first bit, second, their xor): (S, 3)."""
    weights = begin((1 + hidden, hidden, 1), seeds, 0.5)
    random = np.random.default_rng(0)
    stream, unseen = bits(random, 30, 34), bits(random, 30, 200)
    for _ in range(passes):
        elman(weights, stream, Rule(0.5, 0.9, 1))
    errors = (elman(weights, unseen) - unseen[:, 1:]) ** 2  # the first is that of a triple's second bit
    triples = errors[:, :, 2 : errors.shape[2] // 3 * 3 - 1, 0].reshape(len(seeds), len(unseen), -1, 3)
    return triples.mean(axis=(1, 2))  # type: ignore[no-any-return]


def letters(random: np.random.Generator, batch: int, syllables: int) -> list[str]:
    """Return streams of syllables in random order, cut to one length."""
    texts = ["".join(SYLLABLES[i] for i in random.integers(0, 3, syllables)) for _ in range(batch)]
    return [text[: 2 * syllables] for text in texts]


def coded(texts: Sequence[str]) -> Floats:
    """Return the letters' six features: (B, T, 6)."""
    return np.array([[CODES[letter] for letter in text] for text in texts], dtype=float)


def learned_letters(seeds: Sequence[int], passes: int) -> tuple[Floats, Floats, Floats, str]:
    """Return accuracy on vowels and on consonants (S,), and one network's error along a text."""
    weights = begin((6 + 20, 20, 6), seeds, 0.3)
    random = np.random.default_rng(0)
    stream, texts = coded(letters(random, 20, 50)), letters(random, 20, 100)
    unseen = coded(texts)
    for _ in range(passes):
        elman(weights, stream, Rule(0.1, 0.9, 1))
    found = elman(weights, unseen)  # (S, B, T - 1, 6)
    every = np.array(list(CODES.values()), dtype=float)
    nearest = ((found[..., None, :] - every) ** 2).sum(axis=-1).argmin(axis=-1)
    wanted = np.array([[list(CODES).index(letter) for letter in text[1:]] for text in texts])
    right, vowel = nearest == wanted, wanted >= len(SYLLABLES)
    errors = ((found[0, 0] - unseen[0, 1:]) ** 2).sum(axis=-1)
    return right[:, vowel].mean(axis=1), right[:, ~vowel].mean(axis=1), errors, texts[0][1:]


def jordan(seeds: Sequence[int], sweeps: int = 5000) -> list[float]:
    """Return the share of plans that networks carry out without a mistake, fed by their own outputs only.

    Inputs are the plan and the state, a fading sum of the outputs so far; the outputs are one unit
    a letter. When it speaks by itself, the letter that it says is fed back.
    """
    names = sorted(set("".join(PLANS)))
    wanted = np.array([[[ON if letter == name else OFF for name in names] for letter in plan]
                       for plan in PLANS])  # fmt: skip
    state, rows = np.zeros((len(PLANS), len(names))), []
    for step in range(wanted.shape[1]):
        rows.append(np.column_stack([np.eye(len(PLANS)), state]))
        state = MEMORY * state + wanted[:, step]
    weights = begin((len(PLANS) + len(names), 16, len(names)), seeds, 0.5)
    targets = wanted.swapaxes(0, 1).reshape(-1, len(names))
    train(weights, np.concatenate(rows), targets, Rule(0.05, 0.9, sweeps))
    return [carried_out([layer[net : net + 1] for layer in weights], names) for net in range(len(seeds))]


def carried_out(weights: Weights, names: Sequence[str]) -> float:
    """Return the share of plans that one network carries out."""
    state, said = np.zeros((len(PLANS), len(names))), [""] * len(PLANS)
    for _ in PLANS[0]:
        best = forward(weights, np.column_stack([np.eye(len(PLANS)), state]))[-1][0].argmax(axis=1)
        state = MEMORY * state + np.where(np.eye(len(names))[best] > 0, ON, OFF)
        said = [text + names[letter] for text, letter in zip(said, best, strict=True)]
    return float(np.mean([a == b for a, b in zip(said, PLANS, strict=True)]))


def run(effort: Effort) -> Outcome:
    """Exclusive-or in time, the letters of three syllables, and plans that become sequences."""
    plain = learned_bits(effort.seeds(8, 2), 2, effort.choose(300, 10))
    wide = learned_bits(effort.seeds(8, 2), 4, effort.choose(200, 120))
    vowels, consonants, errors, text = learned_letters(effort.seeds(5, 1), effort.choose(100, 40))
    plans = jordan(effort.seeds(10, 3))
    points = list(zip(range(1, 25), errors[:24].tolist(), strict=False))
    drawn = plot(
        [Curve("error", points, dots=True)],
        "Error along the letters",
        ("letter", "squared error"),
        reach=(0, 1),
    )
    return Outcome(
        [
            Gate("xor in time, 4 hidden units: error at the third bit over the others", PAPER, ratio(wide),
                 most=0.5, by="mean"),
            Gate("the same with the paper's 2 hidden units", "dips at each third bit", ratio(plain)),
            Gate("letters: accuracy on vowels", f"low error, {PAPER}", vowels.tolist(), least=0.99),
            Gate("letters: accuracy on consonants, which are random", "1 of 3", consonants.tolist(),
                 least=0.25, most=0.42),
            Gate("Jordan: share of 5 plans carried out without a mistake", "Jordan 1986 (unverified)", plans,
                 least=1, share=0.9),
        ],
        [Picture("Where a syllable begins", f"Error at each letter of {text[:24]}.", drawn)],
    )  # fmt: skip


def ratio(errors: Floats) -> list[float]:
    """Return the error at the third bit over the mean of the other two."""
    return [float(one) for one in errors[:, 2] / errors[:, :2].mean(axis=1)]
