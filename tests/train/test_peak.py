"""The matrix peak: a rate that a plain product on this machine comes near, soon measured."""

import time

import pytest
import torch

from heedful.errors import ConfigError
from heedful.train import peak
from heedful.train.cores import cores


def test_it_is_the_rate_of_products_and_soon_known() -> None:
    x, y = torch.ones(512, 512), torch.empty(512, 512)
    before = torch.get_num_threads()
    torch.mm(x, x, out=y)
    rates = []
    for _ in range(5):
        begin = time.perf_counter()
        torch.mm(x, x, out=y)
        rates.append(2 * 512**3 / (time.perf_counter() - begin))
    begin = time.monotonic()
    found = peak.matrix_peak()
    assert time.monotonic() - begin < 5  # 0.3 s where nothing else runs
    assert max(rates) / 10 < found < max(rates) * 10 * cores()
    assert torch.get_num_threads() == before


def test_every_core_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def once(threads: object, work: list[object]) -> float:  # noqa: ARG001
        asked.append(len(work))
        return [0.25, 0.5, 8.0][len(asked) % 3]

    monkeypatch.setattr(peak, "cores", lambda: 3)
    monkeypatch.setattr(peak, "once", once)
    assert peak.matrix_peak() == 3 * 2 * peak.SIDE**3 / 0.5  # the median: neither lucky nor disturbed rounds
    assert set(asked) == {3}


def test_share() -> None:
    assert peak.share(6e6, 2000, 48e9) == 0.25


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan")])
def test_a_peak_of_nothing_is_refused(wrong: float) -> None:
    with pytest.raises(ConfigError, match="matrix_peak"):
        peak.share(6e6, 2000, wrong)
