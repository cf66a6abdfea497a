"""Contrast: which rows are drawn together, and how batches and parts are made."""

import numpy as np
import pytest
import torch

from heedful.tasks.contrast import batch, choose, folds, likeness, marked, pair_loss

MULTI = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]], dtype=np.float64)


def test_marks_of_classes_and_of_labels() -> None:
    np.testing.assert_array_equal(marked(np.array([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])
    found = marked(MULTI, 3)
    assert found.shape == (5, 4)
    np.testing.assert_array_equal(found[:, 3], [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(marked(MULTI[:3], 3), MULTI[:3])


def test_likeness_is_the_share_of_common_labels() -> None:
    found = likeness(torch.tensor(marked(MULTI, 3))).numpy()
    np.testing.assert_allclose(found[0], [1, 0.5, 0, 0, 0])
    np.testing.assert_allclose(found[3], [0, 0, 0, 1, 1])
    np.testing.assert_allclose(found, found.T)


def test_the_loss_is_the_mean_error_of_the_cosines() -> None:
    random = np.random.default_rng(0)
    vectors, marks = random.normal(size=(5, 6)), marked(MULTI, 3)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    share, apart = [], []
    for one in range(5):
        for other in range(5):
            both = sum(marks[one] * marks[other])
            wanted = both / sum(np.maximum(marks[one], marks[other]))
            error = (wanted - unit[one] @ unit[other]) ** 2
            if one != other:
                (share if both else apart).append(error)
    found = pair_loss(torch.tensor(vectors), torch.tensor(marks))
    assert found.item() == pytest.approx(np.mean(share) + np.mean(apart))


def test_the_loss_is_nothing_where_all_is_as_it_should_be() -> None:
    vectors = torch.tensor([[2.0, 0.0], [3.0, 0.0], [0.0, 1.0]])
    marks = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert pair_loss(vectors, marks).item() == pytest.approx(0, abs=1e-12)
    assert pair_loss(vectors[[0, 2]], marks[[0, 0]]).item() == pytest.approx(1)


def test_as_many_examples_of_each_label_as_asked_for() -> None:
    marks = marked(np.array([0] * 9 + [1] * 2 + [2] * 5), 3)
    rows = choose(marks, 3, np.random.default_rng(0))
    assert len(set(rows.tolist())) == 8
    np.testing.assert_array_equal(marks[rows].sum(axis=0), [3, 2, 3])
    both = choose(marked(MULTI, 3), 1, np.random.default_rng(0))
    assert len(set(both.tolist())) == len(both)
    assert (marked(MULTI, 3)[both].sum(axis=0) >= 1).all()


def test_a_batch_has_pairs_that_share_and_pairs_that_do_not() -> None:
    marks = marked(np.array([0] * 30 + [1] * 4 + [2] * 30), 3)
    ids = [[1] * (place % 7 + 1) for place in range(64)]
    rows = batch(marks, ids, 12, np.random.default_rng(1))
    np.testing.assert_array_equal(marks[rows].sum(axis=0), [4, 4, 4])
    assert [len(ids[row]) for row in rows] == sorted(len(ids[row]) for row in rows)
    few = batch(marks, ids, 4, np.random.default_rng(1))
    assert sorted(marks[few].sum(axis=0)) == [0, 2, 2]


def test_parts_spread_each_label_and_keep_the_only_row() -> None:
    marks = marked(np.array([0] * 9 + [1] * 6 + [2] * 1 + [3] * 2), 4)
    found = folds(marks, 3, np.random.default_rng(0))
    assert found[15] == -1
    assert np.bincount(found[:9]).tolist() == [3, 3, 3]
    assert np.bincount(found[9:15]).tolist() == [2, 2, 2]
    assert found[16] != found[17]
    for part in range(3):
        assert (marks[found != part].sum(axis=0) > 0).all()
