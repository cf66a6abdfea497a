"""A model's shapes before any of its values."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import init
from torch.overrides import TorchFunctionMode

from heedful.core.config import TransformerConfig
from heedful.core.model import Transformer
from heedful.errors import CheckpointError

FILLS = (init.normal_, init.uniform_, init.kaiming_uniform_, Tensor.normal_)


class Unfilled(TorchFunctionMode):
    """Leaves out the random numbers that new modules begin with (without values, they cost torch seconds)."""

    def __torch_function__(
        self, call: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if call in FILLS:
            return args[0] if args else given["tensor"]
        return call(*args, **given)


def outline(config: TransformerConfig, source: str) -> Transformer:
    """Return a model that has shapes but no values: sizes are compared before any memory is taken."""
    try:
        with torch.device("meta"), Unfilled():
            return Transformer(config)
    except (RuntimeError, TypeError, OverflowError):  # of sizes whose product does not fit 64 bits
        raise CheckpointError(
            f"{source}: config.json asks for more values than can be counted. The file is damaged."
        ) from None
