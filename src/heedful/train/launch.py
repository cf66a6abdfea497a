"""The same command in several processes on this machine, which torchrun's own launcher starts and watches."""

import logging
import os
import sys
import threading
import time
from collections.abc import Sequence

from heedful.errors import ConfigError

WITHIN = "RANK"  # of the environment: set in every process of a team
MOST = 256
LOOK = 1.0  # seconds between two looks at whether the launcher lives


def is_worker() -> bool:
    """Has torchrun started this process?"""
    return WITHIN in os.environ


def leave_with_parent() -> None:
    """End this process as soon as the one that started it has ended: a killed launcher tells nobody."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def launched(workers: int, arguments: Sequence[str]) -> int:
    """Run `heedful ARGUMENTS` in `workers` processes that know of each other; return the exit code."""
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    if not 1 < workers <= MOST:
        raise ConfigError(f"workers is {workers}; expected from 2 to {MOST} processes on one machine.")
    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "FATAL")  # what fails is said in Python
    config = LaunchConfig(
        min_nodes=1, max_nodes=1, nproc_per_node=workers, run_id=f"heedful-{os.getpid()}",
        rdzv_backend="c10d", rdzv_endpoint="localhost:0", max_restarts=0, monitor_interval=0.1,
    )  # fmt: skip
    try:
        elastic_launch(config, sys.executable)("-m", "heedful", *arguments)
    except ChildFailedError as problem:
        return max(1, problem.get_first_failure()[1].exitcode)
    return 0
