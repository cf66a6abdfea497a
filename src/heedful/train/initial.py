"""The values that a model begins with."""

from torch import Generator, nn

from heedful.core.attention import Attention
from heedful.core.model import Stack, Transformer

STD = 0.02
ENDS = ("attention.output.weight", "cross.output.weight", "feedforward.down.weight")


def initialise(model: Transformer, seed: int) -> None:
    """Draw all maps and tables from N(0, 0.02); biases are 0, norms 1 (Radford et al. 2019, section 2.3).

    The maps that end a sublayer are divided by sqrt(2 depth), so that the sum over all blocks keeps its
    size; queries whose scores are not scaled are divided by sqrt(K) (Raffel et al. 2020).
    """
    generator = Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding | nn.Conv1d | nn.Conv2d):
            nn.init.normal_(module.weight, std=STD, generator=generator)
        if getattr(module, "bias", None) is not None and isinstance(module.bias, nn.Parameter):
            nn.init.zeros_(module.bias)
    for stack in (part for part in model.modules() if isinstance(part, Stack)):
        for name, parameter in stack.named_parameters():
            if name.endswith(ENDS):
                parameter.data.div_((2 * stack.config.depth) ** 0.5)
        for part in stack.modules():
            if isinstance(part, Attention):
                part.query.weight.data.mul_(part.head_width**-0.5 / part.scale)
