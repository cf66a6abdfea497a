"""What is asked for first: the typical, then the unsure and unseen."""

import numpy as np
import pytest

from heedful.label.proposals import Proposer, least_sure, margins, spread

CENTRES = np.eye(6, dtype=np.float32)


def crowd(each: int = 30, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 0.15, (6 * each, 6)).astype(np.float32)
    found = np.repeat(CENTRES, each, axis=0) + noise
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_the_first_texts_are_spread_over_the_clusters() -> None:
    vectors = crowd()
    order = spread(vectors, 0)
    assert sorted(order.tolist()) == list(range(180))
    assert len({place // 30 for place in order[:14].tolist()}) == 6
    np.testing.assert_array_equal(order, spread(vectors, 0))


def test_margins() -> None:
    np.testing.assert_allclose(margins(np.array([[0.2, 0.7, 0.1], [0.5, 0.0, 0.5]])), [0.5, 0])


def test_among_the_least_sure_the_one_least_like_what_was_seen() -> None:
    vectors = crowd(10)
    sure = np.tile([0.9, 0.1], (60, 1))
    sure[[3, 40, *range(50, 60)]] = [0.5, 0.5]
    seen = vectors[[3, 4, 50, 51]]
    found = least_sure(sure, vectors, seen)
    assert margins(sure)[found] in (0, pytest.approx(0.8))
    sure = np.tile([0.9, 0.1], (60, 1))
    sure[:20] = [0.5, 0.5]  # clusters 0 and 1 are unsure
    assert least_sure(sure, vectors, CENTRES[:1]) in range(10, 20)


def test_each_text_is_asked_for_once_and_the_same_answers_ask_the_same() -> None:
    vectors = crowd(5)
    groups = np.arange(30)
    groups[1] = groups[0]  # near-equal
    open_ = np.ones(30, dtype=bool)
    open_[25:] = False
    proposer = Proposer(vectors, groups, open_, seed=0)
    done: list[int] = []
    labels: list[str | None] = []
    while (place := proposer.next(np.array(done, dtype=np.int64), labels)) is not None:
        assert place == Proposer(vectors, groups, open_, 0).next(np.array(done, dtype=np.int64), labels)
        done.append(place)
        labels.append(None if len(done) % 7 == 0 else "ab"[place % 10 < 5])
    assert len(done) == len(set(done)) == 24
    assert max(done) < 25 and not {0, 1} <= set(done)


def test_asking_the_unsure_finds_a_border_sooner_than_chance() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(600, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    truth = (vectors[:, 0] + 0.3 * vectors[:, 1] > 0.1).astype(int)
    from sklearn.linear_model import LogisticRegression

    def accuracy(places: list[int]) -> float:
        return float(LogisticRegression(C=10).fit(vectors[places], truth[places]).score(vectors, truth))

    proposer = Proposer(vectors, np.arange(600), np.ones(600, dtype=bool), 0)
    done: list[int] = []
    for _ in range(60):
        place = proposer.next(np.array(done, dtype=np.int64), [str(truth[one]) for one in done])
        assert place is not None
        done.append(place)
    chance = np.mean([accuracy(random.permutation(600)[:60].tolist()) for _ in range(10)])
    assert accuracy(done) > chance + 0.01
