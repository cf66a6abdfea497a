"""Exact search and fusion, against the plain formulas."""

import numpy as np
import pytest

from heedful.search.exact import nearest
from heedful.search.fusion import fuse
from heedful.search.order import best, unit

RANDOM = np.random.default_rng(5)


def test_best_is_high_before_low_and_first_of_equals() -> None:
    scores = np.array([1.0, 3.0, -np.inf, 3.0, 2.0, 1.0])
    assert best(scores, 3).tolist() == [1, 3, 4]
    assert best(scores, 4).tolist() == [1, 3, 4, 0]
    assert best(scores, 9).tolist() == [1, 3, 4, 0, 5]
    assert best(np.array([]), 2).tolist() == []


@pytest.mark.parametrize("share", [1.0, 0.3, 0.01])
def test_blocks_give_what_the_whole_product_gives(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heedful.search.exact.BLOCK", 37)
    monkeypatch.setattr("heedful.search.exact.QUERIES", 3)
    vectors = unit(RANDOM.standard_normal((400, 16)).astype(np.float32))
    vectors[200:220] = vectors[:20]  # equal ones
    queries, among = vectors[:10], RANDOM.random(400) < share
    rows, scores = nearest([vectors[:150], vectors[150:150], vectors[150:]], queries, 7, among)
    cosines = np.where(among, np.round((queries @ vectors.T).astype(float), 6), -np.inf)
    for number in range(10):
        order = np.lexsort((np.arange(400), -cosines[number]))[:7]
        order = order[cosines[number, order] > -np.inf]
        assert rows[number, : len(order)].tolist() == order.tolist()
        assert scores[number, : len(order)] == pytest.approx(cosines[number, order], abs=2e-6)
        assert (rows[number, len(order) :] == -1).all() and (scores[number, len(order) :] == -np.inf).all()


def test_reciprocal_ranks_are_summed() -> None:
    rows, scores = fuse([np.array([[5, 3, 9]]), np.array([[3, 7, -1]])], top=5)
    assert rows.tolist() == [[3, 5, 7, 9, -1]]
    assert scores[0, :4] == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62, 1 / 63])
    assert fuse([np.array([[2], [1]])], top=1, k=0)[1].tolist() == [[1.0], [1.0]]
