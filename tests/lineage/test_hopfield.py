"""Hopfield's memory: valleys, a falling energy, and an edge."""

import numpy as np

from heedful.lineage import hopfield
from heedful.lineage.outcome import Effort


def test_a_stored_pattern_stays_and_a_broken_one_comes_back() -> None:
    random = np.random.default_rng(0)
    pattern = random.choice([-1.0, 1.0], size=60)
    weights = hopfield.store(pattern[None])
    assert np.diag(weights).tolist() == [0.0] * 60
    broken = pattern.copy()
    broken[:20] *= -1
    found, path = hopfield.recall(weights, broken, random)
    assert (found == pattern).all()
    assert (np.diff(path) <= 1e-12).all() and path[-1] < path[0]


def test_the_energy_is_that_of_the_formula() -> None:
    weights = np.array([[0.0, 2.0], [2.0, 0.0]])
    assert hopfield.energy(weights, np.array([1.0, 1.0])) == -2.0
    assert hopfield.energy(weights, np.array([1.0, -1.0])) == 2.0


def test_the_short_experiment_passes() -> None:
    assert hopfield.run(Effort(short=True)).passed
