"""The pictures: every stroke inside its frame, names apart, scales that reach, counts kept."""

import math
import re

import pytest
from boards import board, confusion
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import check_inside

from heedful.compare.charts import Mark, focus, front, reliability, scatter, whiskers
from heedful.compare.confusion import LARGEST, commonest, counted, gathered, matrix
from heedful.compare.labels import Box, place

share = st.floats(0, 1)
marks = st.lists(
    st.builds(
        lambda label, value, reach, time: Mark(
            label, value, value - reach, min(value + reach, 1.0), "other", time
        ),
        st.text(min_size=1, max_size=40), share, st.floats(0, 0.2), st.floats(1e-8, 100.0),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(marks, st.booleans())
def test_whiskers_stay_inside(rows: list[Mark], sign: bool) -> None:
    check_inside(whiskers(rows, "t", "axis", 0.0 if sign else None, sign))


@settings(max_examples=25, deadline=None)
@given(marks)
def test_scatter_stays_inside(rows: list[Mark]) -> None:
    check_inside(scatter(rows, "t"))


@pytest.mark.parametrize("classes", [2, 3, 6, 11, 20, 25])
def test_matrix_and_reliability_stay_inside(classes: int) -> None:
    document = board(classes)
    names = [item["name"] for item in document["classes"]]
    for method in document["methods"][:-1]:
        check_inside(matrix(names, method["confusion"], "t"))
    check_inside(reliability([(0.0, 1.0, 3), (1.0, 0.0, 1)], [], "t", ("before", "after")))


def test_matrix_writes_the_counts_and_their_shares() -> None:
    picture = matrix(["cat", "dog"], [[30.0, 10.0], [0.0, 20.0]], "t")
    written = re.findall(r'class="(?:count|tick)[^"]*">([^<]+)<', picture)
    assert [w for w in written if not w.endswith(("%", "↓"))] == ["75", "100", "30", "10", "100", "67", "20"]
    assert "cat → dog: 10 (25.0 %)" in picture


def test_many_classes_are_gathered_and_no_row_is_lost() -> None:
    document = board(40)
    counts = document["methods"][6]["confusion"]
    names, drawn = gathered([item["name"] for item in document["classes"]], counts)
    assert len(names) == len(drawn) == LARGEST and names[-1] == "16 others"
    assert math.isclose(sum(map(sum, drawn)), sum(map(sum, counts)))
    kept = min(sum(row) for row in drawn[:-1])
    assert sorted(map(sum, counts))[15] <= kept


def test_commonest_mistakes_come_first() -> None:
    assert commonest([[9.0, 2.0, 0.0], [5.0, 1.0, 0.4], [0.0, 0.0, 3.0]]) == [(1, 0, 5.0), (0, 1, 2.0)]


@pytest.mark.parametrize(
    "value", [None, [], [[1]] * 2, [[1, None], [2, 3]], "ab", [[float("nan")]], {"a": 1}]
)
def test_what_is_no_matrix_is_none(value: object) -> None:
    assert counted(value) is None


def test_a_floor_far_below_stays_off_the_scale_and_says_so() -> None:
    rows = [
        Mark("a", 0.90, 0.89, 0.91, "best"),
        Mark("b", 0.88, 0.87, 0.89, "other"),
        Mark("m", 0.3, 0.29, 0.31, "floor"),
    ]
    assert focus(rows) == (0.87, 0.91)
    picture = whiskers(rows, "t", "axis", 0.3)
    assert "off the scale" in picture and ">0.300<" in picture and 'class="reference"' not in picture
    near = [*rows[:2], Mark("m", 0.85, 0.84, 0.86, "floor")]
    assert focus(near) == (0.84, 0.91) and 'class="reference"' in whiskers(near, "t", "axis", 0.85)


def test_two_rows_always_share_the_scale() -> None:
    assert focus([Mark("a", 0.9, 0.89, 0.91, "best"), Mark("m", 0.3, None, None, "floor")]) == (0.3, 0.91)


def test_front_holds_what_nothing_beats() -> None:
    assert front([(1, 9), (2, 5), (3, 6), (4, 1), (2, 8)]) == [(1, 9), (2, 5), (4, 1)]


def test_names_of_a_crowd_do_not_cover_each_other() -> None:
    spots = [(100.0 + 3 * i, 100.0 + 2 * i) for i in range(9)]
    placed = place(
        ["majority", "bayes", "ngram", "word2vec", "lstm", "probe", "near", "few", "tune"],
        spots,
        Box(0, 0, 440, 300),
    )
    boxes = [one.box for one in placed]
    assert all(a.shared(b) == 0 for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    assert all(box.within(Box(0, 0, 440, 300)) for box in boxes)
    assert all(box.shared(Box(x - 5, y - 5, x + 5, y + 5)) == 0 for box in boxes for x, y in spots)


def test_the_fixture_s_rows_add_up() -> None:
    import random

    counts = [40, 60, 50]
    assert [round(sum(row)) for row in confusion("lstm", 0.8, counts, random.Random(1))] == counts
