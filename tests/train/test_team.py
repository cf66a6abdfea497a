"""What several processes agree on, without starting them."""

import pytest

from heedful.errors import ConfigError
from heedful.train.cores import fitting
from heedful.train.sharded import Sharded
from heedful.train.team import ALONE, Team


class Second(Team):
    """The second of two processes, whose first one says 40."""

    def sum(self, *numbers: float) -> list[float]:
        return [40.0 + number for number in numbers]


@pytest.mark.parametrize(
    ("rows", "threads", "processes", "parts"),
    [
        (32, 2, 1, 2),
        (32, 1, 2, 2),
        (8, 2, 1, 1),
        (2, 1, 2, 2),
        (512, 8, 4, 32),
        (512, 64, 1, 8),
        (100, 8, 4, 12),
    ],
)
def test_a_batch_is_cut_for_all_threads_of_all_processes(
    rows: int, threads: int, processes: int, parts: int
) -> None:
    assert fitting(rows, threads, processes) == parts


@pytest.mark.parametrize("total", [1, 2, 3, 7, 8])
def test_the_parts_are_divided_and_none_is_done_twice(total: int) -> None:
    for size in (1, 2, 3):
        found = [part for rank in range(size) for part in Team(rank, size).parts(total)]
        assert sorted(found) == list(range(total))
        shared = [Sharded(rank, size).parts(total) for rank in range(size)]
        assert len(set(map(len, shared))) == 1, "all have to call a divided module equally often"
        assert sorted(part for one in shared for part in one if part < total) == list(range(total))


def test_who_sees_another_checkpoint_is_told() -> None:
    Second(1, 2).agree(40, "the step")
    ALONE.agree(7, "the step")
    with pytest.raises(ConfigError, match=r"the step is 20 in process 1 and 40 in the first.*share"):
        Second(1, 2).agree(20, "the step")
