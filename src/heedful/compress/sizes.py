"""How large the numbers are that come to each linear map, seen on random tokens: no text is needed."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn, randint

from heedful.core.attention import Packed
from heedful.core.config import TokenInput
from heedful.core.model import Transformer

SEQUENCES, TOKENS = 16, 64


@torch.inference_mode()
def usual_sizes(model: Transformer) -> dict[str, Tensor]:
    """Return the largest inputs (K,) of each linear map by its name, of models that read tokens."""
    config = model.config
    if not isinstance(config.first.input, TokenInput) or not isinstance(config.last.input, TokenInput):
        return {}
    found: dict[str, Tensor] = {}
    hooks = [
        part.register_forward_pre_hook(largest(found, name))
        for name, part in model.named_modules()
        if isinstance(part, nn.Linear)
    ]
    try:
        read(model, config.first.input, config.last.input)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def largest(found: dict[str, Tensor], name: str) -> Callable[[nn.Module, tuple[Tensor]], None]:
    """Return what keeps the largest sizes of a map's inputs."""

    def look(module: nn.Module, given: tuple[Tensor]) -> None:  # noqa: ARG001
        most = given[0].abs().amax(0)
        found[name] = torch.maximum(found[name], most) if name in found else most

    return look


def read(model: Transformer, first: TokenInput, last: TokenInput) -> None:
    """Let a model read random tokens, and write some after them where it writes."""
    chance = Generator().manual_seed(0)
    places = [TOKENS, *filter(None, (first.positions, last.positions))]
    layout = Packed((min(places),) * SEQUENCES)
    pair = [randint(one.vocab, (sum(layout.lengths),), generator=chance) for one in (first, last)]
    if model.encoder is not None and model.decoder is not None:
        x, out = model(pair[0], layout, (pair[1], layout))
    else:
        x, out = model(pair[0], layout)
    if model.head is not None:
        model.scores(x, out)
