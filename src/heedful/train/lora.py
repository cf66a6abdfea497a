"""Low-rank adaptation: small matrices learn beside frozen ones (Hu et al. 2022, section 4.1)."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from heedful.errors import ConfigError

BLOCKS = ".blocks."
HEADS = ("head", "after")  # modules that stand behind the stack
STRENGTH = 2.0  # alpha / rank, where alpha is not given
LIFT = 20.0  # low-rank updates learn about as well at so many times the rate (measured on TREC)


def peak_rate(given: float | None, usual: float, rank: int) -> float:
    """Return the learning rate that was given; else the usual one of all weights, or of low-rank updates."""
    return given if given is not None else usual * LIFT if rank else usual


class LowRank(nn.Linear):
    """x W^T + b + scale (x A^T) B^T: `weight` W and `bias` b as they were, `narrow` A, `widen` B, first 0.

    A is drawn with standard deviation 1 / sqrt(width), so that x A^T is about as large as x.
    """

    def __init__(self, plain: nn.Linear, rank: int, scale: float, random: torch.Generator) -> None:
        out, width = plain.weight.shape
        super().__init__(width, out, plain.bias is not None, device="meta")
        self.weight, self.bias = plain.weight, plain.bias
        self.scale = scale
        drawn = torch.randn(rank, width, generator=random) / width**0.5
        self.narrow = nn.Parameter(drawn.to(plain.weight))
        self.widen = nn.Parameter(plain.weight.new_zeros(out, rank))

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., out) for x (..., width)."""
        return super().forward(x) + self.scale * linear(linear(x, self.narrow), self.widen)

    def merged(self) -> nn.Linear:
        """Return the plain map W + scale B A."""
        plain = nn.Linear(self.in_features, self.out_features, self.bias is not None, device="meta")
        with torch.no_grad():
            weight = self.weight + self.scale * (self.widen @ self.narrow)
        plain.weight = nn.Parameter(weight, self.weight.requires_grad)
        plain.bias = self.bias
        return plain.train(self.training)


def is_head(name: str) -> bool:
    """Does a parameter of this name belong to what stands behind the stack?"""
    return any(part in HEADS for part in name.split("."))


def add_lora(
    module: nn.Module,
    rank: int,
    seed: int,
    alpha: float | None = None,
    keep: Callable[[str], bool] = is_head,
) -> None:
    """Give each linear map inside the blocks a learned sum of `rank` outer products; nothing else learns.

    The sum counts `alpha` / `rank` times (None: 2 times) and is 0 at first. Parameters whose name `keep` says
    yes to go on learning: those of the heads. To save the module, fold the sums in with `merge_lora`.
    """
    inside = [(name, part) for name, part in module.named_modules() if BLOCKS in f".{name}."]
    maps = {name: part for name, part in inside if isinstance(part, nn.Linear)}
    scale = STRENGTH if alpha is None else alpha / rank if rank else 0.0
    check(maps, rank, scale)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and keep(name))
    random = torch.Generator().manual_seed(seed)
    for name, plain in maps.items():
        replace(module, name, LowRank(plain, rank, scale, random).train(plain.training))


@contextmanager
def adapted(module: nn.Module, rank: int, seed: int, keep: Callable[[str], bool] = is_head) -> Iterator[None]:
    """Train inside the block with `add_lora`'s small matrices, then fold them in (rank 0: without)."""
    if rank:
        add_lora(module, rank, seed, keep=keep)
    yield
    if rank:
        merge_lora(module)


def merge_lora(module: nn.Module) -> None:
    """Fold what the small matrices learned into plain linear maps, named as before."""
    for name, part in list(module.named_modules()):
        if isinstance(part, LowRank):
            replace(module, name, part.merged())


def lora_parameters(module: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield the small matrices with their names, two for each map."""
    for name, part in module.named_modules():
        if isinstance(part, LowRank):
            yield f"{name}.narrow", part.narrow
            yield f"{name}.widen", part.widen


def check(maps: dict[str, nn.Linear], rank: int, scale: float) -> None:
    """Raise ConfigError for what cannot be adapted."""
    if not maps:
        raise ConfigError("LoRA found no linear map inside blocks; expected a transformer.")
    if any(isinstance(plain, LowRank) for plain in maps.values()):
        raise ConfigError("this model has LoRA's matrices already. Fold them in with merge_lora first.")
    most = min(min(plain.weight.shape) for plain in maps.values())
    if isinstance(rank, bool) or not isinstance(rank, int) or not 1 <= rank <= most:
        raise ConfigError(f"found a LoRA rank of {rank!r}; expected a whole number from 1 to {most}.")
    if not 0 < scale < math.inf:
        raise ConfigError(f"alpha / rank is {scale}; expected more than 0.")


def replace(module: nn.Module, name: str, part: nn.Module) -> None:
    """Put another module in the place of that name."""
    parent, _, last = name.rpartition(".")
    setattr(module.get_submodule(parent), last, part)
