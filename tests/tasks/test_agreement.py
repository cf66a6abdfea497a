"""Thresholds, F1 of sets and correlations against what others compute."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import f1_score

from heedful.tasks.agreement import best_threshold, correlation, f1, ranks

ROWS = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=30)


@given(ROWS)
def test_no_threshold_has_a_higher_f1(rows: list[tuple[int, bool]]) -> None:
    scores, wanted = np.array([s / 8 for s, _ in rows]), np.array([float(w) for _, w in rows])
    threshold, value = best_threshold(scores, wanted)
    if not wanted.any():
        assert (threshold, value) == (0.5, 0.0)
        return
    assert value == pytest.approx(f1_score(wanted, scores >= threshold))
    for other in np.unique(scores):
        assert f1_score(wanted, scores >= other, zero_division=0.0) <= value + 1e-12


def test_f1_is_scikit_learns() -> None:
    random = np.random.default_rng(0)
    found, wanted = random.random((50, 6)) > 0.6, (random.random((50, 6)) > 0.7).astype(float)
    for average in ("micro", "macro"):
        assert f1(found, wanted)[f"{average}_f1"] == pytest.approx(f1_score(wanted, found, average=average))
    assert f1(found, np.zeros((50, 6))) == {"micro_f1": 0.0, "macro_f1": 0.0}


def test_correlations_are_scipys() -> None:
    random = np.random.default_rng(0)
    one = random.integers(0, 9, 40).astype(float)
    other = one + random.normal(0, 2, 40)
    assert correlation(one, other) == pytest.approx(pearsonr(one, other).statistic)
    assert correlation(ranks(one), ranks(other)) == pytest.approx(spearmanr(one, other).statistic)
    assert correlation(np.ones(5), np.arange(5.0)) is None
