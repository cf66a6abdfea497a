"""Writer: texts in, texts out, equal to the reference; stop strings, streams, conversations, limits."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from tasks.scribe import folder, reference

from heedful.errors import CheckpointError, ConfigError, DataError, TokenizerError
from heedful.tasks.write import Answer, Writer

TEXTS = ["the bank", "größer 日本", "she", "sea shells by the river 🙂", ""]
NAMES = ("gpt2", "llama", "bart", "t5")


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_the_references(name: str) -> None:
    from transformers import AutoTokenizer

    writer, model = Writer.load(folder(name)), reference(name)
    tokenizer = AutoTokenizer.from_pretrained(folder(name))
    found = writer.write(TEXTS[:4], max_tokens=14)
    for text, answer in zip(TEXTS, found, strict=False):
        ids = tokenizer(text, return_tensors="pt").input_ids
        assert ids[0].tolist() == writer.tokenizer.encode([text]).ids[0]
        with torch.inference_mode():
            theirs = model.generate(ids, max_new_tokens=14, do_sample=False)[0].tolist()
        skipped = 1 if writer.transformer.encoder else ids.shape[1]
        assert answer.tokens == theirs[skipped:]
        before = "" if writer.transformer.encoder else text
        assert before + answer.text == tokenizer.decode(theirs, skip_special_tokens=True)


@pytest.mark.parametrize("settings", [{}, {"temperature": 1.0, "seed": 3}, {"beams": 3}])
@pytest.mark.parametrize("name", NAMES)
def test_pieces_joined_are_the_text_and_split_no_character(name: str, settings: dict[str, float]) -> None:
    writer = Writer.load(folder(name))
    for text in TEXTS[:4]:
        stream = writer.stream(text, max_tokens=30, no_repeat=1, **settings)
        pieces = list(stream)
        (answer,) = writer.write([text], max_tokens=30, no_repeat=1, **settings)
        assert "".join(pieces) == answer.text == stream.answer.text
        assert stream.answer.tokens == answer.tokens
        assert len(pieces) > 1 or "beams" in settings


def test_characters_of_several_tokens_come_whole() -> None:
    from heedful.text.pieces import Pieces

    engine = Writer.load(folder("gpt2")).tokenizer.engine
    text = "漢字 ☂☃ größer ñandú Ω5!"
    for stops, wanted in (([], text), (["größer"], "漢字 ☂☃ "), (["☃", "Ω5"], "漢字 ☂"), (["!!"], text)):
        pieces = Pieces(engine.decode, engine.encode("the ").ids, stops)
        ids = engine.encode(text).ids
        assert len(ids) > len(text)
        parts = [pieces.add(id, last=place == len(ids) - 1) for place, id in enumerate(ids)]
        assert "".join(parts).startswith(wanted)
        assert pieces.given == wanted
        assert not any("\ufffd" in part for part in parts)


@pytest.mark.parametrize("seed", range(12))
def test_stop_strings_cut_exactly(seed: int) -> None:
    writer = Writer.load(folder("gpt2"))
    settings = {"max_tokens": 40, "temperature": 1.0, "seed": seed}
    (whole,) = writer.write(["the bank"], **settings)
    for start in range(0, len(whole.text) - 3, 3):
        stop = whole.text[start : start + 3]
        if "\ufffd" in stop:
            continue
        (cut,) = writer.write(["the bank"], stop=["never said", stop], **settings)
        stream = writer.stream("the bank", stop=["never said", stop], **settings)
        assert cut.text == "".join(stream) == whole.text[: whole.text.index(stop)]
        assert cut.finished == "stop" == stream.answer.finished
        assert len(cut.tokens) <= len(whole.tokens)
        assert cut.tokens == whole.tokens[: len(cut.tokens)]


def test_a_stop_string_may_be_a_special_token() -> None:
    writer = Writer.load(folder("gpt2"))
    settings, strings = writer._settings(["<|im_end|>", "x"], {})
    assert (settings.stop, strings) == ((5,), ["x"])


def test_the_size_of_the_batches_changes_nothing() -> None:
    writer = Writer.load(folder("llama"))
    for settings in ({}, {"temperature": 0.9, "answers": 2, "seed": 5}, {"beams": 2, "answers": 2}):
        one = writer.write(TEXTS, max_tokens=12, batch=1, **settings)
        for batch in (2, 16):
            many = writer.write(TEXTS, max_tokens=12, batch=batch, **settings)
            assert [a.tokens for a in many] == [a.tokens for a in one]
            count = settings.get("answers", 1)
            assert [a.prompt for a in many] == [i for i in range(5) for _ in range(count)]
    assert writer.write([]) == []


def test_log_probabilities_and_alternatives_are_told() -> None:
    writer = Writer.load(folder("gpt2"))
    (answer,) = writer.write(["the bank"], max_tokens=5, alternatives=2)
    assert isinstance(answer, Answer)
    assert [top[0] for top in answer.top] == list(zip(answer.tokens, answer.logprobs, strict=True))
    assert all(top[0][1] > top[1][1] for top in answer.top)
    (best,) = writer.write(["the bank"], max_tokens=5, beams=3)
    assert best.score == pytest.approx(sum(best.logprobs) / len(best.tokens), abs=1e-4)


@pytest.mark.parametrize("name", ["gpt2", "llama", "bart"])
def test_a_prompt_that_is_too_long_is_refused_and_a_long_answer_says_why_it_ends(name: str) -> None:
    writer = Writer.load(folder(name))
    with pytest.raises(DataError, match=r"prompt 2 has \d+ tokens; this model has 64 positions"):
        writer.write(["the", "日本語" * 30])
    (answer,) = writer.write(["the bank"], max_tokens=1000, min_tokens=1000)
    assert answer.finished == "positions"
    start = 1 if writer.transformer.encoder else len(writer.tokenizer.encode(["the bank"]).ids[0])
    assert len(answer.tokens) == 64 - start


def test_a_conversation_goes_through_the_models_template() -> None:
    from transformers import AutoTokenizer

    writer, theirs = Writer.load(folder("llama")), AutoTokenizer.from_pretrained(folder("llama"))
    messages = [{"role": "user", "content": "größer?"}, {"role": "assistant", "content": "sea"}]
    messages.append({"role": "user", "content": "the\n"})
    wanted = theirs.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"]
    assert writer._ids(messages, 0) == wanted
    answer = writer.chat(messages, max_tokens=9)
    assert answer.text == "".join(writer.stream(messages, max_tokens=9))
    assert answer.tokens == writer.write([CHATML_TEXT], max_tokens=9)[0].tokens
    writer.template = None
    with pytest.raises(TokenizerError, match="no chat template"):
        writer.chat(messages)


CHATML_TEXT = (
    "<|im_start|>user\ngrößer?<|im_end|>\n<|im_start|>assistant\nsea<|im_end|>\n"
    "<|im_start|>user\nthe\n<|im_end|>\n<|im_start|>assistant\n"
)


def test_an_interrupted_stream_keeps_what_there_is() -> None:
    writer = Writer.load(folder("gpt2"))
    stream = writer.stream("the bank", max_tokens=30)
    pieces = [piece for piece, _ in zip(stream, range(4), strict=False)]
    assert stream.answer.finished == "interrupted"
    assert stream.answer.text.startswith("".join(pieces))
    assert 4 <= len(stream.answer.tokens) < 30


def test_what_stands_in_generation_config_counts(tmp_path: Path) -> None:
    home = tmp_path / "model"
    shutil.copytree(folder("gpt2"), home)
    (answer,) = Writer.load(home).write(["the bank"], max_tokens=12)
    (home / "generation_config.json").write_text(json.dumps({"eos_token_id": [7, answer.tokens[3]]}))
    (ended,) = Writer.load(home).write(["the bank"], max_tokens=12)
    assert (ended.finished, ended.tokens[-1]) == ("end", answer.tokens[3])
    assert len(ended.tokens) <= 4


def test_what_cannot_be_done_is_said() -> None:
    writer = Writer.load(folder("gpt2"))
    with pytest.raises(DataError, match="list of prompts"):
        writer.write("the bank")
    with pytest.raises(ConfigError, match="one answer"):
        writer.stream("the", answers=2, temperature=1.0)
    with pytest.raises(CheckpointError, match="no model that writes"):
        Writer.load(folder("bert"))
    with pytest.raises(CheckpointError, match="no model that writes"):
        Writer.load(folder("gpt2-sequence"))
