"""Weights laid out for decoding: the same numbers, shared memory, and never weights that change."""

import copy
from itertools import chain
from typing import Any

import pytest
import torch
from generate.small import PROMPTS, small
from tasks.scribe import folder

from heedful.compress import laid as module
from heedful.compress.laid import Laid, Swift, laid
from heedful.core.attention import Packed
from heedful.generate import Settings, generate
from heedful.tasks.translators import opened
from heedful.tasks.write import Writer

NAMES = ("gpt2", "llama", "t5", "bart", "marian")


@pytest.mark.parametrize("name", NAMES)
def test_a_laid_model_writes_the_same(name: str) -> None:
    model = small(name)
    swift = laid(model.ours)
    maps = [part for part in swift.modules() if isinstance(part, Laid)]
    assert len(maps) > 4
    for how in (Settings(max_tokens=9), Settings(max_tokens=9, beams=3, answers=3)):
        prompts, memory = model.given(PROMPTS)
        ours = generate(model.ours, prompts, how, model.habits, memory)
        theirs = generate(swift, prompts, how, model.habits, memory)
        for one, other in zip(chain(*ours), chain(*theirs), strict=True):
            assert one.tokens == other.tokens
            assert one.logprobs == pytest.approx(other.logprobs, abs=1e-5)


@pytest.mark.parametrize("rows", [1, 2, 5, 40, 96, 97])
def test_a_laid_map_is_the_map(rows: int) -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(48, 37)
    x = torch.randn(rows, 48)
    assert torch.allclose(Laid(linear.weight, linear.bias)(x), linear(x), atol=1e-5)
    assert torch.allclose(Laid(linear.weight, None)(x), linear(x) - linear.bias, atol=1e-5)


def test_weights_lie_where_they_lay_and_the_model_is_left_alone() -> None:
    model = small("marian").ours
    before = copy.deepcopy(model.state_dict())
    swift = laid(model)
    assert swift.encoder is model.encoder
    assert swift.decoder is not None and model.decoder is not None
    assert swift.decoder.input.token.weight is model.decoder.input.token.weight
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert type(model.decoder.blocks[0].attention.query) is torch.nn.Linear


def test_one_row_and_large_models_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small("gpt2").ours
    swift = Swift(model)
    assert swift.model(1) is model
    made = swift.model(2)
    assert made is not model and swift.model(4) is made
    monkeypatch.setattr(module, "LARGEST", 10)
    assert Swift(model).model(2) is model


def test_weights_that_have_changed_are_laid_out_anew() -> None:
    model = copy.deepcopy(small("gpt2").ours)
    assert model.decoder is not None
    swift, ids, layout = Swift(model), torch.tensor([3, 4]), Packed((1, 1))
    weight = model.decoder.blocks[0].feedforward.up.weight
    for _ in range(3):
        made = swift.model(2).decoder
        assert made is not None
        with torch.no_grad():
            assert torch.allclose(made(ids, layout)[0], model.decoder(ids, layout)[0], atol=1e-5)
            weight.mul_(3.0)


def test_what_is_opened_to_be_tuned_is_not_laid_out() -> None:
    writer = opened(folder("t5")).writer
    assert writer.model(2) is writer.transformer and not writer.settled


def test_weights_that_are_to_change_are_not_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer.load(folder("gpt2"))
    assert writer.model(2) is not writer.transformer
    seen: list[Any] = []
    monkeypatch.setattr("heedful.tasks.tune_writer.tune", lambda *given, **_: seen.append(given))
    writer.fit(["a"], ["b"])
    assert seen and writer.model(2) is writer.transformer


def test_sequences_of_one_token_use_it() -> None:
    model = small("llama")
    swift = laid(model.ours)
    ids, layout = torch.tensor([3, 4, 5]), Packed((1, 1, 1))
    assert swift.decoder is not None and model.ours.decoder is not None
    with torch.inference_mode():
        one, _ = swift.decoder(ids, layout)
        other, _ = model.ours.decoder(ids, layout)
    assert torch.allclose(one, other, atol=1e-5)
