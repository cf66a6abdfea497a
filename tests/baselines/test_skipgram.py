"""Skip-gram: a corpus whose geometry is known, real prose, and its repeatability."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from heedful.baselines.skipgram import Corpus, step, train_vectors
from heedful.text.words import words


def two_worlds() -> list[list[str]]:
    random = np.random.default_rng(0)
    worlds = ([f"sea{i}" for i in range(10)], [f"law{i}" for i in range(10)])
    return [random.choice(worlds[i % 2], 8).tolist() for i in range(600)]


def test_words_of_one_world_lie_together() -> None:
    trained = train_vectors(two_worlds(), width=16, epochs=5, subsample=1.0)
    for word in trained.vocabulary:
        assert {near[:3] for near, _ in trained.nearest(word, 9)} == {word[:3]}
    assert trained.epochs == 5


def test_a_seed_repeats_whatever_the_threads_and_another_differs() -> None:
    def vectors(seed: int) -> np.ndarray:
        return train_vectors(two_worlds()[:100], width=8, epochs=2, seed=seed).vectors

    first = vectors(0)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    np.testing.assert_array_equal(first, vectors(0))
    torch.set_num_threads(before)
    assert not np.array_equal(first, vectors(1))


def test_a_step_follows_the_gradient_of_the_objective() -> None:
    torch.manual_seed(0)
    centre, context = torch.randn(6, 4, dtype=torch.float64), torch.randn(6, 4, dtype=torch.float64)
    rows, neighbours, drawn = torch.tensor([0, 1, 0]), torch.tensor([2, 3, 4]), torch.tensor([4, 5])
    v, u = centre.clone().requires_grad_(), context.clone().requires_grad_()
    others = torch.nn.functional.logsigmoid(-v[rows] @ u[drawn].T) * (drawn != neighbours[:, None])
    near = torch.nn.functional.logsigmoid((v[rows] * u[neighbours]).sum(1))
    (near.sum() + 0.5 * others.sum()).backward()
    expected = centre + 0.1 * v.grad, context + 0.1 * u.grad
    step(centre, context, rows, neighbours, drawn, 0.5, 0.1)
    torch.testing.assert_close((centre, context), expected)


def test_pairs_stay_inside_their_sentence_and_window() -> None:
    corpus = Corpus([["a", "b", "c"], ["d", "e"]], 1, 1.0, np.random.default_rng(0))
    seen = {tuple(pair) for _ in range(50) for pair in corpus.pairs(corpus.sentences, 2).T.tolist()}
    assert seen == {(0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0), (3, 4), (4, 3)}


def test_negative_words_are_drawn_by_frequency_to_the_three_quarters() -> None:
    corpus = Corpus([["a"] * 81, ["b"] * 16, ["c"]], 1, 1.0, np.random.default_rng(0))
    shares = np.bincount(corpus.draw(60_000).numpy()) / 60_000
    np.testing.assert_allclose(shares, np.array([27, 8, 1]) / 36, atol=0.01)


def test_time_that_is_over_ends_it() -> None:
    trained = train_vectors(two_worlds(), epochs=15, seconds=0.0)
    assert trained.epochs < 1
    assert np.isfinite(trained.vectors).all()


def test_real_prose_gives_neighbours_that_make_sense(shared_data: Callable[[str], Path]) -> None:
    with gzip.open(shared_data("english/train.txt.gz"), "rt", encoding="utf-8") as file:
        sentences = [words(line) for line in file.read(1_000_000).splitlines()]
    trained = train_vectors(sentences, width=50, epochs=3, min_count=10)
    near = {word: {found for found, _ in trained.nearest(word, 15)} for word in ("king", "river")}
    assert near["king"] & {"queen", "emperor", "prince", "throne", "duke", "kings", "pope", "president"}
    assert near["river"] & {"valley", "coast", "lake", "sea", "ocean", "south", "north", "rivers", "island"}
