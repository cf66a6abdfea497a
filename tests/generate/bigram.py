"""A model that is no transformer but can be written with: what comes next hangs on the last id alone."""

from collections.abc import Iterator, Sequence
from itertools import product

import torch
from torch import Tensor, nn

from heedful.core.attention import Packed
from heedful.generate.session import Memory


class Last:
    """The cache: how many tokens each row has read, and which of the memory's texts it belongs to."""

    def __init__(self, rows: int) -> None:
        self.past = [0] * rows
        self.texts: list[int] = list(range(rows))

    def choose(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order."""
        self.past, self.texts = [self.past[row] for row in rows], [self.texts[row] for row in rows]


class Bigram:
    """Scores (V, V) of each id after each; with a memory (B, V), a text's own are added."""

    places: int | None = 0

    def __init__(self, table: Tensor) -> None:
        self.table = nn.Parameter(table, requires_grad=False)
        self.text: Tensor | None = None

    def decoder(
        self, ids: Tensor, layout: Packed, *, memory: Memory | None = None, cache: Last | None = None
    ) -> tuple[Tensor, Packed]:
        """Return the scores after each id as its vector."""
        assert cache is not None
        cache.past = [past + new for past, new in zip(cache.past, layout.lengths, strict=True)]
        x = self.table[ids]
        if memory is not None:
            self.text = memory[0]
        if self.text is not None:
            x = x + self.text[torch.tensor(cache.texts)[layout.rows()]]
        return x, layout

    def scores(self, x: Tensor, layout: Packed) -> Tensor:
        """Return the vectors: they are scores."""
        assert len(layout.lengths) == len(x)
        return x.clone()

    def cache(self, rows: int, places: int) -> Last:
        """Return an empty cache."""
        assert places
        return Last(rows)

    def parameters(self) -> Iterator[nn.Parameter]:
        """Return the table."""
        return iter([self.table])

    def every(self, start: int, length: int, text: int = 0) -> list[tuple[float, list[int]]]:
        """Return all answers of a length with their log-probability, the best first."""
        table = self.table if self.text is None else self.table + self.text[text]
        own = table.log_softmax(-1)
        paths = [list(path) for path in product(range(len(table)), repeat=length)]
        sums = [sum(own[a, b].item() for a, b in zip([start, *path], path, strict=False)) for path in paths]
        return sorted(zip(sums, paths, strict=True), reverse=True)


def bigram(vocab: int, seed: int = 0) -> Bigram:
    """Return a random one."""
    return Bigram(torch.randn(vocab, vocab, generator=torch.Generator().manual_seed(seed)))
