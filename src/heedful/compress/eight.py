"""Linear maps in 8 bits: weights with one scale for each output, inputs with one for each row.

Rows are rounded one by one, so that what becomes of a row does not depend on its batch (LLM.int8(), Dettmers
et al. 2022, calls this vector-wise quantisation). Shapes: N rows, K inputs, M outputs.
"""

import torch
from torch import Tensor, empty, int8, int32, nn, zeros
from torch.nn.functional import linear, pad

from heedful.kernels.native import library

MOST = 127  # the largest whole number
LANES, QUAD = 16, 4  # outputs and inputs of one vector of the processor
ALIGNED = 64  # bytes


class Linear8(nn.Module):
    """y = x W^T + b from whole numbers: by the native kernel, or by torch in fp32."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.outputs, self.inputs = weight.shape
        self.scale, whole = rounded(weight.detach().float())  # (M, 1), (M, K)
        self.bias = None if bias is None else bias.detach().float()
        self.native = library()
        if self.native is None:
            self.whole = whole
            return
        self.start = (-128 * whole.sum(1, dtype=int32)).contiguous()  # rows are stored from 1 to 255
        self.whole = tiled(whole)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, M) for x (N, K)."""
        if self.native is None:
            scale, whole = rounded(x.float())
            return linear(whole.float(), self.whole.float()) * scale * self.scale.T + (
                0 if self.bias is None else self.bias
            )
        x, y = x.contiguous(), empty(len(x), self.outputs)
        bias = None if self.bias is None else self.bias.data_ptr()
        self.native.heedful_linear8(
            x.data_ptr(), self.whole.data_ptr(), self.scale.data_ptr(), self.start.data_ptr(), bias,
            y.data_ptr(), len(x), self.inputs, self.outputs, torch.get_num_threads(),
        )  # fmt: skip
        return y


def rounded(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the scale of each row (R, 1) and its values as whole numbers (R, K)."""
    most = x.abs().amax(1, keepdim=True)
    times = torch.where(most > 0, torch.full_like(most, MOST) / most, 0)  # `MOST / most` rounds twice
    return most / MOST, (x * times).round().to(int8)


def tiled(whole: Tensor) -> Tensor:
    """Lay (M, K) out as the kernel reads it: (M / 16, K / 4, 16, 4) on a boundary of 64 bytes."""
    outputs, inputs = whole.shape
    full = pad(whole, (0, -inputs % QUAD, 0, -outputs % LANES))
    tiles = full.view(len(full) // LANES, LANES, -1, QUAD).transpose(1, 2)
    room = zeros(tiles.numel() + ALIGNED, dtype=int8)
    start = -room.data_ptr() % ALIGNED
    found = room[start : start + tiles.numel()].view(tiles.shape)
    return found.copy_(tiles)
