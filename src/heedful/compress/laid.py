"""Weights laid out once for the way a processor reads them, where a few rows meet large matrices: decoding.

Shapes: N rows (sequences, or beams, of one token each), K inputs and M outputs of a linear map.
"""

import copy
from collections.abc import Callable
from threading import Lock
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from heedful.compress.eight import Linear8
from heedful.compress.sizes import usual_sizes
from heedful.core.attention import Attention
from heedful.core.model import Transformer
from heedful.kernels.attending import attend

FEW, MANY = 2, 96  # rows for which the layout pays; for one the weights are read once anyway
LARGEST = 2 << 30  # bytes of weights that are kept twice

Make = Callable[[nn.Linear, str], nn.Module]  # of a linear map and its name


class Laid(nn.Module):
    """y = x W^T + b in fp32; W lies in blocks that fit a processor's registers (oneDNN's layout)."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight, self.bias = weight.detach(), None if bias is None else bias.detach()
        self.blocks = torch.ops.mkldnn._reorder_linear_weight(self.weight, None)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, M) for x (N, K)."""
        if not FEW <= len(x) <= MANY:
            return linear(x, self.weight, self.bias)
        y: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.blocks, self.bias, "none", [], "")
        return y


def fits(model: nn.Module) -> bool:
    """Are the weights such as are laid out: fp32, on a processor that can, and not too many?"""
    able = bool(torch._C._has_mkldnn) and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    weights = list(model.parameters())
    plain = all(one.dtype == torch.float32 and one.device.type == "cpu" for one in weights)
    return able and plain and 4 * sum(one.numel() for one in weights) <= LARGEST


class Swift:
    """A model whose weights rest, in the form that suits the number of rows; laid out anew if they change."""

    def __init__(self, model: Transformer) -> None:
        self.plain = model
        self.laid: Transformer | None = None
        self.seen: list[tuple[int, int]] = []  # how often each weight had been changed, and where it lay
        self.making = Lock()  # several threads may ask at once

    def model(self, rows: int) -> Transformer:
        """Return the form that takes steps of so many rows fastest."""
        if rows < FEW or not fits(self.plain):
            return self.plain
        with self.making:
            now = [changes(one) for one in self.plain.parameters()]
            if self.laid is None or now != self.seen:
                self.laid, self.seen = laid(self.plain), now
            return self.laid


def changes(weight: Tensor) -> tuple[int, int]:
    """Return how often a weight was changed (not counted of inference tensors), and where it lies."""
    return 0 if weight.is_inference() else weight._version, weight.data_ptr()


def laid(model: Transformer) -> Transformer:
    """Return a model of the same numbers that writes faster; it shares the weights, which must not change.

    The encoder, which reads many tokens at once, stays as it is.
    """
    return replaced(model, lambda linear, _: Laid(linear.weight, linear.bias), kept=model.encoder)


def in_eight_bits(model: Transformer) -> Transformer:
    """Return a model whose linear maps are in 8 bits; tables of tokens, norms and attention stay in fp32."""
    sizes = usual_sizes(model)
    return replaced(model, lambda linear, name: Linear8(linear.weight, linear.bias, sizes.get(name)))


@torch.no_grad()
def replaced(model: Transformer, make: Make, kept: nn.Module | None = None) -> Transformer:
    """Return a copy with other linear maps and attention that shares the rest; a tied head gets a map."""
    shared: dict[int, object] = {id(one): one for one in model.parameters()}
    other = copy.deepcopy(model, shared | {id(kept): kept})
    left = set() if kept is None else set(kept.modules())
    for path, part in [(path, one) for path, one in other.named_modules() if one not in left]:
        for name, child in list(part.named_children()):
            if isinstance(child, nn.Linear):
                setattr(part, name, make(child, f"{path}.{name}"))
        if isinstance(part, Attention):
            part.attend = attend
    if other.head is not None and other.head.config.tied:
        tied = nn.Linear(1, 1, bias=False)
        tied.weight = nn.Parameter(other.table)
        tied.register_parameter("bias", other.head.bias)
        other.head.output = cast(nn.Linear, make(tied, "head.output"))
    return other.eval()
