"""Which sequences go through the model together."""

from collections.abc import Iterator, Sequence

import numpy as np

POOL = 50  # batches that `alike` orders by length together


def by_length(lengths: Sequence[int], max_tokens: int) -> Iterator[list[int]]:
    """Yield row numbers in order of length, about `max_tokens` tokens at a time: for encoding."""
    batch: list[int] = []
    total = 0
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and total + lengths[row] > max_tokens:
            yield batch
            batch, total = [], 0
        batch.append(row)
        total += lengths[row]
    if batch:
        yield batch


def shuffled(lengths: Sequence[int], rows: int, random: np.random.Generator) -> list[list[int]]:
    """Return all row numbers in random batches of `rows`, each ordered by length inside: for training."""
    order = random.permutation(len(lengths)).tolist()
    batches = [order[start : start + rows] for start in range(0, len(order), rows)]
    return [sorted(batch, key=lengths.__getitem__) for batch in batches]


def alike(lengths: Sequence[int], rows: int, random: np.random.Generator) -> list[list[int]]:
    """Return all row numbers in batches of near-equal length, in random order: for a model that pads."""
    order = random.permutation(len(lengths)).tolist()
    pools = [order[start : start + POOL * rows] for start in range(0, len(order), POOL * rows)]
    ranked = [row for pool in pools for row in sorted(pool, key=lengths.__getitem__)]
    batches = [ranked[start : start + rows] for start in range(0, len(ranked), rows)]
    return [batches[i] for i in random.permutation(len(batches))]
