"""Recurrent cells written out: the LSTM (Hochreiter and Schmidhuber 1997), the GRU (Cho 2014), and neither.

Shapes: S networks (seeds) side by side, B sequences of T steps, d inputs, h units; x (T, S or 1, B, d).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def drawn(seeds: Sequence[int], *shape: int, reach: float) -> nn.Parameter:
    """Return weights (S, ...) between -reach and reach; each network's come from its own seed."""
    generators = [torch.Generator().manual_seed(seed * 1000 + sum(shape)) for seed in seeds]
    rows = [torch.rand(shape, generator=generator) * 2 - 1 for generator in generators]
    return nn.Parameter(torch.stack(rows) * reach)


class Cell(nn.Module):
    """What all three share: `parts` times h numbers from input and state, and the loop."""

    parts = 1

    def __init__(self, inputs: int, units: int, seeds: Sequence[int]) -> None:
        super().__init__()
        self.units, reach, wide = units, units**-0.5, self.parts * units
        self.inward = drawn(seeds, inputs, wide, reach=reach)  # W, transposed
        self.across = drawn(seeds, units, wide, reach=reach)  # U, transposed
        self.bias = nn.Parameter(torch.zeros(len(seeds), 1, wide))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of all steps: (T, S, B, h)."""
        drives = x @ self.inward + self.bias
        h = c = drives.new_zeros(*drives.shape[1:-1], self.units)
        outputs = []
        for drive in drives:
            h, c = self.step(drive, h, c)
            outputs.append(h)
        return torch.stack(outputs)

    def step(self, drive: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next output and content (the plain network has no content): h' = tanh(W x + U h + b)."""
        return torch.tanh(drive + h @ self.across), c


class Lstm(Cell):
    """A cell whose content c changes by what the gates let in, keep and let out. Parts: i, f, g, o.

    i = sigma(W x + U h + b + p c), f and o alike (forget gate: Gers et al. 2000; peepholes p: 2002);
    c' = f c + i tanh(W x + U h + b); h' = o tanh(c'). A gate in `without` stands open (1).
    `admit` and `remember` are the first biases of the input and the forget gate.
    """

    parts = 4

    def __init__(
        self, inputs: int, units: int, seeds: Sequence[int], peepholes: bool = False,
        without: str = "", squash: bool = True, remember: float = 1.0, admit: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(inputs, units, seeds)
        self.without, self.squash = without, squash
        self.peep = drawn(seeds, 3, 1, units, reach=units**-0.5) if peepholes else None
        with torch.no_grad():
            self.bias[..., :units], self.bias[..., units : 2 * units] = admit, remember

    def step(self, drive: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return h' and c'."""
        i, f, g, o = (drive + h @ self.across).chunk(4, dim=-1)
        if self.peep is not None:
            i, f = i + self.peep[:, 0] * c, f + self.peep[:, 1] * c
        c = self.gate("f", f) * c + self.gate("i", i) * torch.tanh(g)
        if self.peep is not None:
            o = o + self.peep[:, 2] * c
        return self.gate("o", o) * (torch.tanh(c) if self.squash else c), c

    def gate(self, name: str, drive: Tensor) -> Tensor:
        """Return how far a gate is open."""
        return torch.ones_like(drive) if name in self.without else torch.sigmoid(drive)


class Gru(Cell):
    """Two gates and no content of its own. Parts: r, z, n, as in torch.

    n = tanh(W x + b + r (U h + b')); h' = (1 - z) n + z h
    """

    parts = 3

    def __init__(self, inputs: int, units: int, seeds: Sequence[int]) -> None:
        super().__init__(inputs, units, seeds)
        self.bias_across = nn.Parameter(torch.zeros_like(self.bias))

    def step(self, drive: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return h'."""
        (xr, xz, xn), (hr, hz, hn) = (
            part.chunk(3, dim=-1) for part in (drive, h @ self.across + self.bias_across)
        )
        z = torch.sigmoid(xz + hz)
        return (1 - z) * torch.tanh(xn + torch.sigmoid(xr + hr) * hn) + z * h, c


class Reader(nn.Module):
    """A cell and a linear map from its outputs."""

    def __init__(self, cell: Cell, outputs: int, seeds: Sequence[int]) -> None:
        super().__init__()
        self.cell = cell
        self.output = drawn(seeds, cell.units, outputs, reach=cell.units**-0.5)
        self.bias = nn.Parameter(torch.zeros(len(seeds), 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Return (T, S, B, outputs)."""
        outputs: Tensor = self.cell(x)
        return outputs @ self.output + self.bias
