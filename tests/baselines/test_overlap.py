"""Word overlap: the sentence with most words of the question, and the longest run in it."""

import pytest

from heedful.baselines.overlap import Overlap, chunk
from heedful.errors import DataError

CONTEXT = (
    "Rain fell on Paris. Marie Curie was born in Warsaw, Poland, as the fifth child of two teachers. "
    "She moved to Paris."
)


def test_the_longest_run_of_the_best_sentence() -> None:
    found = chunk("Where was Marie Curie born?", CONTEXT)
    assert found.text == "fifth child of two teachers"
    assert CONTEXT[found.start : found.end] == found.text
    assert found.share == 1.0
    assert chunk("What fell on Paris?", CONTEXT).text == "Rain"


def test_share_and_threshold() -> None:
    question = "Who was Marie Sklodowska?"
    assert chunk(question, CONTEXT).share == 0.5
    assert Overlap(0.5).answer([question], [CONTEXT])[0].text
    none = Overlap(0.51).answer([question], [CONTEXT])[0]
    assert (none.text, none.start, none.end) == ("", 0, 0)


@pytest.mark.parametrize("context", ["", "...", "of the", "Marie"])
def test_where_nothing_is_left_there_is_no_answer(context: str) -> None:
    assert chunk("Who is Marie?", context).text == ""


def test_a_question_without_words_of_its_own_takes_the_first_sentence() -> None:
    found = chunk("What is it?", CONTEXT)
    assert found.text == "Rain fell on Paris"
    assert found.share == 0


def test_lists_are_expected() -> None:
    assert Overlap().answer([], []) == []
    with pytest.raises(DataError, match="as many"):
        Overlap().answer(["a"], [])
    with pytest.raises(DataError, match="lists"):
        Overlap().answer("a", "b")
