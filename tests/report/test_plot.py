"""Curves: inside their frame, true to their points, cut off where they leave the scale, names apart."""

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import check_inside

from heedful.report.plot import GAP, TOP, WIDE, Curve, apart, pieces, plot

values = st.one_of(st.floats(-1e6, 1e6), st.just(math.nan))
names = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=30)
curves = st.builds(
    lambda name, ys, kind, dots: Curve(name, [(float(10 * i), y) for i, y in enumerate(ys)], kind, dots),
    names, st.lists(values, max_size=12), st.sampled_from(["first", "second", "faint"]), st.booleans(),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(curves, max_size=3), st.dictionaries(names, st.floats(-1e6, 1e6), max_size=4))
def test_a_plot_stays_inside_and_names_each_curve(drawn: list[Curve], references: dict[str, float]) -> None:
    picture = plot(drawn, "t", ("x", "y"), WIDE, references=references)
    check_inside(picture)
    assert "nan" not in re.sub(">[^<]*<", "", picture).replace("t", "")
    known = [curve for curve in drawn if curve.last is not None]
    assert picture.count('class="name') == len(known) + len(references)
    assert picture.count('class="reference"') == len(references)


def test_points_stand_where_their_values_say() -> None:
    points = [(0.0, 2.0), (50.0, 1.5), (100.0, 1.0)]
    picture = plot([Curve("loss", points)], "t", ("step", "nats"))
    (drawn,) = re.findall(r'points="([^"]*)" class="curve first"', picture)
    found = [tuple(map(float, pair.split(","))) for pair in drawn.split()]
    (x0, y0), (x1, y1), (x2, y2) = found
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11) and y1 - y0 == pytest.approx(y2 - y1, abs=0.11)
    marks = {
        text: float(y) - 4
        for y, text in re.findall(r'y="(\S+)" text-anchor="end" class="tick">([^<]+)<', picture)
    }
    assert y0 == pytest.approx(marks["2.0"], abs=0.11) and y2 == pytest.approx(marks["1.0"], abs=0.11)
    feet = {
        text: float(x)
        for x, text in re.findall(r'x="(\S+)" y="\S+" text-anchor="middle" class="tick">([^<]+)<', picture)
    }
    assert x0 == pytest.approx(feet["0"], abs=0.11) and x2 == pytest.approx(feet["100"], abs=0.11)
    assert "loss: 2.000 at 0, 1.000 at 100, between 1.000 and 2.000</desc>" in picture
    assert ">loss 1.000</text>" in picture and ">step</text>" in picture and ">nats</text>" in picture


def test_a_line_is_cut_off_where_it_leaves_the_scale() -> None:
    assert pieces([(0, 5), (1, 3), (2, 1)], 0, 4) == [[(0.5, 4), (1, 3), (2, 1)]]
    assert pieces([(0, 1), (1, 9), (2, 1)], 0, 5) == [[(0, 1), (0.5, 5)], [(1.5, 5), (2, 1)]]
    assert pieces([(0, -4), (2, 12)], 0, 4) == [[(0.5, 0), (1.0, 4)]]
    assert pieces([(0, 9), (1, 8)], 0, 5) == []


@given(st.lists(st.tuples(st.just(0.0), st.floats(-10, 10)), max_size=20), st.floats(-9, 0), st.floats(0, 9))
def test_what_is_left_of_a_line_lies_on_the_scale(
    points: list[tuple[float, float]], low: float, high: float
) -> None:
    points = [(float(i), y) for i, (_, y) in enumerate(points)]
    for piece in pieces(points, low, high):
        assert all(low <= y <= high for _, y in piece)
        assert all(a[0] <= b[0] for a, b in pairwise(piece))


def test_a_missing_value_breaks_the_line() -> None:
    points = [(0, 1.0), (1, 2.0), (2, math.nan), (3, 1.0), (4, 2.0)]
    assert pieces(points, 0, 5) == [[(0, 1.0), (1, 2.0)], [(3, 1.0), (4, 2.0)]]
    picture = plot([Curve("a", points)], "t", ("x", "y"))
    assert picture.count("<polyline") == 2


def test_a_single_value_is_a_dot() -> None:
    picture = plot([Curve("a", [(0, math.nan), (3, 7.0)])], "t", ("x", "y"))
    assert "<polyline" not in picture and "<title>a: 7.000 at 3</title>" in picture


def test_steps_have_no_halves() -> None:
    picture = plot([Curve("a", [(1, 1.0), (2, 2.0)])], "t", ("step", "y"))
    assert re.findall(r'text-anchor="middle" class="tick">([^<]+)<', picture) == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("highest", "words", "marks"),
    [
        (3e-4, "y (× 10⁻⁴)", ["0", "1", "2", "3"]),
        (0.02, "y", ["0.000", "0.005", "0.010", "0.015", "0.020"]),
        (40_000, "y", ["0", "10,000", "20,000", "30,000", "40,000"]),
        (2e6, "y (× 10⁶)", ["0.0", "0.5", "1.0", "1.5", "2.0"]),
        (0.0, "y", ["0.0", "0.2"]), (5e-324, "y", ["0.0", "0.2"]),
        (1e-9, "y (× 10⁻⁹)", ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ],
)  # fmt: skip
def test_an_axis_of_small_or_large_figures_has_a_unit(highest: float, words: str, marks: list[str]) -> None:
    picture = plot([Curve("", [(0, 0.0), (9, highest)], dots=True)], "t", ("x", "y"))
    assert re.findall(r'text-anchor="end" class="tick">([^<]+)<', picture) == marks
    assert f">{words}</text>" in picture and picture.count("<circle") == 2


def test_a_long_name_is_cut_and_its_figure_is_not() -> None:
    picture = plot(
        [Curve("a name that is far too long for the chart", [(0, 1.0), (9, 2.0)])], "t", ("x", "y")
    )
    assert re.search(r"a name that[^<]*… 2\.000</text>", picture)


def test_a_reference_off_the_scale_has_no_line() -> None:
    picture = plot(
        [Curve("a", [(0, 1.0), (9, 2.0)])],
        "t",
        ("x", "y"),
        reach=(1, 2),
        references={"far": 7.0, "near": 1.5},
    )
    assert picture.count('class="reference"') == 1


@given(st.lists(st.floats(0, 300), max_size=12))
def test_names_stand_apart(wanted: list[float]) -> None:
    found = apart(sorted(wanted), TOP, 300)
    assert all(b - a >= GAP - 1e-9 for a, b in pairwise(found))
    assert all(TOP <= y <= 300 for y in found)
    spread = [50.0, 100.0, 150.0]
    assert apart(spread, TOP, 300) == spread
