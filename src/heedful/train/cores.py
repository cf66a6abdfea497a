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

from heedful.core.block import Dropout

FEWEST = 8  # rows for which a thread of its own pays
MOST = 8  # copies


@contextmanager
def pool() -> Iterator[ThreadPoolExecutor]:
    """Yield a pool with a thread for each core, in which each operation keeps to its own thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(cores()) as threads:
            yield threads
    finally:
        torch.set_num_threads(before)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Replicas:
    """A module and copies of it that share its weights, so that a batch can be divided among threads.

    The outcome depends on their number, by rounding and by which dropout falls on which row, not on chance.
    """

    def __init__(self, module: nn.Module, rows: int) -> None:
        count = max(1, min(cores(), rows // FEWEST, MOST))
        self.modules = [module, *(sharing(module) for _ in range(count - 1))]
        for replica in self.modules:
            generator = torch.Generator().manual_seed(int(torch.randint(1 << 62, ())))
            for part in replica.modules():
                if isinstance(part, Dropout):
                    part.generator = generator

    def train(self) -> None:
        """Put all of them into training mode."""
        for replica in self.modules:
            replica.train()

    def backward(
        self, loss: Callable[[nn.Module, Any], Tensor], batch: Sequence[Any], threads: ThreadPoolExecutor
    ) -> float:
        """Leave the gradient of the batch's mean loss in the first module and return that loss."""
        shards = [batch[i :: len(self.modules)] for i in range(len(self.modules))]
        jobs = [(module, shard) for module, shard in zip(self.modules, shards, strict=True) if len(shard)]

        def work(job: tuple[nn.Module, Sequence[Any]]) -> float:
            value = loss(*job) * (len(job[1]) / len(batch))
            value.backward()  # type: ignore[no-untyped-call]
            return value.item()

        total = sum(threads.map(work, jobs)) if len(jobs) > 1 else work(jobs[0])
        for module, _ in jobs[1:]:
            gather(self.modules[0], module)
        return total


def sharing(module: nn.Module) -> nn.Module:
    """Return a copy whose weights lie in the same memory and whose gradients are its own."""
    other = copy.deepcopy(module)
    for mine, theirs in zip(other.parameters(), module.parameters(), strict=True):
        mine.data = theirs.data
    return other


def gather(target: nn.Module, source: nn.Module) -> None:
    """Add the gradients of `source` to those of `target` and drop them."""
    for mine, theirs in zip(target.parameters(), source.parameters(), strict=True):
        if theirs.grad is not None:
            mine.grad = theirs.grad if mine.grad is None else mine.grad.add_(theirs.grad)
            theirs.grad = None
