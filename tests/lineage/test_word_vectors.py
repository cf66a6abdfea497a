"""Word vectors: GloVe's equations, the measures that judge them, and what a mean forgets."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from heedful.errors import DataError
from heedful.lineage import glove, words
from heedful.lineage.outcome import Effort


def test_pairs_count_by_their_distance_within_a_text() -> None:
    found = glove.together([["a", "b", "c", "a"], ["c", "x", "b"]], ["a", "b", "c"], window=2).toarray()
    # a b: 1 and 1/2; a c: 1/2 and 1; b c: 1, and 1 across the unknown word of the second text
    np.testing.assert_allclose(found, [[0, 1.5, 1.5], [1.5, 0, 2.0], [1.5, 2.0, 0]])


def test_the_gradients_are_those_of_the_loss() -> None:
    factors = glove.Factors(6, 3, seed=0)
    random = torch.Generator().manual_seed(0)
    rows, columns = torch.randint(6, (2, 20), generator=random)
    counts = torch.rand(20, generator=random) * 20 + 0.1
    loss, found = factors.gradients(rows, columns, counts)
    one, other = (value.clone().requires_grad_() for value in factors.values)
    dots = (one[rows, :-1] * other[columns, :-1]).sum(1) + one[rows, -1] + other[columns, -1]
    weights = torch.where(counts < 10, (counts / 10) ** 0.75, torch.ones(20))
    wanted = (weights * (dots - counts.log()) ** 2).sum()
    wanted.backward()  # type: ignore[no-untyped-call]
    assert loss == pytest.approx(wanted.item(), rel=1e-5)
    for value, gradient in zip((one, other), found, strict=True):
        assert value.grad is not None
        torch.testing.assert_close(2 * gradient, value.grad)


def test_counts_that_are_a_product_are_found_again() -> None:
    random = np.random.default_rng(0)
    half = random.normal(size=(12, 2))
    counts = glove.coo_matrix(np.exp(half @ half.T))
    _, losses = glove.factorise(counts, 4, 0, epochs=800, rate=0.1)
    assert losses[-1] < 0.01 * losses[0]


def test_a_mean_forgets_the_order_and_a_reader_does_not() -> None:
    one, other = words.SENTENCES
    vectors = words.Vectors(sorted(one), np.random.default_rng(0).normal(size=(3, 5)))
    assert (vectors.bag(one) == vectors.bag(other)).all()
    np.testing.assert_allclose(vectors.bag(one), vectors.table.mean(axis=0))
    first, second = (words.read_in_order(vectors, text, 0) for text in (one, other))
    assert words.apart(first, second) > 0.01
    assert words.apart(first, words.read_in_order(vectors, one, 0)) == 0


def test_related_words_are_told_from_chance() -> None:
    table = np.random.default_rng(0).normal(size=(400, 20))
    place = np.arange(30, 330, 30)
    vectors = words.Vectors(list(map(str, range(400))), table)
    assert words.nearer(place, 400, words.one_hot, np.random.default_rng(1)) == 0.5
    assert 0.35 < words.nearer(place, 400, vectors.cosine, np.random.default_rng(1)) < 0.65
    table[place] = table[place[0]] + 0.1 * table[place]
    alike = words.Vectors(list(map(str, range(400))), table)
    assert words.nearer(place, 400, alike.cosine, np.random.default_rng(1)) > 0.95


def test_an_analogy_is_a_parallelogram() -> None:
    names = ["france", "paris", "germany", "berlin", *"abcdefgh"]
    table = np.random.default_rng(0).normal(size=(12, 6))
    table[3] = table[2] + table[1] - table[0]
    assert words.Vectors(names, table).analogies(1) == 1.0
    table[3] = -table[3]
    assert words.Vectors(names, table).analogies(1) == 0.0


def test_without_the_text_it_says_which() -> None:
    with pytest.raises(DataError, match=r"english/train\.txt\.gz"):
        words.run(Effort(short=True))


def test_the_short_experiment_passes(shared_data: Callable[[str], Path]) -> None:
    assert words.run(Effort(short=True, data=shared_data("english/train.txt.gz").parents[1])).passed
