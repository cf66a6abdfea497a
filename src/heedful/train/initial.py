"""The values that a model begins with."""

from torch import Generator, empty, nn, no_grad

from heedful.core.attention import Attention
from heedful.core.inputs import Tokens
from heedful.core.model import Stack
from heedful.train.shares import share
from heedful.train.team import ALONE, Team

STD = 0.02
ENDS = ("attention.output.weight", "cross.output.weight", "feedforward.down.weight")


def begin(module: nn.Module, seed: int, team: Team = ALONE) -> None:
    """Give an outlined module its memory, each process its share where they divide it, and first values."""
    team.divide(module)
    module.to_empty(device="cpu")
    initialise(module, seed)


@no_grad()
def initialise(module: nn.Module, seed: int) -> None:
    """Draw all maps and tables from N(0, 0.02); biases are 0, norms 1 (Radford et al. 2019, section 2.3).

    The maps that end a sublayer are divided by sqrt(2 depth), so that the sum over all blocks keeps its
    size; queries whose scores are not scaled are divided by sqrt(K) (Raffel et al. 2020). Token vectors that
    are multiplied by sqrt(W) come from N(0, 1 / W), so that places do not drown them.
    """
    generator = Generator().manual_seed(seed)
    scaled = [part for part in module.modules() if isinstance(part, Tokens) and part.config.scaled]
    stds = {part.token.weight: 1 / part.scale for part in scaled}
    for part in module.modules():
        for name, parameter in part.named_parameters(recurse=False):
            if name == "bias":
                parameter.zero_()
            elif isinstance(part, nn.LayerNorm | nn.RMSNorm):
                parameter.fill_(1.0)
            else:
                std = stds.get(parameter, STD)
                drawn = empty(parameter.shape).normal_(std=std, generator=generator)
                parameter.copy_(share(drawn, parameter))
    for stack in (part for part in module.modules() if isinstance(part, Stack)):
        for name, parameter in stack.named_parameters():
            if name.endswith(ENDS):
                parameter.div_((2 * stack.config.depth) ** 0.5)
        for part in stack.modules():
            if isinstance(part, Attention):
                part.query.weight.mul_(part.head_width**-0.5 / part.scale)
