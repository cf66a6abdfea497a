"""How the number of steps is chosen: the usual, unless held-out rows speak clearly."""

import numpy as np
import pytest
from scipy.special import log_softmax

from heedful.tasks.contrast import marked
from heedful.tasks.rehearse import Few, Found, careful_temperature, row_losses, settings, split

TARGETS = np.tile([0, 1], 12)


def logits(strength: float, wrong: int = 0, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 0.3, (24, 2))
    found = noise + strength * np.eye(2)[TARGETS]
    found[:wrong] = found[:wrong, ::-1]
    return found


def test_the_usual_stays_unless_another_is_clearly_better() -> None:
    alike = Found({(0, 0): logits(2, seed=1), (16, 0): logits(2), (32, 0): logits(2, seed=2)}, TARGETS)
    assert alike.best(usual=16) == (16, 0)
    assert alike.best(usual=0) == (0, 0)
    harmful = Found({(0, 0): logits(2), (16, 0): logits(2, wrong=9), (32, 0): logits(2, wrong=9)}, TARGETS)
    assert harmful.best(usual=16) == (0, 0)
    helpful = Found({(0, 0): logits(0), (16, 0): logits(0), (32, 0): logits(3)}, TARGETS)
    assert helpful.best(usual=16) == (32, 0)


def test_what_time_did_not_allow_is_not_chosen() -> None:
    assert Found({(0, 0): logits(1)}, TARGETS).best(usual=16) == (0, 0)


def test_the_neighbours_that_vote_are_chosen_with_the_steps() -> None:
    found = Found({(0, 1): logits(0), (0, 5): logits(3), (16, 1): logits(0), (16, 5): logits(3)}, TARGETS)
    assert found.best(usual=16) == (16, 5)
    assert set(found.summary()) == {"0", "16"}
    assert found.summary()["16"] == pytest.approx(float(found.losses((16, 5)).mean()), abs=1e-4)


def test_settings() -> None:
    assert settings([0, 8], "linear", 30) == [(0, 0), (8, 0)]
    assert settings([8], "neighbours", 4) == [(8, 1), (8, 3)]
    assert settings([8], "neighbours", 1) == [(8, 1)]


def test_the_temperature_is_careful_with_few_rows() -> None:
    sure = 5.0 * np.eye(2)[[0, 1]]
    assert careful_temperature(sure, np.array([0, 1])) > 0.3
    assert careful_temperature(np.tile(sure, (500, 1)), np.tile([1, 0], 500)) > 5
    noisy = np.random.default_rng(0).normal(size=(2000, 3))
    chances = np.exp(log_softmax(noisy, axis=1)).cumsum(axis=1)
    drawn = (np.random.default_rng(1).random((2000, 1)) > chances).sum(axis=1)
    assert careful_temperature(3 * noisy, drawn) == pytest.approx(3, rel=0.15)


def test_losses_of_several_labels() -> None:
    found = row_losses(np.array([[0.0, 100.0], [100.0, 0.0]]), np.array([[1.0, 1.0], [0.0, 1.0]]))
    np.testing.assert_allclose(found, [np.log(2) / 2, (100 + np.log(2)) / 2])


def test_each_row_is_held_out_once() -> None:
    targets = np.array([0] * 6 + [1] * 5 + [2])
    texts = [str(row) for row in range(12)]
    few = Few(texts, [[row] for row in range(12)], targets, marked(targets, 3), 3)
    rounds = split(few, 0)
    outs = [text for _, out in rounds for text in out.texts]
    assert sorted(outs, key=int) == texts[:11]
    for rest, out in rounds:
        assert not set(rest.texts) & set(out.texts)
        assert len(rest.texts) + len(out.texts) == 12 and set(rest.targets) == {0, 1, 2}
        assert [ids[0] for ids in out.ids] == [int(text) for text in out.texts]
    one = np.array([0, 1])
    assert split(Few(["a", "b"], [[1], [2]], one, marked(one, 2), 2), 0) == []
