"""Long texts in parts: nothing is lost, no part is too long, cuts fall where a reader would cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.text.marks import MARKS
from heedful.text.parts import parts
from heedful.text.tokenizer import UNCUT, Tokenizer
from heedful.text.training import train_tokenizer

SENTENCE = "The old red dog ran far away from here today. "


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer("bpe", [SENTENCE * 3], 300, MARKS["translate"], UNCUT)


def count(tokenizer: Tokenizer, text: str) -> int:
    return len(tokenizer.engine.encode(text, add_special_tokens=False).ids)


def test_a_short_text_is_one_part_and_an_empty_one_none(tokenizer: Tokenizer) -> None:
    assert parts(f"  {SENTENCE}", tokenizer, 40) == [SENTENCE.strip()]
    assert parts(" \t ", tokenizer, 40) == []


def test_a_long_text_is_cut_between_sentences(tokenizer: Tokenizer) -> None:
    found = parts(SENTENCE * 9, tokenizer, 2 * count(tokenizer, SENTENCE) + 3)
    assert all(part.endswith(".") for part in found)
    assert " ".join(found) == (SENTENCE * 9).strip()
    assert len(found) == 5


def test_a_long_sentence_is_cut_between_words(tokenizer: Tokenizer) -> None:
    words = "dog " * 500
    found = parts(words, tokenizer, 20)
    assert set(" ".join(found).split()) == {"dog"}
    assert sum(len(part.split()) for part in found) == 500


def test_a_long_word_is_cut_all_the_same(tokenizer: Tokenizer) -> None:
    found = parts("x" * 5000, tokenizer, 50)
    assert "".join(found) == "x" * 5000
    assert max(map(len, found)) <= 51


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.integers(8, 40))
def test_no_sign_is_lost_and_no_part_is_much_too_long(text: str, most: int) -> None:
    made = train_tokenizer("byte", ["x"], 300, MARKS["translate"], UNCUT)
    found = parts(text, made, most)
    whole = text.encode("utf-8", "replace").decode()
    assert "".join("".join(found).split()) == "".join(whole.split())
    assert all(count(made, part) <= most + 3 for part in found)  # 3: a sign may not be cut in its bytes
