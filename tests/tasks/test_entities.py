"""Scores of names: the published examples of seqeval, conlleval's counting by hand, the bootstrap."""

import numpy as np
import pytest

from heedful.data.bio import Score
from heedful.errors import DataError
from heedful.tasks.entities import bootstrap, interval, score


def tags(text: str) -> list[str]:
    """Return the tags of a sentence."""
    return text.split()


def test_the_example_of_seqevals_readme() -> None:
    truth = [tags("O O O B-MISC I-MISC I-MISC O"), tags("B-PER I-PER O")]
    found = [tags("O O B-MISC I-MISC I-MISC I-MISC O"), tags("B-PER I-PER O")]
    scores = score(truth, found)
    assert scores.micro == Score(right=1, found=2, wanted=2)
    assert (scores.micro.precision, scores.micro.recall, scores.micro.f1) == (0.5, 0.5, 0.5)
    assert scores.classes == {"MISC": Score(0, 1, 1), "PER": Score(1, 1, 1)}
    assert scores.macro_f1 == 0.5


def test_its_example_of_the_default_mode() -> None:
    scores = score([tags("B-NP I-NP O")], [tags("I-NP I-NP O")])
    assert scores.micro == Score(1, 1, 1)


def test_wrong_edges_and_wrong_classes_count_against_both_sides() -> None:
    truth = [tags("B-a I-a O B-b O B-a"), tags("O B-b I-b")]
    found = [tags("B-a O O B-a O B-a"), tags("B-b O O")]
    # right: the last a. Found: a a a | b. Wanted: a b a | b.
    scores = score(truth, found)
    assert scores.micro == Score(1, 4, 4)
    assert scores.classes == {"a": Score(1, 3, 2), "b": Score(0, 1, 2)}
    assert scores.classes["a"].f1 == pytest.approx(2 * (1 / 3 * 1 / 2) / (1 / 3 + 1 / 2))
    assert scores.macro_f1 == pytest.approx(0.2)


def test_a_class_that_is_only_found_counts_in_the_macro_mean() -> None:
    scores = score([tags("B-a O")], [tags("B-a B-x")])
    assert scores.classes["x"] == Score(0, 1, 0)
    assert scores.macro_f1 == 0.5


def test_figures_are_what_json_can_hold() -> None:
    figures = score([tags("B-a O")], [tags("B-a O")]).figures()
    assert figures["f1"] == figures["low"] == figures["high"] == 1.0
    assert figures["sentences"] == 1
    assert figures["classes"]["a"] == {
        "precision": 1.0, "recall": 1.0, "f1": 1.0, "right": 1, "found": 1, "wanted": 1,
    }  # fmt: skip


def test_the_interval_holds_the_value_and_narrows_with_sentences() -> None:
    random = np.random.default_rng(1)

    def width(sentences: int) -> float:
        right = random.random(sentences) < 0.6
        truth = [["B-a", "O"]] * sentences
        found = [["B-a", "O"] if hit else ["O", "B-a"] for hit in right]
        scores = score(truth, found)
        assert scores.low < scores.micro.f1 < scores.high
        return scores.high - scores.low

    few, many = width(50), width(800)
    assert many < 0.4 * few
    assert few == pytest.approx(2 * 1.96 * (0.6 * 0.4 / 50) ** 0.5, rel=0.3)  # a mean of 50 coins


def test_draws_are_paired_and_averaged_over_taggings() -> None:
    random = np.random.default_rng(0)
    right = random.integers(0, 2, size=(2, 40, 1))
    one = np.concatenate([right, np.ones_like(right), np.ones_like(right)], axis=2)
    alone = [bootstrap(part[None], 50) for part in one]
    np.testing.assert_allclose(bootstrap(one, 50), (alone[0] + alone[1]) / 2)
    assert interval(np.arange(101.0)) == (2.5, 97.5)


def test_taggings_of_other_sentences_are_refused() -> None:
    with pytest.raises(DataError, match="expected as many"):
        score([["O"]], [["O", "O"]])
