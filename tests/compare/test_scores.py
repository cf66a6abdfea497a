"""The leaderboard's figures against scikit-learn and against slow, plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from heedful.compare import scores
from heedful.compare.rank import Scored, failed, rank
from heedful.intervals import interval


def answers(rows: int, classes: int, skill: float, seeds: int = 3, seed: int = 0):
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, classes, rows)
    guess = draw.integers(0, classes, (seeds, rows))
    return truth, np.where(draw.random((seeds, rows)) < skill, truth, guess)


@given(st.integers(1, 60), st.integers(1, 7), st.floats(0, 1), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_scores_are_those_of_scikit_learn(rows, classes, skill, seed):
    truth, predicted = answers(rows, classes, skill, seed=seed)
    occurring = np.unique(truth)
    f1 = [f1_score(truth, p, labels=occurring, average="macro", zero_division=0) for p in predicted]
    assert scores.macro_f1(truth, predicted, classes) == pytest.approx(f1)
    assert scores.accuracy(truth, predicted) == pytest.approx([accuracy_score(truth, p) for p in predicted])
    matrices = [confusion_matrix(truth, p, labels=range(classes)) for p in predicted]
    assert scores.confusion(truth, predicted, classes) == pytest.approx(np.mean(matrices, axis=0))


@pytest.mark.parametrize("cells", [40, 10**6])  # many small portions, one large one
def test_bootstrap_is_the_plain_one(cells, monkeypatch):
    monkeypatch.setattr(scores, "_CELLS", cells)
    truth, predicted = answers(rows=17, classes=4, skill=0.6)
    found = scores.bootstrap(truth, predicted, 4, resamples=30)
    draw = np.random.default_rng(0)
    drawn = draw.integers(0, 17, size=(30, 17))  # the same numbers, whatever the portions
    for b, rows in enumerate(drawn):
        occurring = np.unique(truth[rows])
        f1 = [
            f1_score(truth[rows], p[rows], labels=occurring, average="macro", zero_division=0)
            for p in predicted
        ]
        assert found.macro_f1[b] == pytest.approx(np.mean(f1))
        assert found.accuracy[b] == pytest.approx(np.mean([p[rows] == truth[rows] for p in predicted]))


def test_interval_holds_the_value_and_narrows_with_the_rows():
    widths = []
    for rows in (200, 3200):
        truth, predicted = answers(rows, 3, 0.7)
        low, high = interval(scores.bootstrap(truth, predicted, 3).macro_f1)
        assert low < scores.macro_f1(truth, predicted, 3).mean() < high
        widths.append(high - low)
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.25)  # the root of 16


def test_accuracy_interval_is_near_the_binomial_one():
    truth, predicted = answers(2000, 2, 0.6, seeds=1)
    share = scores.accuracy(truth, predicted)[0]
    low, high = interval(scores.bootstrap(truth, predicted, 2).accuracy)
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(share * (1 - share) / 2000), rel=0.1)


def row(name, truth, predicted, classes, rate):
    samples = scores.bootstrap(truth, predicted, classes)
    value = float(scores.macro_f1(truth, predicted, classes).mean())
    return Scored({"name": name, "macro_f1": {"value": value}, "texts_per_second": rate}, samples)


def test_ranking_pairs_the_rows():
    truth, good = answers(600, 3, 0.8)
    twin = good.copy()
    twin[:, :2] = (truth[:2] + 1) % 3  # as good, but for two rows
    poor = answers(600, 3, 0.3)[1]
    board = rank(
        [
            row("poor", truth, poor, 3, rate=9e6),
            row("twin", truth, twin, 3, rate=500.0),
            row("good", truth, good, 3, rate=100.0),
            failed("broken", "it broke"),
        ]
    )
    assert (board["best"], board["recommended"]) == ("good", "twin")
    delta = {one["name"]: one["delta"] for one in board["methods"]}
    assert delta["good"] == {"value": 0, "low": 0, "high": 0}
    assert delta["twin"]["low"] < delta["twin"]["value"] < 0 <= delta["twin"]["high"]
    assert delta["poor"]["high"] < -0.3
    assert delta["broken"] is None
    assert delta["twin"]["high"] - delta["twin"]["low"] < 0.02  # paired: far tighter than 0.06 for each alone


def test_nothing_finished_ranks_nothing():
    board = rank([failed("ngram", "it broke")])
    assert board["best"] is None and board["recommended"] is None
    assert board["methods"] == [{"name": "ngram", "status": "failed", "why": "it broke"}]


@given(st.integers(1, 80), st.integers(2, 5), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_calibration_error_is_the_papers_sum(rows, classes, seed):
    draw = np.random.default_rng(seed)
    probabilities = draw.dirichlet(np.full(classes, 0.5), rows)
    truth = draw.integers(0, classes, rows)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == truth
    expected = 0.0
    for m in range(1, 16):
        inside = (confidence > (m - 1) / 15) & (confidence <= m / 15)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    curve = scores.reliability(probabilities, truth)
    assert scores.calibration_error(curve) == pytest.approx(expected)
    assert sum(point["count"] for point in curve) == rows


def test_certain_and_right_is_calibrated_and_certain_and_wrong_is_not():
    sure = np.array([[1.0, 0.0]] * 4)
    assert scores.calibration_error(scores.reliability(sure, np.zeros(4, int))) == 0
    assert scores.calibration_error(scores.reliability(sure, np.ones(4, int))) == 1


def test_hardest_rows_come_worst_first():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.99, 0.01]])
    assert scores.hardest(probabilities, np.array([0, 0, 0, 1]), limit=3).tolist() == [3, 1, 2]
