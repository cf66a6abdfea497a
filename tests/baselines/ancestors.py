"""Small pairs of ids, ways to read and write with an ancestor of the transformer, and a short training."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from heedful.baselines.recurrent import Recurrent, RecurrentConfig, initialise
from heedful.core.attention import Packed
from heedful.core.inputs import pack
from heedful.core.model import last
from heedful.train.objectives import sequence_to_sequence
from heedful.types import Ints

Pair = tuple[Ints, Ints]
END, START = 1, 0
SOURCES = [[3, 7, 5, 2], [4], [9, 8, 7, 6, 5, 4, 3], [2, 2, 6]]
TARGETS = [[0, 5, 6], [0, 2, 3, 4, 9], [0], [0, 8, 8, 3]]


def made(kind: Callable[[RecurrentConfig], Recurrent], seed: int = 0, **settings: object) -> Recurrent:
    """Return a tiny model in float64, ready to be asked; `settings` change its config."""
    sizes = {"vocab": 10, "width": 6, **settings}
    model = kind(RecurrentConfig(**sizes))  # type: ignore[arg-type]
    initialise(model, seed)
    return model.double().eval()


def scored(model: Recurrent, sources: list[list[int]], targets: list[list[int]]) -> list[Tensor]:
    """Return the scores (T, V) of each pair, all read in one batch."""
    x, layout = model(*pack(sources), pack(targets))
    return list(model.scores(x, layout).split(list(layout.lengths)))


@torch.inference_mode()
def written(model: Recurrent, sources: list[list[int]], most: int) -> list[list[int]]:
    """Return what the model writes when it takes the best token at each step, without the end."""
    cache = model.cache(len(sources), most)
    memory, new, done = model.encoder(*pack(sources)), [[START]] * len(sources), []
    for _ in range(most):
        ids, layout = pack(new)
        x, layout = model.decoder(ids, layout, memory=memory, cache=cache)
        best = model.scores(last(x, layout), Packed((1,) * len(sources))).argmax(-1).tolist()
        memory, new = None, [[id] for id in best]
        done.append(best)
    rows = [list(row) for row in zip(*done, strict=True)]
    return [row[: row.index(END)] if END in row else row for row in rows]


def learned(model: Recurrent, draw: Callable[[np.random.Generator], Pair], steps: int, rate: float) -> None:
    """Train on fresh pairs, 32 at a time, with AdamW and a rate that falls to 0."""
    optimizer = torch.optim.AdamW(model.parameters(), rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)
    random = np.random.default_rng(0)
    for _ in range(steps):
        total, count = sequence_to_sequence(model, [draw(random) for _ in range(32)], START)  # type: ignore[arg-type]
        optimizer.zero_grad()
        (total / count).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
