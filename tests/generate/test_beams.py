"""Beam search: the reference's sequences and scores for the same settings."""

import math
from typing import Any

import pytest
import torch
from generate.bigram import Bigram, bigram
from generate.small import PROMPTS, VOCAB, one, small

from heedful.errors import DataError
from heedful.generate import Habits, Settings, generate

NAMES = ("gpt2", "llama", "t5", "bart", "marian")
ASKED: tuple[dict[str, Any], ...] = (
    {"num_beams": 4, "num_return_sequences": 4},
    {"num_beams": 3, "num_return_sequences": 2, "length_penalty": 2.0, "early_stopping": True},
    {"num_beams": 5, "num_return_sequences": 5, "length_penalty": 0.5, "early_stopping": "never"},
    {"num_beams": 2, "num_return_sequences": 2, "length_penalty": 2.0, "early_stopping": "never"},
    {"num_beams": 4, "num_return_sequences": 3, "length_penalty": -0.7, "early_stopping": "never"},
    {"num_beams": 4, "num_return_sequences": 2, "length_penalty": 0.0, "no_repeat_ngram_size": 2},
    {"num_beams": 2, "num_return_sequences": 2, "repetition_penalty": 1.6, "min_new_tokens": 4},
    {"num_beams": 3, "num_return_sequences": 3, "forced_eos_token_id": 9, "suppress_tokens": [8, 21]},
)
OURS = {
    "num_beams": "beams",
    "num_return_sequences": "answers",
    "no_repeat_ngram_size": "no_repeat",
    "min_new_tokens": "min_tokens",
}


@pytest.mark.parametrize(
    ("ends", "sharp"), [((2,), 1.0), ((2, 14, 27, 33, 5, 19), 0.2), (tuple(range(2, 40, 2)), 0.1)]
)
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: "-".join(map(str, asked.values())))
@pytest.mark.parametrize("name", NAMES)
def test_all_is_as_in_the_reference(
    name: str, asked: dict[str, Any], ends: tuple[int, ...], sharp: float
) -> None:
    model = small(name)
    prompts, memory = model.given(PROMPTS)
    habits = {key: value for key, value in asked.items() if "token" in key and key != "min_new_tokens"}
    mine = {OURS.get(key, key): value for key, value in asked.items() if key not in habits}
    forced = {"decoder_start_token_id": model.habits.start, "eos_token_id": list(ends), **habits}
    settings = Settings(max_tokens=9, **mine)
    ours = model.ours.head.register_forward_hook(
        lambda *call: sharp * call[2]
    )  # flat: the beams meet and end
    handle = model.theirs.register_forward_hook(lambda *call: flattened(call[2], sharp))
    try:
        found = generate(model.ours, prompts, settings, Habits.read(forced, VOCAB), memory)
        wanted = [reference(model.theirs, source, ends, asked) for source in PROMPTS]
    finally:
        ours.remove()
        handle.remove()
    for prompt, theirs, answers in zip(prompts, wanted, found, strict=True):
        lines = [until(line[len(prompt) :], ends) for line in theirs.sequences.tolist()]
        assert [answer.tokens for answer in answers] == lines
        scores = theirs.sequences_scores.tolist()
        assert [answer.score for answer in answers] == pytest.approx(scores, abs=1e-4)


def flattened(output: Any, sharp: float) -> Any:
    """Return the reference's output with its scores scaled."""
    output.logits = sharp * output.logits
    return output


def reference(model: Any, source: list[int], ends: tuple[int, ...], asked: dict[str, Any]) -> Any:
    """Return what the reference's generate gives for one prompt."""
    config = model.generation_config
    saved = {key: getattr(config, key) for key in ("forced_eos_token_id", "forced_bos_token_id")}
    for key in saved:
        setattr(config, key, None)
    try:
        with torch.inference_mode():
            return model.generate(
                torch.tensor([source]), max_new_tokens=9, do_sample=False, return_dict_in_generate=True,
                output_scores=True, eos_token_id=list(ends), pad_token_id=39, **asked,
            )  # fmt: skip
    finally:
        for key, value in saved.items():
            setattr(config, key, value)


def until(ids: list[int], ends: tuple[int, ...]) -> list[int]:
    """Return ids up to the first that ends them: the reference fills up behind it."""
    return next((ids[: place + 1] for place, id in enumerate(ids) if id in ends), ids)[:9]


def test_one_beam_of_a_certain_model_is_greedy() -> None:
    model = small("gpt2")
    head = model.ours.head.register_forward_hook(lambda *call: 50 * call[2])
    try:
        greedy = generate(model.ours, PROMPTS, Settings(max_tokens=6))
        beams = generate(model.ours, PROMPTS, Settings(max_tokens=6, beams=3))
    finally:
        head.remove()
    assert [a[0].tokens for a in beams] == [a[0].tokens for a in greedy]
    for answers in beams:
        assert answers[0].score == pytest.approx(sum(answers[0].logprobs) / 6, abs=1e-4)


def test_a_stop_told_by_the_caller_ends_beams() -> None:
    model = small("gpt2")
    settings = Settings(max_tokens=8, beams=3, answers=3)
    (answers,) = generate(model.ours, [[5, 9]], settings, until=lambda *now: len(now[1]) == 2)
    assert [(len(answer.tokens), answer.finished) for answer in answers] == [(2, "stop")] * 3


def test_a_stop_told_by_the_caller_ends_each_prompt_at_its_own_step() -> None:
    model = small("gpt2")
    settings = Settings(max_tokens=8, beams=3, answers=3)
    found = generate(model.ours, PROMPTS, settings, until=lambda row, ids: len(ids) == row + 1)
    assert [[len(answer.tokens) for answer in answers] for answers in found] == [
        [row + 1] * 3 for row in range(5)
    ]
    assert {answer.finished for answers in found for answer in answers} == {"stop"}


@pytest.mark.parametrize("beams", [4, 7, 30])
def test_a_beam_wider_than_the_vocabulary_finds_the_best_of_all(beams: int) -> None:
    model = bigram(3)
    settings = Settings(max_tokens=3, beams=beams, answers=min(beams, 27), length_penalty=0.0)
    (answers,) = generate(model, [[1]], settings)
    every = model.every(1, 3)
    assert answers[0].score == pytest.approx(every[0][0], abs=1e-4)
    if beams >= 9:  # no beginning is lost
        assert sorted(answer.tokens for answer in answers) == sorted(path for _, path in every)
        assert [answer.score for answer in answers] == pytest.approx([score for score, _ in every], abs=1e-4)


def test_beams_of_a_wide_search_end_with_the_vocabulary() -> None:
    model = bigram(3)
    (answers,) = generate(model, [[1]], Settings(max_tokens=2, beams=9, answers=9), Habits(ends=(0, 1)))
    lines = [answer.tokens for answer in answers]
    assert sorted(lines) == [[0], [1], [2, 0], [2, 1], [2, 2]]


def test_nothing_that_ended_goes_on() -> None:
    model = bigram(4)
    settings = Settings(max_tokens=6, beams=4, answers=4, stop=(0, 1, 2))
    (answers,) = generate(model, [[1]], settings)
    assert {(*answer.tokens[:-1], answer.tokens[-1] in settings.stop) for answer in answers} <= {
        *((*[3] * count, True) for count in range(6)), (3, 3, 3, 3, 3, False),
    }  # fmt: skip
    assert all(answer.score is not None and answer.score > -100 for answer in answers)
    (answers,) = generate(model, [[1]], settings, until=lambda *now: len(now[1]) == 1)
    assert [answer.tokens for answer in answers] == [[id] for _, [id] in model.every(1, 1)]


def test_beams_to_which_all_is_forbidden_are_refused() -> None:
    with pytest.raises(DataError, match="forbid every token"):
        generate(bigram(4), [[1]], Settings(beams=2), Habits(never=(0, 1, 2, 3)))


@pytest.mark.parametrize("vocab", [6, 5000])
def test_ties_leave_different_answers(vocab: int) -> None:
    model = Bigram(torch.zeros(vocab, vocab))
    together = generate(model, [[1], [2], [3]], Settings(max_tokens=4, beams=5, answers=5))
    for row, answers in enumerate(together):
        assert len({tuple(answer.tokens) for answer in answers}) == 5
        assert [answer.score for answer in answers] == pytest.approx([-math.log(vocab)] * 5)
        (alone,) = generate(model, [[row + 1]], Settings(max_tokens=4, beams=5, answers=5))
        assert [answer.tokens for answer in alone] == [answer.tokens for answer in answers]


def test_races_that_end_at_different_places_are_those_of_one_prompt() -> None:
    model = small("gpt2")
    settings = Settings(max_tokens=100, beams=3, answers=2, length_penalty=0.3)
    prompts = [[7] * length for length in (20, 3, 23, 14, 3, 9)]
    together = generate(model.ours, prompts, settings)
    assert [len(answers[0].tokens) for answers in together] == [4, 21, 1, 10, 21, 15]
    for prompt, answers in zip(prompts, together, strict=True):
        (alone,) = generate(model.ours, [prompt], settings)
        assert [answer.tokens for answer in alone] == [answer.tokens for answer in answers]
        assert {answer.finished for answer in answers} == {"positions"}


@pytest.mark.parametrize("beams", [1, 3])
def test_log_probabilities_are_the_models_own_whatever_is_forced_or_forbidden(beams: int) -> None:
    model = small("bart")
    prompts, memory = model.given(PROMPTS)
    habits = Habits(ends=(9,), first=20, last=(9,), never=(8, 21), banned=((30,), (9,)))
    settings = Settings(max_tokens=5, min_tokens=6, beams=beams, answers=beams, alternatives=VOCAB)
    for row, answers in enumerate(generate(model.ours, prompts, settings, habits, memory)):
        for answer in answers:
            assert (answer.tokens[0], answer.tokens[-1], len(answer.tokens)) == (20, 9, 5)
            for place, id in enumerate(answer.tokens):
                own = model.scores(prompts[row] + answer.tokens[:place], one(memory, row)).log_softmax(-1)
                assert answer.logprobs[place] == pytest.approx(own[id].item(), abs=1e-4)
                for other, logprob in answer.top[place]:
                    assert logprob == pytest.approx(own[other].item(), abs=1e-4)
