"""The tasks by which Hochreiter and Schmidhuber (1997) showed long memory: sequences and what they ask for.

Shapes: T steps, B sequences; inputs (T, 1, B, d), where the 1 stands for all networks.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Generator, Tensor, rand, randint, zeros
from torch.nn.functional import one_hot

SYMBOLS = "BTPSXVE"
GRAPH = {  # Reber's grammar: from a node, a symbol leads to a node
    0: {"B": 1}, 1: {"T": 2, "P": 3}, 2: {"S": 2, "X": 4}, 3: {"T": 3, "V": 5}, 4: {"X": 3, "S": 6},
    5: {"P": 4, "V": 6}, 6: {"E": 7},
}  # fmt: skip
LAST = 7
DISTRACTORS = 4


@dataclass(frozen=True)
class Strings:
    """B strings of the embedded grammar: symbols (T, 1, B, 7), what may follow each (T, B, 7), masks (T, B).

    `inside` is true up to the last symbol that is to be predicted, `outer` where the second symbol returns.
    """

    x: Tensor
    legal: Tensor
    following: Tensor
    inside: Tensor
    outer: Tensor


def walk(generator: Generator) -> list[tuple[str, str]]:
    """Return a string of the plain grammar: each symbol with all that might have stood there."""
    node, found = 0, []
    while node != LAST:
        ways = list(GRAPH[node])
        symbol = ways[int(randint(len(ways), (1,), generator=generator))]
        found.append((symbol, "".join(ways)))
        node = GRAPH[node][symbol]
    return found


def embedded(generator: Generator) -> list[tuple[str, str]]:
    """Return B, then T or P, a string of the grammar, the same T or P again, and E."""
    side = "TP"[int(randint(2, (1,), generator=generator))]
    return [("B", "B"), (side, "TP"), *walk(generator), (side, side), ("E", "E")]


def reber(batch: int, generator: Generator) -> Strings:
    """Draw strings; the symbol at place t is to be predicted from those before."""
    some = [embedded(generator) for _ in range(batch)]
    steps = max(map(len, some)) - 1
    x, legal = zeros(steps, batch, len(SYMBOLS)), zeros(steps, batch, len(SYMBOLS))
    following, inside = zeros(steps, batch, dtype=torch.int64), zeros(steps, batch, dtype=torch.bool)
    outer = torch.zeros_like(inside)
    for column, string in enumerate(some):
        for t, ((symbol, _), (after, ways)) in enumerate(pairwise(string)):
            x[t, column, SYMBOLS.index(symbol)] = 1
            for way in ways:
                legal[t, column, SYMBOLS.index(way)] = 1
            following[t, column], inside[t, column] = SYMBOLS.index(after), True
        outer[len(string) - 3, column] = True
    return Strings(x[:, None], legal, following, inside, outer)


def adding(batch: int, steps: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Draw values in [-1, 1] of which two are marked, and 0.5 + (X1 + X2) / 4: (T, 1, B, 2) and (B,).

    The length is T to 1.1 T, one for all; the marks lie in the first ten steps and before the middle.
    """
    length = steps + int(randint(steps // 10 + 1, (1,), generator=generator))
    values = rand(length, batch, generator=generator) * 2 - 1
    marks, columns = zeros(length, batch), torch.arange(batch)
    first = randint(10, (batch,), generator=generator)
    second = randint(steps // 2 - 1, (batch,), generator=generator)
    second = torch.where(second == first, second + 1, second)
    marks[0], marks[-1] = -1, -1
    marks[first, columns] = marks[second, columns] = 1
    values[0] = torch.where(first == 0, values[0], torch.zeros(()))
    wanted = 0.5 + (values[first, columns] + values[second, columns]) / 4
    return torch.stack([values, marks], dim=-1)[:, None], wanted


def order(batch: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Draw noise with an X or Y early and another late (experiment 6a), and which of four pairs it was."""
    length = 100 + int(randint(11, (1,), generator=generator))
    symbols = randint(DISTRACTORS, (length, batch), generator=generator)
    columns, pair = torch.arange(batch), randint(2, (2, batch), generator=generator)
    for one, start in zip(pair, (10, 50), strict=True):
        symbols[start + randint(11, (batch,), generator=generator), columns] = DISTRACTORS + one
    symbols[0], symbols[-1] = DISTRACTORS + 2, DISTRACTORS + 3
    return one_hot(symbols, DISTRACTORS + 4).float()[:, None], pair[0] * 2 + pair[1]
