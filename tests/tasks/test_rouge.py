"""ROUGE: the examples of Lin (2004), the values of Google's rouge_score, laws, intervals."""

import gzip
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.errors import DataError
from heedful.tasks.rouge import METRICS, common, pair, rouge, rouge_words

Judge = Callable[[str, str], list[tuple[float, float, float]]]
WORDS = st.lists(st.sampled_from(["a", "b", "c", "the", "gunman"]), max_size=12)
TEXTS = st.one_of(WORDS.map(" ".join), st.text(st.characters(max_codepoint=127), max_size=40))


@pytest.fixture(scope="module")
def judge() -> Judge:
    """Return rouge_score's precision, recall and F1 of a summary and a reference, by METRICS."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(METRICS), use_stemmer=False)

    def score(found: str, wanted: str) -> list[tuple[float, float, float]]:
        scores: dict[str, Any] = scorer.score(wanted, found)
        return [tuple(scores[metric]) for metric in METRICS]

    return score


def agree(judge: Judge, found: str, wanted: str) -> None:
    np.testing.assert_allclose(pair(found, wanted), judge(found, wanted), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("found", "two", "longest"),
    [
        ("police kill the gunman", 1 / 3, 3 / 4),
        ("the gunman kill police", 1 / 3, 2 / 4),
        ("the gunman police killed", 2 / 3, 2 / 4),
    ],
)
def test_the_examples_of_the_paper(found: str, two: float, longest: float) -> None:
    scores = rouge([found], ["police killed the gunman"])
    assert scores.of("rouge2", "recall")[0] == pytest.approx(two)
    assert scores.of("rougeL", "recall")[0] == scores.of("rougeL")[0] == pytest.approx(longest)


def test_by_hand() -> None:
    ((one, two, longest),) = rouge(["Testing, one-two!"], ["one two three; testing: one_two"]).values
    assert one.tolist() == pytest.approx([3 / 3, 3 / 6, 2 * 3 / 9])
    assert two.tolist() == pytest.approx([2 / 2, 2 / 5, 2 * 2 / 7])  # testing one, one two
    assert longest.tolist() == pytest.approx([3 / 3, 3 / 6, 2 * 3 / 9])
    assert rouge(["a a a b"], ["a a c"]).values[0, 0].tolist() == pytest.approx([2 / 4, 2 / 3, 4 / 7])


@settings(max_examples=300, deadline=None)
@given(found=TEXTS, wanted=TEXTS)
def test_random_ascii_texts_score_as_in_rouge_score(judge: Judge, found: str, wanted: str) -> None:
    agree(judge, found, wanted)


def test_real_texts_score_as_in_rouge_score(judge: Judge, shared_data: Callable[[str], Path]) -> None:
    with gzip.open(shared_data("summaries/packages.jsonl.gz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in islice(lines, 50)]
    plain = [row for row in rows if (row["document"] + row["summary"]).isascii()]
    assert len(plain) > 40
    for row in plain:
        agree(judge, row["document"], row["summary"])
        agree(judge, row["summary"], row["document"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's 3.5 GB_free — don’t!", ["it", "s", "3", "5", "gb", "free", "don", "t"]),
        ("NAÏVE cafe\u0301", ["naïve", "café"]),
        ("Größe: Ωmega", ["größe", "ωmega"]),
        ("東京タワー2024年", ["東", "京", "タ", "ワ", "ー", "2024", "年"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("Привет, мир", ["привет", "мир"]),
        ("… — _ !", []),
    ],
)
def test_words_of_every_script(text: str, words: list[str]) -> None:
    assert rouge_words(text) == words


def table(ours: list[str], theirs: list[str]) -> int:
    """The longest common subsequence by the textbook."""
    row = [0] * (len(theirs) + 1)
    for word in ours:
        before = row[:]
        for place, other in enumerate(theirs):
            row[place + 1] = before[place] + 1 if word == other else max(before[place + 1], row[place])
    return row[-1]


@settings(deadline=None)
@given(
    ours=st.lists(st.sampled_from("abcd"), max_size=80), theirs=st.lists(st.sampled_from("abcd"), max_size=80)
)
def test_the_longest_common_subsequence_is_the_textbooks(ours: list[str], theirs: list[str]) -> None:
    assert common(ours, theirs) == table(ours, theirs) == common(theirs, ours)


def test_long_texts_are_no_trouble() -> None:
    words = [str(number % 997) for number in range(10_000)]
    assert common(words, words) == 10_000
    assert common(words, ["x", *words[:5000:2], "y"]) == 2500


@settings(deadline=None)
@given(found=TEXTS, wanted=TEXTS)
def test_laws(found: str, wanted: str) -> None:
    forth, back = rouge([found], [wanted]).values[0], rouge([wanted], [found]).values[0]
    assert ((forth >= 0) & (forth <= 1)).all()
    np.testing.assert_array_equal(forth, back[:, [1, 0, 2]])
    assert forth[2, 2] <= forth[0, 2]  # a common subsequence is made of common words
    count = len(rouge_words(found))
    own = rouge([found], [found]).values[0]
    np.testing.assert_array_equal(own, np.repeat([[count > 0], [count > 1], [count > 0]], 3, axis=1))


def test_intervals_hold_the_mean_and_come_again() -> None:
    random = np.random.default_rng(0)
    wanted = [" ".join(random.choice(list("abcdefgh"), 8)) for _ in range(200)]
    noisy = [" ".join(random.permutation(text.split())[:6]) for text in wanted]
    told = rouge(noisy, wanted).figures()
    assert told == rouge(noisy, wanted).figures()
    assert told["pairs"] == 200
    for metric in METRICS:
        for side in ("precision", "recall", "f1"):
            one = told[metric][side]
            assert one["low"] <= one["value"] <= one["high"] <= 1
    spread = rouge(noisy, wanted).of("rougeL").std() / 200**0.5
    assert told["rougeL"]["f1"]["high"] - told["rougeL"]["f1"]["low"] == pytest.approx(3.92 * spread, rel=0.2)


def test_differences_are_paired() -> None:
    random = np.random.default_rng(1)
    wanted = [" ".join(random.choice(list("abcdefgh"), random.integers(1, 12))) for _ in range(100)]
    better, worse = [text[:9] for text in wanted], [text[:5] for text in wanted]
    ours, theirs = rouge(better, wanted), rouge(worse, wanted)
    told = ours.beyond(theirs)
    one = told["rouge1"]
    assert one["value"] == pytest.approx(ours.of("rouge1").mean() - theirs.of("rouge1").mean())
    alone = ours.figures()["rouge1"]["f1"]
    assert one["low"] > 0 and one["high"] - one["low"] < alone["high"] - alone["low"]
    assert ours.beyond(ours) == {metric: {"value": 0, "low": 0, "high": 0} for metric in METRICS}


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(DataError, match="as many summaries as references"):
        rouge(["a"], ["a", "b"])
    with pytest.raises(DataError, match="Wrap a single one"):
        rouge("ab", ["a", "b"])
    with pytest.raises(DataError, match="2 and 1 summaries"):
        rouge(["a", "b"], ["a", "b"]).beyond(rouge(["a"], ["b"]))
    assert rouge([], []).figures()["rouge1"]["f1"] == {"value": 0, "low": 0, "high": 0}
