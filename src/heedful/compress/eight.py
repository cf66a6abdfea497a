"""Linear maps in 8 bits: a scale for each output of the weights, and least and most for each row of inputs.

Rows are rounded one by one, so that what becomes of a row does not depend on its batch. Where the usual sizes
of the inputs are known, a part of them is moved into the weights, so that no input needs much more room than
the others (SmoothQuant, Xiao et al. 2023, equation 4). Shapes: N rows, K inputs, M outputs.
"""

import torch
from torch import Tensor, empty, int8, nn, uint8
from torch.nn.functional import linear, pad

from heedful.kernels.native import address, library

MOST, STEPS = 127, 255  # the largest whole number of a weight; the steps between a row's least and its most
LANES, QUAD = 16, 4  # outputs and inputs of one vector of the processor
SMALL = 1e-5  # sizes below are taken for this
CUTS = (1.0, 0.95, 0.9, 0.85, 0.8)  # how much of the largest weight is kept


class Linear8(nn.Module):
    """y = x W^T + b from whole numbers: by the native kernel, or by torch in fp32.

    `sizes` (K,) are the largest numbers that the inputs usually have.
    """

    times: Tensor | None  # (K,), for the inputs
    scale: Tensor  # (M,)
    whole: Tensor  # the weights, laid out for the kernel where there is one
    total: Tensor  # (M,), the sum of the whole numbers of each output
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None, sizes: Tensor | None = None) -> None:
        super().__init__()
        self.outputs, self.inputs = weight.shape
        self.native = library()
        weight, times = weight.detach().float(), None
        if sizes is not None:
            share = (sizes.clamp(min=SMALL) / weight.abs().amax(0).clamp(min=SMALL)).sqrt()
            weight, times = weight * share, 1 / share
        scale, whole = rounded_weights(weight)
        self.register_buffer("times", times)
        self.register_buffer("scale", scale)
        self.register_buffer("total", whole.sum(1, dtype=torch.int32).float())
        self.register_buffer("whole", whole if self.native is None else tiled(whole))
        self.register_buffer("bias", None if bias is None else bias.detach().float().clone())

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, M) for x (N, K)."""
        if self.native is None:
            x = x.float() if self.times is None else x.float() * self.times
            least, step, whole = rounded_rows(x)
            y = linear(whole.float(), self.whole.float()) * step + self.total * least  # (N, M)
            return y * self.scale + (0 if self.bias is None else self.bias)
        x, y = x.float().contiguous(), empty(len(x), self.outputs)
        self.native.heedful_linear8(
            x.data_ptr(), address(self.times), self.whole.data_ptr(), self.scale.data_ptr(),
            self.total.data_ptr(), address(self.bias), y.data_ptr(),
            len(x), self.inputs, self.outputs, torch.get_num_threads(),
        )  # fmt: skip
        return y


def rounded_weights(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the scale of each row (M,) and its values as whole numbers (M, K)."""
    most = weight.abs().amax(1).clamp(min=torch.finfo(torch.float32).tiny * MOST) / MOST
    scales = torch.stack([most * share for share in CUTS])  # cutting a few off makes the steps of all finer
    errors = torch.stack(
        [(near(weight, scale) * scale[:, None] - weight).square().sum(1) for scale in scales]
    )
    scale = scales.gather(0, errors.argmin(0, keepdim=True))[0]
    return scale, near(weight, scale).to(int8)


def near(weight: Tensor, scale: Tensor) -> Tensor:
    """Return the nearest whole numbers (M, K) of weights over their row's scale (M,)."""
    return (weight / scale[:, None]).round().clamp(-MOST, MOST)


def rounded_rows(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return least and step of each row (N, 1) and its values as whole numbers: x is least + step * whole."""
    least = x.amin(1, keepdim=True).clamp(max=0)
    reach = x.amax(1, keepdim=True).clamp(min=0) - least
    fine = torch.where(reach > 0, torch.full_like(reach, STEPS) / reach, 0)
    return least, reach / STEPS, ((x - least) * fine).round().to(uint8)


def tiled(whole: Tensor) -> Tensor:
    """Lay (M, K) out as the kernel reads it: (M / 16, K / 4, 16, 4), zeros at the ends."""
    outputs, inputs = whole.shape
    full = pad(whole, (0, -inputs % QUAD, 0, -outputs % LANES))
    return full.view(len(full) // LANES, LANES, -1, QUAD).transpose(1, 2).contiguous()
