"""The language model over a fixed window: no look ahead, and counts that are right."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from heedful.errors import DataError
from heedful.lineage import windows
from heedful.lineage.outcome import Effort


def test_no_filter_sees_what_comes_after_or_lies_before_the_window() -> None:
    parts = windows.begin(5, torch.Generator().manual_seed(0))
    x = torch.randint(5, (1, 30), generator=torch.Generator().manual_seed(1))
    place = torch.tensor(12)
    other = x.clone()
    other[0, place] = (x[0, place] + 1) % 5
    changed = (windows.scores(parts, x) - windows.scores(parts, other)).abs().amax(2)[0] > 1e-6
    reach = 1 + windows.LAYERS * (windows.REACH - 1)
    assert changed.nonzero().flatten().tolist() == list(range(12, 12 + reach))


def test_counts_of_singles_and_pairs() -> None:
    seen, held = np.array([0, 1] * 49), np.array([0, 1, 0, 1])
    single, pairs = windows.counted(seen, held, 2)
    assert single == pytest.approx(math.log(2))
    assert pairs == pytest.approx(-(2 * math.log(50 / 51) + math.log(49 / 50)) / 3)


def test_it_learns_more_than_pairs_tell(tmp_path: Path) -> None:
    file = tmp_path / "shakespeare" / "input.txt"
    file.parent.mkdir()
    file.write_text("aabb" * 500, "utf-8")
    seen, held, known = windows.read(file)
    learned = windows.nats(windows.fit(seen, known, 0, steps=40), held)
    assert learned < 0.2 < windows.counted(seen, held, known)[1]
    assert windows.run(Effort(short=True, data=tmp_path)).passed


def test_without_its_text_it_says_so() -> None:
    with pytest.raises(DataError, match="--data"):
        windows.run(Effort())
