"""The word splitter: contractions, marks, scripts without spaces, and input that would hurt."""

import time

import pytest

from heedful.text.words import grams, plain_words, vocabulary, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't GO!!!", ["do", "n't", "go", "!!!"]),
        ("wo n't", ["wo", "n't"]),  # as the Penn treebank writes it
        ("She’s a 3.5", ["she", "'s", "a", "3", ".", "5"]),
        ("ends ... so", ["ends", "...", "so"]),
        ("?!", ["?", "!"]),
        ("我爱 you", ["我", "爱", "you"]),
        ("हिन्दी", ["हिन्दी"]),
        (" \n\t", []),
    ],
)
def test_a_text_is_split(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_grams_are_words_and_pairs_with_marked_ends() -> None:
    assert grams("Not good") == ["not", "good", "<s> not", "not good", "good </s>"]
    assert grams("") == []


def test_a_megabyte_without_a_space_is_one_short_word_and_quick() -> None:
    begin = time.monotonic()
    assert [len(word) for word in words("n" * 1_000_000)] == [64]
    assert time.monotonic() - begin < 10


def test_the_vocabulary_counts_texts_and_not_occurrences() -> None:
    documents = [["a", "a", "b"], ["b", "c"], ["c", "b"]]
    assert vocabulary(documents, 2, 10) == ["b", "c"]
    assert vocabulary(documents, 1, 1) == ["b"]
    assert vocabulary(documents, 9, 10) == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["It's a 3.5 snake_case A!", "naïve n\u0303 我爱 हिन्दी", "", "__ --"])
def test_plain_words_are_runs_of_letters_and_digits(text: str) -> None:
    found = {"I": ["it", "s", "a", "3", "5", "snake", "case", "a"], "n": ["naïve", "ñ", "我", "爱", "हिन्दी"]}
    assert plain_words(text) == found.get(text[:1], [])
    assert plain_words(text + " é") == [*found.get(text[:1], []), "é"]
