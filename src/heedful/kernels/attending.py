"""Attention of one new token in each row over what a cache holds: the native kernel's part of `attend`."""

import torch
from torch import Tensor, empty, float32

from heedful.core import attention
from heedful.core.attention import Reach
from heedful.kernels.native import address, library

LANES = 16  # numbers of a vector of the processor


def attend(
    query: Tensor, key: Tensor, value: Tensor, reach: Reach, scale: float, dropout: float = 0.0
) -> Tensor:
    """Do what `heedful.core.attention.attend` does; the kernel takes steps of one token, torch the rest."""
    native, (bias, *others) = library(), reach.biases
    plain = (
        query.dtype == key.dtype == float32
        and query.device.type == "cpu"
        and key.dim() == 4
        and query.shape[-1] % LANES == 0
    )
    if native is None or others or reach.runs[0][1] != 1 or not plain or attention.WATCHER.get() is not None:
        return attention.attend(query, key, value, reach, scale, dropout)
    (rows, heads, width), span = query.shape, reach.runs[0][2]
    query, y = query.contiguous(), empty(query.shape)
    bias = None if bias is None else bias.contiguous()
    visible = bias if bias is not None and bias.dtype == torch.bool else None
    shift = None if bias is None or visible is not None else bias
    native.heedful_attend(
        query.data_ptr(), key.data_ptr(), value.data_ptr(), address(visible), step(visible, 0),
        address(shift), step(shift, 0), step(shift, 1), y.data_ptr(),
        rows, heads, key.shape[2], width, key.stride(0), span, scale, torch.get_num_threads(),
    )  # fmt: skip
    return y


def step(x: Tensor | None, dimension: int) -> int:
    """Return how far the next one lies, 0 where there is one for all."""
    return 0 if x is None or x.shape[dimension] == 1 else x.stride(dimension)
