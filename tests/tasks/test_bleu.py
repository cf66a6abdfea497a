"""Scores of translations: those of sacrebleu, intervals that hold, pairs of systems, empty and odd input."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF

from heedful.errors import ConfigError, DataError
from heedful.tasks.bleu import (
    TOKENIZERS,
    bleu,
    by_length,
    chrf,
    difference,
    draws,
    length,
    letter_matches,
    matches,
    metric,
    resampled,
    scores,
)

WORDS = [
    "the",
    "a",
    "cat",
    "dog",
    "house",
    "is",
    "was",
    "in",
    "on",
    "under",
    "small",
    "it's",
    "3.5",
    ",",
    ".",
    "!",
]
texts = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=5)), max_size=12).map(" ".join)
sides = st.integers(1, 12).flatmap(
    lambda n: st.tuples(st.lists(texts, min_size=n, max_size=n), st.lists(texts, min_size=n, max_size=n))
)


def corpus(sentences: int, noise: float, seed: int = 0) -> tuple[list[str], list[str]]:
    """Return hypotheses whose words differ from those of the references with the chance `noise`."""
    random = np.random.default_rng(seed)
    references, hypotheses = [], []
    for _ in range(sentences):
        words = random.choice(WORDS, random.integers(4, 25))
        kept = np.where(random.random(len(words)) < noise, random.choice(WORDS, len(words)), words)
        references.append(" ".join(words))
        hypotheses.append(" ".join(kept))
    return hypotheses, references


@settings(max_examples=15, deadline=None)
@given(sides)
def test_the_values_are_those_of_sacrebleu(both: tuple[list[str], list[str]]) -> None:
    hypotheses, references = both
    found = scores(hypotheses, references)
    wanted = BLEU(), CHRF()
    for name, one in zip(("bleu", "chrf"), wanted, strict=True):
        assert found[name]["value"] == one.corpus_score(hypotheses, [references]).score
        assert found[name]["signature"] == str(one.get_signature())
        assert 0 <= found[name]["low"] <= found[name]["high"] <= 100.0001
    assert bleu(hypotheses, references) == found["bleu"]["value"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@settings(max_examples=15, deadline=None)
@given(sides.map(lambda both: ([both[0][0]], [both[1][0]])))
def test_the_draws_of_one_sentence_are_that_sentence(both: tuple[list[str], list[str]]) -> None:
    for name in ("bleu", "chrf"):
        one = scores(*both)[name]
        assert one["low"] == one["high"] == pytest.approx(one["value"], abs=1e-9)


def test_each_draw_scores_as_sacrebleu_scores_those_sentences() -> None:
    hypotheses, references = corpus(7, 0.4)
    random = np.random.default_rng(0)
    rows = [random.integers(0, 7, 7) for _ in range(50)]
    found = (
        draws(matches(metric("13a"), hypotheses, references)),
        chrf(resampled(letter_matches(hypotheses, references))),
    )
    for drawn, one in zip(found, (BLEU(), CHRF()), strict=True):
        wanted = [
            one.corpus_score([hypotheses[i] for i in some], [[references[i] for i in some]]).score
            for some in rows
        ]
        assert len(drawn) == 1000 and drawn[:50] == pytest.approx(wanted)


def test_the_intervals_hold_the_value_narrow_with_sentences_and_repeat() -> None:
    few, many = (scores(*corpus(count, 0.3)) for count in (50, 800))
    assert few == scores(*corpus(50, 0.3))
    for name in ("bleu", "chrf"):
        assert all(one[name]["low"] < one[name]["value"] < one[name]["high"] for one in (few, many))
        widths = [one[name]["high"] - one[name]["low"] for one in (few, many)]
        assert widths[1] == pytest.approx(widths[0] / 4, rel=0.35)


def test_the_interval_is_that_of_sacrebleus_own_bootstrap() -> None:
    hypotheses, references = corpus(300, 0.3)
    found = scores(hypotheses, references)
    for name, one in (("bleu", BLEU(force=True)), ("chrf", CHRF())):
        theirs = json.loads(
            one.corpus_score(hypotheses, [references], 1000).format(4, signature="a:b", is_json=True)
        )
        assert (found[name]["high"] - found[name]["low"]) / 2 == pytest.approx(
            theirs["confidence_var"], rel=0.1
        )


def test_systems_are_compared_draw_by_draw() -> None:
    better, references = corpus(200, 0.2)
    worse = [text.replace("dog", "cat") for text in better]
    found = difference(better, worse, references)
    assert found["value"] == pytest.approx(bleu(better, references) - bleu(worse, references))
    assert 0 < found["low"] < found["value"] < found["high"]
    back = difference(worse, better, references)
    assert [back["low"], back["high"]] == pytest.approx([-found["high"], -found["low"]])
    alone = scores(better, references)["bleu"]
    assert found["high"] - found["low"] < 0.7 * (alone["high"] - alone["low"])  # what pairing is for
    assert difference(better, better, references) == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_buckets_by_the_length_of_the_source() -> None:
    hypotheses, references = corpus(60, 0.3)
    lengths = [2, 5, 6, 21, 30, 31] * 10
    sources = [" ".join(["word"] * count) for count in lengths]
    found = by_length(sources, hypotheses, references)
    assert [(one["words"], one["sentences"]) for one in found] == [
        ("up to 5", 20), ("6 to 10", 10), ("21 to 30", 20), ("over 30", 10),
    ]  # fmt: skip
    rows = [i for i, count in enumerate(lengths) if count in (21, 30)]
    picked = [hypotheses[i] for i in rows], [references[i] for i in rows]
    whole = scores(*picked)["bleu"]
    assert {name: found[2][name] for name in ("value", "low", "high")} == {
        name: whole[name] for name in ("value", "low", "high")
    }
    assert by_length([""], ["a"], ["a"])[0]["words"] == "up to 5"
    assert by_length(["a " * 31], ["a"], ["a"])[0]["words"] == "over 30"


def test_the_words_of_a_source() -> None:
    assert length("Quoi ? C'est l'heure !") == 3
    assert length("我喜欢学习。") == 5
    assert length(" \n") == length("") == length("...") == 0


@pytest.mark.parametrize("tokenize", TOKENIZERS)
def test_the_tokenizers(tokenize: str) -> None:
    hypotheses, references = (
        ["我喜欢学习。", "it's 3.5 dogs, not cats!"],
        ["我喜欢学习。", "it's 3,5 dogs — not cats!"],
    )
    found = scores(hypotheses, references, tokenize)["bleu"]
    assert found["value"] == BLEU(tokenize=tokenize).corpus_score(hypotheses, [references]).score
    assert f"tok:{tokenize}|" in found["signature"]
    assert bleu(hypotheses, references, tokenize) == found["value"]


@pytest.mark.parametrize("tokenize", ["ja-mecab", "flores200", "spm", "", "13A"])
def test_other_tokenizers_are_refused(tokenize: str) -> None:
    for score in (bleu, scores):
        with pytest.raises(ConfigError, match="expected one of 13a, intl, zh, char, none"):
            score(["a"], ["a"], tokenize)


@pytest.mark.parametrize(
    "both", [([""], [""]), ([""], ["a b c d"]), (["a b c d"], [""]), (["", ""], ["a", ""])]
)
def test_empty_sentences_score_nothing(both: tuple[list[str], list[str]]) -> None:
    found = scores(*both)
    assert all(found[name][key] == 0 for name in ("bleu", "chrf") for key in ("value", "low", "high"))
    assert by_length(both[1], *both)[0]["value"] == 0


def test_the_perfect_translation_scores_100() -> None:
    found = scores(["the cat is on the mat"] * 3, ["the cat is on the mat"] * 3)
    for name in ("bleu", "chrf"):
        assert all(math.isclose(found[name][key], 100) for key in ("value", "low", "high"))


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(DataError, match="found 1 hypotheses, 2 references; expected as many of each"):
        scores(["a"], ["a", "b"])
    with pytest.raises(DataError, match="found 1 first hypotheses, 2 second hypotheses, 1 references"):
        difference(["a"], ["a", "b"], ["a"])
    with pytest.raises(DataError, match="found 2 sources, 1 hypotheses, 1 references"):
        by_length(["a", "b"], ["a"], ["a"])
    with pytest.raises(DataError, match="expected at least one sentence"):
        bleu([], [])
    with pytest.raises(DataError, match="references: expected a list of texts; found one string"):
        bleu(["a"], "a")
    with pytest.raises(DataError, match="hypotheses: text 1 is a NoneType; expected str"):
        bleu(["a", None], ["a", "b"])  # type: ignore[list-item]


def test_nothing_is_said_of_tokenised_text(caplog: pytest.LogCaptureFixture) -> None:
    scores(["a cat ."] * 200, ["a cat ."] * 200)
    bleu(["a cat ."] * 200, ["a cat ."] * 200)
    assert not caplog.records
