"""The elements: attributes are escaped, values are written for people."""

import pytest

from heedful.report.figures import MISSING, number
from heedful.report.markup import facts, figure, folded, grid, named, part, tag


def test_attributes_are_escaped_and_missing_ones_left_out() -> None:
    assert tag("p", "<b>", class_='"x"', aria_label=None) == '<p class="&quot;x&quot;"><b></p>'


def test_a_table_has_heads_for_its_rows_and_columns() -> None:
    table = grid("c < d", ["a", "b"], [["1", "2"], ["3", "4"]], "kind")
    assert '<table class="kind"><caption>c &lt; d</caption>' in table
    assert '<th scope="col">a</th><th scope="col">b</th>' in table
    assert '<tr><th scope="row">3</th><td>4</td></tr>' in table and 'tabindex="0"' in table


def test_what_has_no_content_is_no_section() -> None:
    assert (
        part("a", "A", "") == ""
        and part("a", "A & B", "x") == '<section id="a"><h2>A &amp; B</h2>x</section>'
    )


def test_only_a_picture_that_scrolls_takes_the_focus() -> None:
    assert 'tabindex="0"' in figure("", "c", "wide") and "tabindex" not in figure("", "c")
    assert folded("s", "c") == "<details><summary>s</summary>c</details>"
    assert folded("s", "c", True).startswith("<details open>")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1003854, "1,003,854"), (0.0003, "0.0003"), (True, "yes"), (False, "no"), ("<b>", "<b>"),
        ([0, 1, 2], "0, 1, 2"),
        (None, MISSING), ({"a": 1}, MISSING), ([], MISSING), (float("nan"), "nan"), (10**20, "1" + 20 * "0"),
    ],
)  # fmt: skip
def test_values_are_written_for_people(value: object, written: str) -> None:
    assert named({"a_name": value}) == [("a name", written)]


def test_sizes_carry_their_unit_and_missing_facts_are_left_out() -> None:
    assert named({"memory_bytes": 25_300_000_000}) == [("memory", "25 GB")]
    assert named({"memory_bytes": "odd"}) == [("memory", MISSING)]
    assert facts(named({"a": None, "b": 1})) == '<dl class="facts"><div><dt>b</dt><dd>1</dd></div></dl>'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1.5103, "1.510"), (0.8934, "0.893"), (12.346, "12.35"), (123.44, "123.4"), (9120.4, "9,120"),
        (0, "0.000"), (0.0003, "0.0003"), (2e-7, "2e-07"), (-1.5, "-1.500"),
        (999.96, "1,000"), (1e20, "1e+20"), (None, MISSING),
        (0.09999, "0.100"), (9.9999, "10.00"),
    ],
)  # fmt: skip
def test_a_figure_has_about_four_digits(value: float | None, written: str) -> None:
    assert number(value) == written
