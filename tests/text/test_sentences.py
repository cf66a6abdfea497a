"""Sentences end where a reader would end them, and joined they are the text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.text.sentences import sentences


@pytest.mark.parametrize(
    "parts",
    [
        ["It rained. ", "We stayed in."],
        ["Why? ", "Nobody knows! ", "Or do they?"],
        ['She said "Go." ', "He went."],
        ["Dr. Smith met Mr. J. Doe at 5 p.m. Monday. ", "They spoke."],
        ["See e.g. Fig. 3 and vol. 2 of it. ", "It is there."],
        ["It cost 3.50 dollars... or more. ", "Who knows."],
        ["He asked why? and left."],
        ["雨が降った。", "家にいた！", "なぜ？"],
        ["no mark at the end"],
    ],
)
def test_where_sentences_end(parts: list[str]) -> None:
    assert sentences("".join(parts)) == parts


@given(st.text(alphabet='aB .?!"\n。ü', max_size=60))
def test_joined_they_are_the_text(text: str) -> None:
    found = sentences(text)
    assert "".join(found) == text and all(found)


def test_no_text_has_no_sentence() -> None:
    assert sentences("") == []


@pytest.mark.parametrize("text", ["!" * 100_000, ".'" * 50_000, "." + "'" * 100_000, "? !" * 30_000])
def test_long_runs_of_marks_take_no_time(text: str) -> None:
    begin = time.process_time()
    assert "".join(sentences(text)) == text
    assert time.process_time() - begin < 2.0
