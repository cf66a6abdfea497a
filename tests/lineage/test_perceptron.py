"""The perceptron's rule, its bound and its limits."""

import numpy as np
import pytest

from heedful.lineage import perceptron
from heedful.lineage.outcome import Effort


def test_it_separates_what_can_be_separated() -> None:
    x, y, _ = perceptron.separable(3)
    weights, mistakes = perceptron.fit(x, y)
    assert perceptron.accuracy(weights, x, y) == 1.0
    assert mistakes > 0


def test_it_moves_by_the_example_it_got_wrong() -> None:
    weights, mistakes = perceptron.fit(np.array([[2.0, -1.0]]), np.array([-1]), passes=1)
    assert weights.tolist() == [-2.0, 1.0]
    assert mistakes == 1


def test_the_bound_holds_and_is_not_trivial() -> None:
    shares = [perceptron.share_of_bound(seed) for seed in range(20)]
    assert 0 < max(shares) <= 1


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_parity_is_beyond_it(bits: int) -> None:
    x, y = perceptron.parity(bits)
    assert perceptron.accuracy(perceptron.fit(x, y)[0], x, y) <= 0.75


def test_the_short_experiment_passes() -> None:
    assert perceptron.run(Effort(short=True)).passed
