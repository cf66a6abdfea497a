"""Any model that offers what a session needs can be written with; rows leave in an order that moves few."""

import pytest
import torch
from generate.bigram import Bigram, bigram
from hypothesis import given
from hypothesis import strategies as st

from heedful.core.attention import Packed
from heedful.errors import DataError
from heedful.generate import Habits, Settings, generate
from heedful.generate.session import gathered


def test_a_model_without_a_config_is_written_with() -> None:
    model = bigram(5)
    memory = torch.randn(3, 5), Packed((1, 1, 1))
    prompts = [[1], [3, 2], [4, 4, 0]]
    for settings in (
        Settings(max_tokens=4),
        Settings(max_tokens=4, beams=25),
        Settings(max_tokens=4, top_k=1),
    ):
        found = generate(model, prompts, settings, memory=memory)
        for text, (prompt, (answer, *_)) in enumerate(zip(prompts, found, strict=True)):
            path = follow(model, prompt[-1], 4, text)
            if settings.beams > 1:
                _, path = model.every(prompt[-1], 4, text)[0]
            assert answer.tokens == path
            assert answer.finished == "max_tokens"


def follow(model: Bigram, id: int, length: int, text: int) -> list[int]:
    """Return the greedy answer."""
    assert model.text is not None
    path = []
    for _ in range(length):
        id = int((model.table[id] + model.text[text]).argmax())
        path.append(id)
    return path


def test_a_model_that_cannot_write_says_so() -> None:
    model = bigram(5)
    model.places = None
    with pytest.raises(DataError, match="no decoder with a head"):
        generate(model, [[1]], Settings())
    model.places = 3
    ((answer,),) = generate(model, [[1]], Settings(max_tokens=9))
    assert (answer.finished, len(answer.tokens)) == ("positions", 2)


@given(st.lists(st.booleans()))
def test_those_that_stay_move_little(stays: list[bool]) -> None:
    kept = gathered(stays)
    assert sorted(kept) == [row for row, stay in enumerate(stays) if stay]
    assert all(row == place for place, row in enumerate(kept) if stays[place])


def test_rows_that_leave_at_different_steps_leave_the_others_alone() -> None:
    model = bigram(12, seed=3)
    prompts = [[id] for id in range(12)] * 2
    memory = torch.randn(24, 12, generator=torch.Generator().manual_seed(5)), Packed((1,) * 24)
    for settings in (
        Settings(max_tokens=15, top_p=0.9),
        Settings(max_tokens=15, beams=4, answers=4, length_penalty=0.0),
    ):
        habits = Habits(ends=(1,))
        together = generate(model, prompts, settings, habits, memory)
        assert len({len(answer.tokens) for answers in together for answer in answers}) > 3
        for row, prompt in enumerate(prompts):
            mine = memory[0][row : row + 1], Packed((1,))
            (alone,) = generate(model, [prompt], settings, habits, mine, numbers=[row])
            assert [answer.tokens for answer in alone] == [answer.tokens for answer in together[row]]
            for left, right in zip(alone, together[row], strict=True):
                assert left.logprobs == pytest.approx(right.logprobs, abs=1e-5)


def test_each_prompt_has_its_own_limit() -> None:
    for beams in (1, 3):
        how = Settings(max_tokens=9, beams=beams)
        found = generate(bigram(5), [[1], [1], [1]], how, limits=[2, 30, 0])
        assert [len(one[0].tokens) for one in found] == [2, 9, 1]
        assert {one[0].finished for one in found} == {"max_tokens"}
