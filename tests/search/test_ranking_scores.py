"""nDCG, reciprocal rank and recall: worked by hand, and beside scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from heedful.errors import DataError
from heedful.search.scores import difference, ranking_scores, summary


def test_one_query_worked_by_hand() -> None:
    # grades found: 3, 0, 2; all judged: 3, 2, 1 -> DCG 3 + 2 / 2 = 4, ideal 3 + 2 / log2(3) + 1 / 2
    scores = ranking_scores([["a", "x", "b"]], [{"a": 3, "b": 2, "c": 1, "x": 0}], k=3)
    assert scores["ndcg@3"] == pytest.approx([4 / (3 + 2 / np.log2(3) + 0.5)])
    assert scores["mrr@3"].tolist() == [1.0]
    assert scores["recall@3"] == pytest.approx([2 / 3])


def test_rank_of_the_first_and_the_cut() -> None:
    found = [["x", "y", "a"], ["x", "y", "a"], [], ["a"]]
    scores = ranking_scores(found, [{"a": 1}, {"b": 1}, {"a": 1}, {"a": 1, "b": -1}], k=2)
    assert scores["mrr@2"].tolist() == [0, 0, 0, 1] == scores["recall@2"].tolist()
    assert ranking_scores(found[:1], [{"a": 1}])["mrr@10"] == pytest.approx([1 / 3])
    assert ranking_scores(found[:1], [{"a": 1}])["ndcg@10"] == pytest.approx([0.5])


def test_grades_agree_with_scikit_learn() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        grades, guesses = random.integers(0, 4, 30), random.permutation(30).astype(float)
        grades[0] = 1
        found = [np.argsort(-guesses).tolist()]
        ours = ranking_scores(found, [dict(enumerate(grades.tolist()))], k=10)["ndcg@10"][0]
        assert ours == pytest.approx(ndcg_score(grades[None], guesses[None], k=10))


def test_intervals_and_paired_differences() -> None:
    ours = np.repeat([1.0, 0.0], 50)
    told = summary(ours)
    assert told["value"] == 0.5 and 0.38 < told["low"] < 0.45 and 0.55 < told["high"] < 0.62
    assert difference(ours, ours - 0.1) == pytest.approx({"value": 0.1, "low": 0.1, "high": 0.1})


@pytest.mark.parametrize(
    ("found", "judged", "told"),
    [
        ([["a"]], [], "as many"),
        ([], [], "one or more"),
        ([["a"]], [{"a": 0}], "query 0 .* no relevant"),
        ([["a", "a"]], [{"a": 1}], "twice"),
    ],
)
def test_bad_input_is_told(found: list[list[str]], judged: list[dict[str, float]], told: str) -> None:
    with pytest.raises(DataError, match=told):
        ranking_scores(found, judged)
    with pytest.raises(DataError, match="same queries"):
        difference(np.ones(2), np.ones(3))
