"""What a summary copies and what it invents, by hand."""

import numpy as np
import pytest

from heedful.errors import DataError
from heedful.tasks.copied import copied

DOCUMENT = "The quick brown fox jumps over the lazy dog."


def test_shares_by_hand() -> None:
    found = copied(["The quick brown cat jumps over Größe, cat!"], [DOCUMENT])
    # words: the quick brown cat jumps over größe cat
    np.testing.assert_allclose(found.shares[0], [5 / 8, 3 / 7, 1 / 6, 0])
    assert found.words == [["cat", "größe"]]
    assert found.invented[0] == pytest.approx(3 / 8)


def test_a_part_of_the_document_is_copied_whole() -> None:
    found = copied(["jumps over THE lazy dog", "the dog"], [DOCUMENT, DOCUMENT])
    np.testing.assert_array_equal(found.shares[0], 1)
    assert found.shares[1, :2].tolist() == [1, 0]
    assert np.isnan(found.shares[1, 2:]).all()
    assert found.words == [[], []]


def test_means_leave_out_what_has_no_such_run() -> None:
    told = copied(["quick fox", "", "nothing"], [DOCUMENT, DOCUMENT, ""]).figures()
    assert set(told) == {"copied1", "copied2", "invented"}
    assert told["copied1"]["value"] == told["invented"]["value"] == 0.5
    assert told["copied2"] == {"value": 0, "low": 0, "high": 0}
    assert copied([], []).figures() == {}


def test_as_many_documents_as_summaries() -> None:
    with pytest.raises(DataError, match="as many summaries as documents"):
        copied(["a"], [])
