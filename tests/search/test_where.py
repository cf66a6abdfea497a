"""Filters: what fits, what is refused, and that nothing else is ever understood."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.errors import DataError
from heedful.search.where import Column, parse

TABLE: dict[str, Sequence[str | None]] = {
    "year": ["1999", "2010", "2010.0", None, "soon", " 2020 "],
    "date": ["1999-12-31", "2010-01-01", None, "2010-01-02", "", "2020-05-05"],
    "kind of": ["a", "b", "a b", "and", None, "x'y"],
}


def fits(text: str) -> list[int]:
    found = parse(text, list(TABLE))(lambda name: Column(TABLE[name]))
    assert found.dtype == bool and found.shape == (6,)
    return np.flatnonzero(found).tolist()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("year > 2009", [1, 2, 5]),
        ("year = 2010", [1, 2]),
        ("year == '2010'", [1]),
        ("year != 2010", [0, 5]),  # a value that is no number fits no comparison with one
        ("not year = 2010", [0, 3, 4, 5]),
        ("year <> 2010 and date < '2010'", [0]),
        ("date >= '2010-01-01' and date < '2010-02'", [1, 3]),
        ("year in (1999, '2010', 2.02e3)", [0, 1, 5]),
        ("year not in (1999)", [1, 2, 3, 4, 5]),
        ("`kind of` = 'and' or `kind of` = \"x'y\"", [3, 5]),
        ("`kind of` contains 'a' and not (`kind of` contains 'b')", [0, 3]),
        ("year < 2000 or year > 2015 and date > '2021'", [0]),  # `and` binds closer than `or`
        ("(year < 2000 or year > 2015) and date > '2000'", [5]),
        ("NOT NOT year<=+1.999e3", [0]),
        ("year > -5", [0, 1, 2, 5]),
    ],
)
def test_rows_that_fit(text: str, rows: list[int]) -> None:
    assert fits(text) == rows


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected a column, found nothing more"),
        ("year", "expected one of = !="),
        ("year >", "expected a number, or a text in quotes, found nothing more"),
        ("year > soon", "a text in quotes, found 'soon' at character 8"),
        ("year > 2010 year < 3", "expected `and`, `or` or the end"),
        ("1999 < year", "expected a column"),
        ("(year > 3", "expected ')'"),
        ("year in ()", "expected a number"),
        ("year in 3", "expected '('"),
        ("year not 3", "expected 'in'"),
        ("year contains 3", "a text in quotes after `contains`"),
        ("year = 'open", "expected a column, a value or a sign"),
        ("year = 2010abc", "expected a column, a value or a sign"),
        ("year > 3; drop table x", "expected a column, a value or a sign"),
        ("yaer > 3", "no column 'yaer'; it has year, date, kind of. Did you mean 'year'?"),
        ("__import__('os') = 3", "no column '__import__'"),
        ("and = 3", "expected a column"),
        ("(" * 60 + "year = 1" + ")" * 60, "at most 50 levels"),
        ("not " * 60 + "year = 1", "at most 50 levels"),
        ("year = 1 or " * 2000 + "year = 1", "at most 10,000 are read"),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    with pytest.raises(DataError) as told:
        fits(text)
    assert says in str(told.value)


@given(st.text("yearNOT andor()'\"`<>=!,.0123 in;\\", max_size=40))
def test_any_text_is_a_filter_or_one_clear_error(text: str) -> None:
    try:
        fits(text)
    except DataError as problem:
        assert "filter" in str(problem) or "no column" in str(problem)
