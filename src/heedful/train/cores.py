"""All cores at work by one thread each, instead of one operation spread over all of them.

Threads inside an operation wait for each other at its end, many thousand times a second; when another
program takes a core, all of them wait for it. Threads that each do their own batch do not.
"""

import copy
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from heedful.core.attention import Attention
from heedful.core.block import Dropout
from heedful.train.batches import by_length

FEWEST = 8  # rows for which a thread of its own pays
MOST = 8  # copies

Objective = Callable[[nn.Module, Any], tuple[Tensor, float]]  # rows -> sum of their losses, how many counted


@contextmanager
def pool(threads: int | None = None, within: int = 1) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool with a thread for each core, in which each operation keeps to `within` threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(within)
    try:
        with ThreadPoolExecutor(threads or cores()) as executor:
            yield executor
    finally:
        torch.set_num_threads(before)


def side_by_side(lengths: Sequence[int], max_tokens: int, work: Callable[[list[int]], None]) -> None:
    """Call `work` with the rows of each batch of about `max_tokens`, on all cores.

    The largest come first, so that all threads end together.
    """
    batches = list(by_length(lengths, max_tokens))
    with pool() as threads:
        list(threads.map(work, reversed(batches)))


def cores() -> int:
    """Return the number of cores that are this process's share of what it may use."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, found // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def fitting(rows: int, threads: int, processes: int) -> int:
    """Return in how many parts a batch of `rows` is best cut for `processes` of `threads` each."""
    return max(processes, min(min(threads, MOST) * processes, rows // FEWEST))


class Replicas:
    """A module and copies of it that share its weights, so that the parts of a batch run side by side.

    The outcome depends on the number of parts, by rounding and by which dropout falls on which row; for one
    number of parts it is the same with any number of copies, but for the order in which gradients are added.
    """

    def __init__(
        self, module: nn.Module, parts: Sequence[int], total: int, seed: int, bf16: bool, threads: int
    ) -> None:
        self.parts, self.total, self.seed, self.bf16 = parts, total, seed, bf16
        self.modules = [module, *(sharing(module) for _ in range(min(len(parts), threads, MOST) - 1))]
        self.generators = [torch.Generator() for _ in self.modules]
        for replica, generator in zip(self.modules, self.generators, strict=True):
            draw_from(generator, replica)

    def train(self) -> None:
        """Put all of them into training mode."""
        for replica in self.modules:
            replica.train()

    def backward(
        self, objective: Objective, batch: Sequence[Any], step: int, threads: ThreadPoolExecutor,
        together: bool = False,
    ) -> tuple[float, float]:  # fmt: skip
        """Leave the gradient of the batch's summed loss in the first module; return sum and count.

        A part without rows is left out, or (`together`) run with a row that counts nothing.
        """
        count = len(self.modules)

        def work(place: int) -> list[tuple[float, float]]:
            found = []
            for part in self.parts[place::count]:
                self.generators[place].manual_seed(mixed(self.seed, step, part))
                rows = batch[part :: self.total] if part < self.total else batch[:0]
                if len(rows) or together:
                    with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
                        loss, counted = objective(self.modules[place], rows if len(rows) else batch[:1])
                    weight = float(len(rows) > 0)
                    (loss * weight).backward()  # type: ignore[no-untyped-call]
                    found.append((loss.item() * weight, counted * weight))
            return found

        done = threads.map(work, range(count)) if count > 1 else [work(0)]
        pairs = [pair for part in done for pair in part]
        self._gather(threads)
        return sum(loss for loss, _ in pairs), sum(counted for _, counted in pairs)

    def _gather(self, threads: ThreadPoolExecutor) -> None:
        """Add the copies' gradients to those of the first module, in their order, and drop them."""

        def add(parameters: tuple[nn.Parameter, ...]) -> None:
            mine, *others = parameters
            for other in others:
                if other.grad is not None:
                    mine.grad = other.grad if mine.grad is None else mine.grad.add_(other.grad)
                    other.grad = None

        if len(self.modules) > 1:
            list(threads.map(add, zip(*(one.parameters() for one in self.modules), strict=True)))


def draw_from(generator: torch.Generator, module: nn.Module) -> None:
    """Let a module's dropout draw its random numbers from one generator."""
    for part in module.modules():
        if isinstance(part, Dropout):
            part.generator = generator
        if isinstance(part, Attention):
            part.dropout = 0.0  # dropout on the weights would exclude the fused kernel


def sharing(module: nn.Module) -> nn.Module:
    """Return a copy whose weights lie in the same memory and whose gradients are its own."""
    other = copy.deepcopy(module)
    for mine, theirs in zip(other.parameters(), module.parameters(), strict=True):
        mine.data = theirs.data
    return other


def mixed(*numbers: int) -> int:
    """Return a seed of 62 bits that belongs to these numbers."""
    found = 0
    for number in numbers:
        found = (found ^ number) * 0x9E3779B97F4A7C15 + 0x7F4A7C15
        found = (found ^ (found >> 31)) & ((1 << 62) - 1)
    return found
