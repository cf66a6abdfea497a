"""Votes, thresholds and dates of prior art, on made claims and on real ones."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hashed import Hashed

from heedful.errors import DataError
from heedful.search.build import build
from heedful.search.index import Index
from heedful.search.patents import Patents, iso, micro_f1, patent_rows, predicted, votes


def test_votes_are_discounted_shares() -> None:
    found = votes([{"A01B"}, {"A01B", "H04L"}, set()])
    total = 1 + 1 / 1.5849625007 + 0.5
    assert found == pytest.approx({"A01B": 1.6309297536 / total, "H04L": 0.6309297536 / total})
    assert list(found) == ["A01B", "H04L"] and votes([]) == {}
    assert (
        predicted(found, 0.5) == ["A01B"] and predicted(found, 0.9) == ["A01B"] and predicted({}, 0.5) == []
    )


def test_micro_f1_and_dates() -> None:
    assert micro_f1([{"a", "b"}, {"c"}], [["a"], ["d"]]) == pytest.approx(2 * 1 / 5)
    assert iso("2015-03-01") == iso("20150301") == "2015-03-01" and iso("1 March") is iso(None) is None


def test_classes_in_one_column_and_what_is_missing(tmp_path: Path) -> None:
    table = tmp_path / "claims.csv"
    table.write_text("id,date,text,classes,owner\n1,2010-01-01,A wheel of wood and iron,B60B; F16C B60B,x\n")
    rows = patent_rows(table, keep=["owner"])
    assert rows.columns == ("date", "classes", "owner")
    assert [row.columns for row in rows.read()] == [
        {"date": "2010-01-01", "classes": "B60B F16C", "owner": "x"}
    ]
    table.write_text("id,text\n1,A wheel of wood and iron\n")
    with pytest.raises(DataError, match="no column date and classes"):
        patent_rows(table)
    plain = Index.create(tmp_path / "plain", Hashed())
    with pytest.raises(DataError, match="--preset patents"):
        Patents(plain)


def test_real_claims_find_their_kind_among_earlier_ones(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    rows = patent_rows(shared_data("patents/train.csv"))
    index, counts = build(tmp_path / "index", rows.read(), Hashed(256), columns=rows.columns)
    assert counts.added == 1000 and not rows.rows.notes[1:]
    test = list(patent_rows(shared_data("patents/test.csv")).read())
    model = Patents(index)
    priors = model.search([row.text for row in test], [row.columns["date"] for row in test], hybrid=True)
    assert 0.15 <= model.threshold_ <= 0.6
    for row, prior in zip(test, priors, strict=True):
        dates = [hit.columns["date"] or "9" for hit in prior.hits]
        assert all(date < (row.columns["date"] or "") for date in dates)
        assert prior.predicted or not prior.hits
    truth = [set((row.columns["classes"] or "").split()) for row in test]
    by_chance = micro_f1(truth, [prior.predicted for prior in priors[1:] + priors[:1]])
    assert micro_f1(truth, [prior.predicted for prior in priors]) > by_chance + 0.1
