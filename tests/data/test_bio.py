"""Tags and names: schemes that are read alike, the way there and back, rows of tags that are whole."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.data.bio import (
    Score,
    as_bio,
    best,
    bio,
    classes_of,
    counts,
    followers,
    spans,
)
from heedful.errors import DataError

CLASSES = ["O", "B-a", "I-a", "B-b", "I-b"]


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("", []),
        ("O O", []),
        ("B-a I-a O B-b", [(0, 2, "a"), (3, 4, "b")]),
        ("B-a B-a", [(0, 1, "a"), (1, 2, "a")]),
        ("I-a I-a O I-b", [(0, 2, "a"), (3, 4, "b")]),  # IOB1
        ("I-a B-a I-a", [(0, 1, "a"), (1, 3, "a")]),  # IOB1, neighbours
        ("B-a I-b", [(0, 1, "a"), (1, 2, "b")]),
        ("B-a E-a S-b S-b O B-a I-a E-a", [(0, 2, "a"), (2, 3, "b"), (3, 4, "b"), (5, 8, "a")]),  # IOBES
        ("S-a I-a", [(0, 1, "a"), (1, 2, "a")]),
        ("E-a E-a", [(0, 1, "a"), (1, 2, "a")]),
        ("U-a B-a L-a B-b M-b", [(0, 1, "a"), (1, 3, "a"), (3, 5, "b")]),  # BILOU, BMES
        ("B I O", [(0, 2, "entity")]),
    ],
)
def test_names_are_read_as_conlleval_reads_them(tags: str, wanted: list[tuple[int, int, str]]) -> None:
    assert spans(tags.split()) == wanted


@given(st.lists(st.sampled_from(CLASSES), max_size=12))
def test_there_and_back(tags: list[str]) -> None:
    found = spans(tags)
    again = bio(found, len(tags))
    assert spans(again) == found
    assert len(again) == len(tags)
    assert all(tag[0] != "I" or before[2:] == tag[2:] for before, tag in itertools.pairwise(["O", *again]))


def test_what_was_read_otherwise_is_told() -> None:
    assert as_bio([["B-a", "I-a"], ["O"]]) == ([["B-a", "I-a"], ["O"]], [])
    tags, (note,) = as_bio([["I-a", "I-a", "O", "I-b"]])
    assert tags == [["B-a", "I-a", "O", "B-b"]]
    assert "IOB1" in note
    assert "2 of 4" in note
    (note,) = as_bio([["B-a", "O", "I-b", "O"]])[1]
    assert "in spite of BIO" in note
    assert "1 of 4" in note
    assert "IOBES" in as_bio([["B-a", "E-a"]])[1][0]
    assert "class 'entity'" in as_bio([["B", "I", "O"]])[1][0]


@pytest.mark.parametrize("tag", ["NOUN", "X-a", "B-", "", "o", "-a", "3"])
def test_other_tags_are_refused_and_the_sentence_is_named(tag: str) -> None:
    with pytest.raises(DataError, match=r"sentence at 12: found the tag .* expected O, or B-"):
        as_bio([["O"], ["O", tag]], rows=[10, 12])
    with pytest.raises(DataError, match="sentence at 2"):
        as_bio([["O"], ["O", tag]])


def test_classes_begin_with_o_and_need_a_name() -> None:
    assert classes_of([["B-b", "I-b"], ["O", "B-a"]]) == ["O", "B-a", "B-b", "I-b"]
    assert classes_of([["B-a"]]) == ["O", "B-a"]
    with pytest.raises(DataError, match="no word has a tag but O"):
        classes_of([["O"], []])


@given(st.integers(0, 4), st.integers(0, 10**6))
def test_the_best_row_is_the_best_of_all_allowed_ones(length: int, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(length, len(CLASSES)))
    allowed = [
        row
        for row in itertools.product(range(len(CLASSES)), repeat=length)
        if all(
            CLASSES[tag][0] != "I" or CLASSES[before][2:] == CLASSES[tag][2:]
            for before, tag in itertools.pairwise((0, *row))
        )
    ]
    wanted = max(allowed, key=lambda row: sum(scores[place, tag] for place, tag in enumerate(row)))
    assert tuple(best(scores, followers(CLASSES))) == wanted


def test_without_a_b_tag_an_i_tag_may_begin() -> None:
    scores = np.log([[0.1, 0.9], [0.8, 0.2]])
    assert best(scores, followers(["O", "I-a"])).tolist() == [1, 0]


def test_counts_and_what_follows_from_them() -> None:
    found = counts([["B-a", "O"], ["O"]], [["B-a", "B-b"], ["O"]])
    assert found.tolist() == [[1, 2, 1], [0, 0, 0]]
    score = Score(1, 2, 1)
    assert (score.precision, score.recall, score.f1) == (0.5, 1.0, pytest.approx(2 / 3))
    nothing = Score(0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (0, 0, 0)


@pytest.mark.parametrize(
    ("truth", "predicted", "said"),
    [
        ([["O"]], [], "1 sentences and answers to 0"),
        ([], [], "no sentences"),
        ([["O"], ["O", "O"]], [["O"], ["O"]], "sentence 2 has 2 tags, 1 predicted"),
    ],
)
def test_taggings_that_do_not_fit_each_other_are_refused(
    truth: list[list[str]], predicted: list[list[str]], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        counts(truth, predicted)
