"""The strokes: marks of an axis, names that fit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.report.svg import breadth, clip, escape, frame, tick, ticks


@given(st.floats(-1, 1), st.floats(0, 2))
def test_ticks_reach_around_the_values_and_are_few(low: float, reach: float) -> None:
    found = ticks(low, low + reach)
    assert found[0] <= low + 1e-6 and found[-1] >= low + reach - 1e-6
    assert 2 <= len(found) <= 8 and found == sorted(set(found))


@given(st.text(max_size=60), st.floats(30, 200))
def test_clipped_names_fit(name: str, room: float) -> None:
    assert breadth(clip(name, room)) <= room


@given(st.floats(0, 1e6), st.floats(1e-6, 1e6))
def test_ticks_of_values_that_lie_close(low: float, reach: float) -> None:
    found = ticks(low, low + reach, 5, 1e-9)
    assert found[0] <= low + 1e-6 and found[-1] >= low + reach - 1e-6
    assert 2 <= len(found) <= 8


@pytest.mark.parametrize(
    ("mark", "step", "sign", "written"),
    [
        (0.25, 0.05, False, "0.25"),
        (12000, 2000, False, "12,000"),
        (-0.5, 0.5, True, "−0.5"),
        (2, 1, True, "+2"),
    ],
)
def test_a_tick_has_the_digits_that_its_step_needs(
    mark: float, step: float, sign: bool, written: str
) -> None:
    assert re.findall(">([^<]+)</text>", tick(0, 0, mark, step, sign=sign)) == [written]


def test_a_picture_is_named_and_described_and_obeys_no_text() -> None:
    picture = frame(10, 20, "<b>", "a & b", [])
    assert "<title>&lt;b&gt;</title><desc>a &amp; b</desc>" in picture and 'role="img"' in picture
    assert escape("\"'\u202e\x00") == "&quot;&#39;\ufffd\ufffd"
