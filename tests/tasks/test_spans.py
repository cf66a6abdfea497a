"""Exact match, F1 and the threshold, by hand and by the rules of SQuAD's published script."""

import itertools

import numpy as np
import pytest

from heedful.intervals import bounded
from heedful.tasks.spans import best, best_threshold, normalised, overlap, same, score


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Quick,\tbrown fox!", "quick brown fox"),
        ("a", ""),
        ("An apple a day", "apple day"),
        ("U.S.A.", "usa"),  # punctuation goes before the articles are looked for
        ("the-man", "theman"),
        ("a.m.", "am"),
        ("theatre", "theatre"),
        ("“Größe”", "“größe”"),  # only ASCII marks are punctuation to the script
        ("$1,000.50", "100050"),
        ("...", ""),
    ],
)
def test_normalised(text: str, expected: str) -> None:
    assert normalised(text) == expected


@pytest.mark.parametrize(
    ("found", "wanted", "exact", "f1"),
    [
        ("the Denver Broncos", "Denver Broncos", 1, 1),
        ("Denver", "Denver Broncos", 0, 2 / 3),
        ("in the year 1867", "1867", 0, 0.5),
        ("b b c", "b c c", 0, 2 / 3),  # two words shared: each as often as both have it
        ("x", "y", 0, 0),
        ("", "", 1, 1),
        ("the", "", 1, 1),  # no words are left of either
        ("", "y", 0, 0),
        ("x", "", 0, 0),
    ],
)
def test_same_and_overlap(found: str, wanted: str, exact: float, f1: float) -> None:
    assert same(found, wanted) == exact
    assert overlap(found, wanted) == pytest.approx(f1)


def test_the_best_of_several_answers_counts() -> None:
    assert best(overlap, "1867", ["in 1867", "1867", "Warsaw"]) == 1
    assert best(overlap, "", []) == 1
    assert best(overlap, "x", []) == 0
    assert best(same, "", ["the"]) == 1  # an answer without a word is none
    assert best(same, "", ["the", "x"]) == 0


def test_score_and_summary() -> None:
    found = score(["Warsaw", "", "in 1867", "x"], [["Warsaw"], ["x"], ["1867"], []])
    assert found.exact.tolist() == [1, 0, 0, 0]
    assert found.f1.tolist() == [1, 0, pytest.approx(2 / 3), 0]
    assert found.answerable.tolist() == [1, 1, 1, 0]
    told = found.summary()
    assert told["rows"] == 4
    assert told["answerable"] == 3
    assert told["exact"]["value"] == 0.25
    assert told["f1"]["value"] == pytest.approx(5 / 12)
    assert told["with_answer"] == {"exact": pytest.approx(1 / 3), "f1": pytest.approx(5 / 9)}
    assert told["without_answer"] == {"exact": 0, "f1": 0}
    assert "without_answer" not in score(["x"], [["x"]]).summary()
    with pytest.raises(ValueError, match="zip"):
        score(["x"], [])


def test_intervals_are_those_of_a_proportion() -> None:
    values = np.array([1.0] * 300 + [0.0] * 100)
    found = bounded(values)
    half = 1.96 * (0.75 * 0.25 / 400) ** 0.5
    assert found["value"] == 0.75
    assert found["low"] == pytest.approx(0.75 - half, abs=0.01)
    assert found["high"] == pytest.approx(0.75 + half, abs=0.01)
    assert bounded(np.ones(10)) == {"value": 1, "low": 1, "high": 1}


def test_the_threshold_by_hand() -> None:
    margins = np.array([3.0, 1.0, 0.0, -2.0])
    answered, none = np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0, 1.0])
    assert best_threshold(margins, answered, none) == (0.5, 1.0)  # between 1 and 0
    assert best_threshold(margins, answered, np.zeros(4)) == (0.5, 0.5)
    above, value = best_threshold(margins, np.zeros(4), none)
    assert above > 3
    assert value == 0.5
    assert best_threshold(margins, np.ones(4), none) == (0.5, 1.0)  # of equal scores, the fewest answers
    below, value = best_threshold(margins, np.ones(4), np.zeros(4))
    assert below < -2
    assert value == 1


def test_equal_margins_go_together() -> None:
    above, value = best_threshold(np.array([1.0, 1.0]), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert value == 0.5
    assert above != 1


def test_no_threshold_does_better() -> None:
    random = np.random.default_rng(0)
    for size in (1, 2, 7, 40):
        margins = np.round(random.normal(size=size), 1)
        answered, none = random.random(size), (random.random(size) < 0.5).astype(float)
        bar, value = best_threshold(margins, answered, none)
        bars = [min(margins) - 1, *itertools.chain(margins), max(margins) + 1]
        tried = [np.where(margins > one, answered, none).mean() for one in bars]
        assert np.where(margins > bar, answered, none).mean() == pytest.approx(value)
        assert value == pytest.approx(max(tried))
