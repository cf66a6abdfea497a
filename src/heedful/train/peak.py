"""What the machine could do at most: its rate of matrix products, and the share that a training reaches."""

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import Executor

import torch
from torch import Tensor

from heedful.errors import ConfigError
from heedful.train.cores import cores, pool

SIDE = 768  # a product then takes 0.9 GFLOP, and its matrices lie in the cache of a core
SECONDS = 0.3  # of measuring, beside the first round, which wakes threads and clock rates
FEWEST, MOST = 3, 15  # rounds, of which the median counts


def matrix_peak() -> float:
    """Return the machine's fp32 matrix products in FLOP/s, each core working by itself at the same time.

    A product of two (N, N) matrices counts 2 N³ operations. It is measured as the training loop works, one
    thread for each core, since clock rates and the memory are shared; other programs lower it.
    """
    work = [(torch.ones(SIDE, SIDE), torch.ones(SIDE, SIDE), torch.empty(SIDE, SIDE)) for _ in range(cores())]
    with pool() as threads:
        once(threads, work)
        begin, times = time.monotonic(), list[float]()
        while len(times) < FEWEST or (time.monotonic() - begin < SECONDS and len(times) < MOST):
            times.append(once(threads, work))
    return len(work) * 2 * SIDE**3 / statistics.median(times)


def once(threads: Executor, work: Sequence[tuple[Tensor, Tensor, Tensor]]) -> float:
    """Return the seconds that the products (left, right, room for the result) take, all begun together."""
    begin = time.perf_counter()
    for _ in threads.map(lambda job: torch.mm(job[0], job[1], out=job[2]), work):
        pass
    return time.perf_counter() - begin


def share(flops_per_token: float, tokens_per_second: float, peak: float) -> float:
    """Return the share of `peak` that a training uses: 0.41 for 41 %.

    `flops_per_token` is what the model's matrices need forward and backward, with nothing computed twice
    (Chowdhery et al. 2022, appendix B: six for each parameter of a matrix, and the attention).
    """
    if not peak > 0:
        raise ConfigError(f"found a peak of {peak} FLOP/s; expected more than 0. Measure it: matrix_peak().")
    return flops_per_token * tokens_per_second / peak
