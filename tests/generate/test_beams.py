"""Beam search: the reference's sequences and scores for the same settings."""

from typing import Any

import pytest
import torch
from generate.small import PROMPTS, VOCAB, small

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
