"""Several processes, on one machine or many, that train one model together (started by torchrun)."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from heedful.errors import ConfigError
from heedful.train.cores import cores, pool
from heedful.train.launch import leave_with_parent

MINUTES = 10  # to wait for the others
BUCKET = 1 << 22  # numbers that are sent at once

Found = TypeVar("Found")


class Team:
    """One process among `size`, of which number 0 writes; alone, all of this does nothing.

    Each holds the whole model. `together` says whether all have to call it equally often.
    """

    together = False

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @property
    def first(self) -> bool:
        """Is this the process that writes and speaks?"""
        return self.rank == 0

    @property
    def threads(self) -> int:
        """Threads of this process that each do work of their own."""
        return cores()

    @property
    def within(self) -> int:
        """Threads inside an operation."""
        return 1

    def divide(self, module: nn.Module) -> None:
        """Do nothing: every process keeps all of the module."""

    def parts(self, total: int) -> list[int]:
        """Return which of a batch's `total` parts this process works on; parts past the last are empty."""
        rounds = -(-total // self.size) if self.together else len(range(self.rank, total, self.size))
        return [self.rank + turn * self.size for turn in range(rounds)]

    def each(self, work: Callable[[int], Found], count: int) -> list[Found]:
        """Return what `work` gives for each of this process's share of the numbers below `count`."""
        with pool() as threads:
            return list(threads.map(work, range(self.rank, count, self.size)))

    def over_shares(self, number: float) -> float:
        """Return what the processes found in their shares of a gradient as one: all have all of it."""
        return number

    def sum(self, *numbers: float) -> list[float]:
        """Return the sums over all processes."""
        if self.size == 1:
            return list(numbers)
        held = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(held)
        return [float(number) for number in held]

    def told(self, *numbers: float) -> list[float]:
        """Return the first process's numbers, so that all decide alike."""
        return self.sum(*(number if self.first else 0.0 for number in numbers))

    def agree(self, number: float, what: str) -> None:
        """Raise ConfigError in a process that found another number than the first one."""
        told = self.told(number)[0]
        if told != number:
            raise ConfigError(
                f"{what} is {number:g} in process {self.rank} and {told:g} in the first; expected the same. "
                "Let -o name one folder that all machines share."
            )

    def add(self, parameters: Sequence[nn.Parameter]) -> None:
        """Make every gradient the sum of all processes' gradients."""
        if self.size == 1:
            return
        for bucket in buckets(parameters):
            parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in bucket]
            flat = torch.cat([part.flatten() for part in parts])
            dist.all_reduce(flat)
            for parameter, part in zip(bucket, torch.split(flat, [p.numel() for p in bucket]), strict=True):
                parameter.grad = part.view_as(parameter)

    def copy(self, tensors: Sequence[Tensor]) -> None:
        """Overwrite the tensors with those of the first process."""
        if self.size > 1:
            for tensor in tensors:
                dist.broadcast(tensor.data, 0)

    def wait(self) -> None:
        """Return when all processes are here."""
        if self.size > 1:
            dist.barrier()


ALONE = Team()


def buckets(parameters: Sequence[nn.Parameter]) -> Iterator[list[nn.Parameter]]:
    """Yield the parameters in groups of about BUCKET numbers."""
    bucket: list[nn.Parameter] = []
    for parameter in parameters:
        bucket.append(parameter)
        if sum(p.numel() for p in bucket) >= BUCKET:
            yield bucket
            bucket = []
    if bucket:
        yield bucket


@contextmanager
def joined(kind: type[Team] = Team) -> Iterator[Team]:
    """Yield the team that torchrun's environment names; without one, a team of one."""
    if "RANK" not in os.environ or int(os.environ.get("WORLD_SIZE", "1")) == 1:
        if kind.together:
            raise ConfigError(
                "there is one process, and a model cannot be divided among it; expected two or more. Give "
                "--workers 2, or leave out --shard."
            )
        yield Team()
        return
    leave_with_parent()
    dist.init_process_group("gloo", timeout=timedelta(minutes=MINUTES))
    try:
        yield kind(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
