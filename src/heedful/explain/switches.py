"""Four parts of a stack that can be turned off while it runs, by small changes that are undone afterwards."""

from collections.abc import Callable, Iterator, Set
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import combinations

from torch import Tensor, nn

from heedful.core.attention import Attention
from heedful.core.block import Block
from heedful.core.config import StackConfig, TokenInput
from heedful.core.model import Stack
from heedful.core.positions import Places

SWITCHES = ("scale", "positions", "mask", "residual")
Flipped = frozenset[str]


def able(stack: Stack) -> tuple[str, ...]:
    """Return the switches that make a difference in this stack."""
    scaled = any(one.scale != 1.0 for one in stack.modules() if isinstance(one, Attention))
    missing = {*(() if scaled else ("scale",)), *(() if kinds(stack.config) else ("positions",))}
    return tuple(name for name in SWITCHES if name not in missing)


def kinds(config: StackConfig) -> tuple[str, ...]:
    """Return where positions act: added to the input, turning query and key, shifting the scores."""
    added = isinstance(config.input, TokenInput) and config.input.placed != "none"
    turned = config.rotary is not None or config.local_rotary is not None
    shifted = config.relative is not None or config.alibi
    pairs = (("added", added), ("turned", turned), ("shifted", shifted))
    return tuple(name for name, there in pairs if there)


def combined(switches: tuple[str, ...]) -> list[Flipped]:
    """Return every set of flipped switches, the untouched model first."""
    sizes = range(len(switches) + 1)
    return [frozenset(chosen) for size in sizes for chosen in combinations(switches, size)]


@contextmanager
def flipped(stack: Stack, chosen: Set[str]) -> Iterator[None]:
    """Run the stack without scale, positions or residual; "mask" takes a causal mask away, or puts one on."""
    with ExitStack() as undo:
        if chosen & {"positions", "mask"}:
            put(undo, stack, "places", places(stack, chosen))
        if "positions" in chosen and isinstance(stack.config.input, TokenInput):
            put(undo, stack.input, "position", None)
            put(undo, stack.input, "config", replace(stack.config.input, placed="none"))
        for block in stack.blocks:
            assert isinstance(block, Block)
            if "scale" in chosen:
                assert isinstance(block.attention, Attention)
                put(undo, block.attention, "scale", 1.0)
            if "residual" in chosen:
                vars(block)["add"] = bare(block)
                undo.callback(vars(block).pop, "add")
        yield


def put(undo: ExitStack, owner: nn.Module, name: str, value: object) -> None:
    """Set an attribute until `undo` closes."""
    undo.callback(setattr, owner, name, getattr(owner, name, None))
    setattr(owner, name, value)


def places(stack: Stack, chosen: Set[str]) -> Places:
    """Return what tells the tokens who sees whom, changed as `chosen` says."""
    config, own = stack.config, stack.places
    if "mask" in chosen:
        config = replace(config, causal=not config.causal)
    if "positions" in chosen:
        config = replace(config, rotary=None, local_rotary=None, relative=None, alibi=False)
    made = Places(config)
    if config.relative is not None:
        made.relative = own.relative
    vars(made)["shift"] = own.shift  # shifts as learned, whatever the mask
    return made


def bare(block: Block) -> Callable[[Tensor, Callable[[Tensor], Tensor], nn.Module], Tensor]:
    """Return the block's `add` without the x that it adds."""

    def add(x: Tensor, sublayer: Callable[[Tensor], Tensor], norm: nn.Module) -> Tensor:
        return norm(sublayer(x)) if block.post else sublayer(norm(x))

    return add
