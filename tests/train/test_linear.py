"""The choice of strength and weighting, and what it costs to be out of time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from heedful.baselines.bayes import NaiveBayes, posterior
from heedful.baselines.lstm import LSTM
from heedful.baselines.ngram import NGram
from heedful.baselines.terms import count
from heedful.estimator import Clock
from heedful.train.batches import alike
from heedful.train.linear import climb, fit_linear, solve


def clouds(counts: tuple[int, ...], seed: int, spread: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    targets = np.repeat(np.arange(len(counts)), counts)
    centres = np.eye(len(counts), 4)[targets]
    return centres + np.random.default_rng(seed).normal(size=centres.shape) * spread, targets


@pytest.mark.parametrize(("spread", "winner"), [(0.5, None), (2.0, "balanced")])
def test_skewed_classes_are_weighted_where_macro_f1_says_so(spread: float, winner: str | None) -> None:
    train, dev = clouds((400, 100), 0, spread), clouds((400, 100), 1, spread)
    chosen, stopped = fit_linear(*train, dev, Clock())
    best, _ = climb(*train, dev, Clock(), winner)
    other, _ = climb(*train, dev, Clock(), None if winner else "balanced")
    assert best.macro_f1 > other.macro_f1
    np.testing.assert_array_equal(chosen.weight, best.model.weight)
    assert stopped is None


def test_two_classes_give_two_rows_and_the_solvers_probabilities() -> None:
    features, targets = clouds((40, 60), 0)
    model = solve(features, targets, 1.0, None)
    assert model.weight.shape == (2, 4)
    np.testing.assert_allclose(model.weight[0], -model.weight[1])


def test_time_that_is_over_leaves_one_fit_and_says_so() -> None:
    train = clouds((50, 50), 0)
    model, stopped = fit_linear(*train, train, Clock(0.0))
    np.testing.assert_array_equal(model.weight, solve(*train, 1.0, None).weight)
    assert stopped is not None


def test_naive_bayes_by_hand() -> None:
    features = count([["a", "b"], ["a"], ["b"]], {"a": 0, "b": 1})
    model = posterior(features, np.array([0, 0, 1]), 1.0)
    np.testing.assert_allclose(np.exp(model.weight), [[3 / 5, 2 / 5], [1 / 3, 2 / 3]], rtol=1e-6)
    np.testing.assert_allclose(np.exp(model.bias), [2 / 3, 1 / 3], rtol=1e-6)


def test_unknown_words_get_the_prior_from_naive_bayes() -> None:
    model = NaiveBayes(min_rows=1).fit(["good film", "fine film", "bad"], ["p", "p", "n"])
    np.testing.assert_allclose(model.predict_proba(["zzz"]), [[1 / 3, 2 / 3]], rtol=1e-6)


def test_batches_of_like_length_hold_every_row_once_and_hardly_any_padding() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, 3000).tolist()
    batches = alike(lengths, 64, np.random.default_rng(0))
    assert sorted(row for batch in batches for row in batch) == list(range(3000))
    padded = sum(len(batch) * max(lengths[row] for row in batch) for batch in batches)
    assert padded < 1.05 * sum(lengths)


def test_a_longer_neighbour_in_the_batch_changes_nothing() -> None:
    model = LSTM(width=16, hidden=8, epochs=1).fit(["a b c", "c b a", "a a", "b b"], list("xyxy"))
    alone, together = model.logits(["a b"]), model.logits(["a b", "a b c " * 100])
    np.testing.assert_allclose(together[:1], alone, atol=1e-6)


@pytest.mark.slow
def test_ngram_on_published_sentiment(shared_data: Callable[[str], Path]) -> None:
    def rows(name: str) -> tuple[list[str], list[str]]:
        pairs = [
            line.split(" ", 1) for line in shared_data(f"sst/binary.{name}.txt").read_text().splitlines()
        ]
        return [text for _, text in pairs], [label for label, _ in pairs]

    (texts, labels), test = rows("train"), rows("test")
    held = set(range(0, len(texts), 10))
    dev = [texts[i] for i in sorted(held)], [labels[i] for i in sorted(held)]
    rest = [i for i in range(len(texts)) if i not in held]
    model = NGram().fit([texts[i] for i in rest], [labels[i] for i in rest], dev=dev)
    assert model.score(*test) >= 0.81
