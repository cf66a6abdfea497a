"""The LSTM (Hochreiter and Schmidhuber 1997; forget gate: Gers 2000; peepholes: Gers 2002) and the GRU (Cho 2014).

Shapes: B sequences of T steps, d inputs, h units; x (T, B, d), states (B, h).
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

GATES = ("input", "forget", "output")


def drawn(generator: torch.Generator, *shape: int, reach: float) -> nn.Parameter:
    """Return weights between -reach and reach."""
    return nn.Parameter((torch.rand(shape, generator=generator) * 2 - 1) * reach)


class Lstm(nn.Module):
    """A cell whose content c changes by what the gates let in, keep and let out.

    i = sigma(W x + U h + p c)   f, o likewise        c' = f c + i tanh(W x + U h)        h' = o tanh(c')

    A gate named in `without` is open for good (1). The rows of W, U and b are in torch's order: i, f, g, o.
    """

    def __init__(
        self, inputs: int, units: int, generator: torch.Generator, peepholes: bool = False,
        without: tuple[str, ...] = (), squash: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        reach = units**-0.5
        self.units, self.without, self.squash = units, without, squash
        self.inward = drawn(generator, 4 * units, inputs, reach=reach)
        self.across = drawn(generator, 4 * units, units, reach=reach)
        self.bias = nn.Parameter(torch.zeros(4 * units))
        self.peep = drawn(generator, 3, units, reach=reach) if peepholes else None

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return h' and c' (B, h) for W x + b (B, 4 h)."""
        i, f, g, o = (x + h @ self.across.T).chunk(4, dim=-1)
        if self.peep is not None:
            i, f = i + self.peep[0] * c, f + self.peep[1] * c
        i, f = self.gate("input", i), self.gate("forget", f)
        c = f * c + i * torch.tanh(g)
        if self.peep is not None:
            o = o + self.peep[2] * c
        return self.gate("output", o) * (torch.tanh(c) if self.squash else c), c

    def gate(self, name: str, drive: Tensor) -> Tensor:
        """Return how far a gate is open."""
        return torch.ones_like(drive) if name in self.without else torch.sigmoid(drive)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs h of all steps: (T, B, h)."""
        h = c = x.new_zeros(x.shape[1], self.units)
        outputs = []
        for step in x @ self.inward.T + self.bias:
            h, c = self.step(step, h, c)
            outputs.append(h)
        return torch.stack(outputs)


class Gru(nn.Module):
    """A cell with two gates and no content of its own; torch's order and form: r, z, n.

    n = tanh(W x + r (U h + b))        h' = (1 - z) n + z h
    """

    def __init__(self, inputs: int, units: int, generator: torch.Generator) -> None:
        super().__init__()
        reach = units**-0.5
        self.units = units
        self.inward = drawn(generator, 3 * units, inputs, reach=reach)
        self.across = drawn(generator, 3 * units, units, reach=reach)
        self.bias, self.bias_across = (nn.Parameter(torch.zeros(3 * units)) for _ in range(2))

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        """Return h' (B, h) for W x + b (B, 3 h)."""
        (xr, xz, xn), (hr, hz, hn) = x.chunk(3, -1), (h @ self.across.T + self.bias_across).chunk(3, -1)
        z = torch.sigmoid(xz + hz)
        return (1 - z) * torch.tanh(xn + torch.sigmoid(xr + hr) * hn) + z * h

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of all steps: (T, B, h)."""
        h, outputs = x.new_zeros(x.shape[1], self.units), []
        for step in x @ self.inward.T + self.bias:
            h = self.step(step, h)
            outputs.append(h)
        return torch.stack(outputs)


class Simple(nn.Module):
    """The plain recurrent network: h' = tanh(W x + U h + b)."""

    def __init__(self, inputs: int, units: int, generator: torch.Generator) -> None:
        super().__init__()
        reach = units**-0.5
        self.units = units
        self.inward = drawn(generator, units, inputs, reach=reach)
        self.across = drawn(generator, units, units, reach=reach)
        self.bias = nn.Parameter(torch.zeros(units))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of all steps: (T, B, h)."""
        h, outputs = x.new_zeros(x.shape[1], self.units), []
        for step in x @ self.inward.T + self.bias:
            h = torch.tanh(step + h @ self.across.T)
            outputs.append(h)
        return torch.stack(outputs)
