"""A model that no process holds whole: each keeps a share of every parameter (FSDP2; Zhao et al. 2023).

A block's shares are gathered before it computes and dropped after; gradients are summed into the shares.
"""

import ctypes
from collections.abc import Callable, Sequence
from typing import TypeVar

from torch import Tensor, nn

from heedful.core.block import Block
from heedful.core.model import Transformer
from heedful.train.cores import cores
from heedful.train.team import Team

Found = TypeVar("Found")

TRIM, MAP = -1, -3  # of glibc's mallopt: give back the top of the heap, and map a block of its own, from
LEAST = 1 << 22  # bytes on


class Sharded(Team):
    """A team that divides every parameter, its gradient and its optimiser state among its processes.

    Every call of the module is made by all processes together.
    """

    together = True

    def __init__(self, rank: int, size: int) -> None:
        super().__init__(rank, size)
        self.tops: list[nn.Module] = []

    @property
    def threads(self) -> int:
        """One: a divided module has no copies; its operations may use all cores of the process."""
        return 1

    @property
    def within(self) -> int:
        """Threads inside an operation."""
        return cores()

    def divide(self, module: nn.Module) -> None:
        """Leave this process its share of each parameter; before there are values, best (device meta)."""
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        give_back()
        mesh = init_device_mesh("cpu", (self.size,))
        self.tops = [module] if isinstance(module, Transformer) else list(module.children())
        blocks = [part for part in module.modules() if isinstance(part, Block)]
        for part in [*blocks, *self.tops]:
            sharded = fully_shard(part, mesh=mesh)
            sharded.set_gradient_divide_factor(1.0)  # sums, no means: the loop divides by what counted
            sharded.set_force_sum_reduction_for_comms(True)  # all that gloo can

    def add(self, parameters: Sequence[nn.Parameter]) -> None:
        """Do nothing: the gradients were summed as they were computed."""

    def copy(self, tensors: Sequence[Tensor]) -> None:
        """Do nothing: all drew or read the same values."""

    def over_shares(self, number: float) -> float:
        """Return the sum of what each process found in its shares."""
        return self.sum(number)[0]

    def each(self, work: Callable[[int], Found], count: int) -> list[Found]:
        """Return what `work` gives for this process's numbers; who has none left works along."""
        found = []
        for first in range(0, count, self.size):
            value = work(min(first + self.rank, count - 1))
            if first + self.rank < count:
                found.append(value)
        for part in self.tops:
            part.reshard()  # type: ignore[operator]
        return found


def give_back() -> None:
    """Let glibc return what is freed to the system: kept blocks of gathered weights took twice the memory."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(TRIM, LEAST)
        mallopt(MAP, LEAST)
