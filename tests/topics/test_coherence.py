"""NPMI and diversity against what can be worked out by hand."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.topics.coherence import TINY, diversity, npmi

DOCUMENTS = [["a", "b", "x"], ["a", "b", "y"], ["a", "z"], ["c", "z"]]
WORDS = st.sampled_from("abcde")


def by_hand(topic: list[str], documents: list[list[str]], window: int | None) -> float:
    windows = [
        set(document[i : i + window] if window else document)
        for document in documents
        if document
        for i in range(max(1, len(document) - window + 1) if window else 1)
    ]

    def share(*words: str) -> float:
        return sum(1 for one in windows if one.issuperset(words)) / len(windows)

    scores = []
    for left, right in combinations(topic, 2):
        both = share(left, right) + TINY
        expected = max(share(left) * share(right), TINY**2)
        scores.append(math.log(both / expected) / -math.log(min(both, 1 - TINY)))
    return sum(scores) / len(scores)


def test_words_that_stand_together_score_high() -> None:
    together, apart = npmi([["a", "b"], ["b", "c"]], DOCUMENTS, window=None)
    assert together == pytest.approx(math.log(0.5 / (0.75 * 0.5)) / -math.log(0.5))
    assert apart < -0.9
    assert npmi([["x", "b"]], [["x", "b"], ["q"], ["r"]], window=None)[0] == pytest.approx(1.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=9), min_size=1, max_size=6), st.integers(2, 5) | st.none())
def test_sliding_windows_agree_with_the_definition(documents: list[list[str]], window: int | None) -> None:
    if not any(documents):
        return
    found = npmi([["a", "b", "c"], ["d", "e"]], documents, window)
    expected = [by_hand(topic, documents, window) for topic in (["a", "b", "c"], ["d", "e"])]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_many_windows_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [["a", "b", "c", "a"] * 5, ["b", "d"] * 9, ["e"]] * 4
    whole = npmi([["a", "b", "d"]], documents, 3)
    monkeypatch.setattr("heedful.topics.coherence.WINDOWS", 7)
    np.testing.assert_allclose(npmi([["a", "b", "d"]], documents, 3), whole)


def test_only_the_top_words_count_and_one_word_has_no_score() -> None:
    few = npmi([["a", "b", "c"]], DOCUMENTS, None, top=2)
    assert few[0] == pytest.approx(npmi([["a", "b"]], DOCUMENTS, None)[0])
    assert np.isnan(npmi([["a"], []], DOCUMENTS)).all()


def test_diversity_is_the_share_of_different_words() -> None:
    assert diversity([["a", "b"], ["b", "c"]]) == 0.75
    assert diversity([["a", "b", "z"], ["a", "b", "z"]], top=2) == 0.5
    assert math.isnan(diversity([[]]))
