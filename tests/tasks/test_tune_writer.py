"""Tuning writers: they learn to answer, the answer alone is asked, and what is saved is whole and open."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tasks.novice import novice
from tasks.scribe import folder

import heedful
from heedful.core.inputs import pack
from heedful.errors import CheckpointError, ConfigError, DataError, NotFittedError, TokenizerError
from heedful.storage import locked
from heedful.tasks.fit_write import fit_write
from heedful.tasks.prompted import Maker
from heedful.tasks.tune_writer import Tuning, as_row, nats, objective, right, scores, tune
from heedful.tasks.write import Writer
from heedful.train.checkpoints import Keeper
from heedful.train.progress import Progress, Silent

Table = tuple[list[str], list[str]]
LONGEST = 1024


@pytest.fixture(scope="module")
def runs() -> tuple[Table, Table]:
    """Runs of a letter, and the letter that follows it in the alphabet."""
    prompts = [letter * count for letter in "abcdefghij" for count in range(1, 31)]
    order = np.random.default_rng(0).permutation(len(prompts)).tolist()
    shuffled = [prompts[place] for place in order]
    answers = [chr(ord(prompt[0]) + 1) * 2 for prompt in shuffled]
    return (shuffled[:250], answers[:250]), (shuffled[250:], answers[250:])


def pairs(writer: Writer, table: Table, chat: bool = False, max_tokens: int = LONGEST) -> Any:
    return Maker(writer, chat, max_tokens).examples(*table)


@pytest.mark.parametrize(
    ("family", "settings"),
    [
        ("llama", {"rate": 5e-3, "epochs": 6}),
        pytest.param("llama", {"rate": 5e-3, "epochs": 6, "chat": True}, marks=pytest.mark.slow),
        pytest.param("bart", {"rate": 5e-3, "epochs": 8}, marks=pytest.mark.slow),
    ],
)
def test_it_learns_to_answer(
    family: str, settings: dict[str, Any], runs: tuple[Table, Table], tmp_path: Path
) -> None:
    writer, chat = Writer.load(novice(tmp_path / "novice", family)), settings.get("chat", False)
    train, dev = runs
    before = scores(writer, pairs(writer, dev, chat))
    assert writer.fit(*train, dev=dev, precision="fp32", **settings) is writer
    after = scores(writer, pairs(writer, dev, chat))
    assert before["exact"] == 0 and before["nats_per_token"] > 2
    assert after["exact"] > 0.9 and after["exact_rows"] == 50
    assert after["nats_per_token"] == -max(writer.progress_.scores)[0] < 0.5
    assert after["perplexity"] == pytest.approx(np.exp(after["nats_per_token"]))
    given = [[{"role": "user", "content": prompt}] for prompt in dev[0]] if chat else dev[0]
    found = writer.write(given[:20], max_tokens=8)
    assert np.mean([one.text == wanted for one, wanted in zip(found, dev[1], strict=False)]) > 0.8
    assert {one.finished for one in found} == {"end"}
    writer.save(tmp_path / "model")
    again = heedful.load(tmp_path / "model")
    assert [one.text for one in again.write(given[:20], max_tokens=8)] == [one.text for one in found]


@pytest.mark.parametrize("name", ["gpt2", "llama", "t5", "bart"])
def test_the_loss_is_on_the_answer_alone(name: str) -> None:
    writer = Writer.load(folder(name))
    table = (["the bank of", "she sells", "größer"], ["the river", "sea shells", "5 €"])
    found = pairs(writer, table)
    total, count = 0.0, 0
    for prompt, (given, asked) in zip(table[0], found.pairs, strict=True):
        assert given.tolist() == writer._ids(prompt, 0)
        assert asked[-1] == writer.habits.ends[0]
        with torch.inference_mode():
            if writer.transformer.encoder:
                shifted = [writer.start, *asked[:-1]]
                states = writer.transformer(*pack([given.tolist()]), pack([shifted]))
            else:
                states = writer.transformer(*pack([[*given, *asked[:-1]]]))
            chances = writer.transformer.scores(*states).log_softmax(-1)[-len(asked) :]
            total -= chances[range(len(asked)), asked].sum().item()
        count += len(asked)
    rows = [as_row(writer, pair) for pair in found.pairs]
    loss, counted = objective(writer)(writer.transformer, rows)
    assert counted == count == found.asked
    assert loss.item() == pytest.approx(total, rel=1e-5)
    assert nats(writer, found) == pytest.approx(total / count, rel=1e-5)


def test_exact_answers_are_those_that_writing_gives() -> None:
    writer = Writer.load(folder("gpt2"))
    prompts = ["the bank", "she sells", "日本"]
    own = [answer.text for answer in writer.write(prompts, max_tokens=6)]
    lengths = [len(asked) for _, asked in pairs(writer, (prompts, own)).pairs]
    assert max(lengths) < 60
    same, checked = right(writer, pairs(writer, (prompts, [own[0], "never said", own[2] + " more"])))
    assert checked == 3
    longer = writer.write(prompts, max_tokens=max(lengths))
    assert same == sum(
        " ".join(one.text.split()) == " ".join(text.split())
        for one, text in zip(longer, [own[0], "never said", own[2] + " more"], strict=True)
    )


def test_in_a_chat_the_template_ends_the_answer(tmp_path: Path) -> None:
    path = shutil.copytree(folder("llama"), tmp_path / "chat")
    (path / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, 5]}))
    writer = Writer.load(path)
    talk = [{"role": "user", "content": "the bank"}]
    maker = Maker(writer, True, LONGEST)
    (given, asked), (other, same) = maker.examples([talk, "the bank"], ["of the river"] * 2).pairs
    assert given.tolist() == other.tolist() == writer._ids(talk, 0)
    assert asked.tolist() == same.tolist()
    assert asked[-1] == 5 == writer.tokenizer.engine.token_to_id("<|im_end|>")
    text = writer.tokenizer.engine.decode([*given, *asked], skip_special_tokens=False)
    assert text == ("<|im_start|>user\nthe bank<|im_end|>\n<|im_start|>assistant\nof the river<|im_end|>")
    assert pairs(writer, (["the bank"], ["x"])).pairs[0][1][-1] == 2


def test_long_prompts_lose_their_front_and_long_answers_are_left_out() -> None:
    writer = Writer.load(folder("gpt2"))
    whole = writer._ids("the bank of the river", 0)
    found = pairs(
        writer, (["the bank of the river", "x", "x"], ["she", "she sells " * 9, "she"]), max_tokens=9
    )
    (given, asked), (other, _) = found.pairs
    assert len(given) + len(asked) == 9
    assert given.tolist() == whole[-len(given) :] and len(given) < len(whole)
    assert found.cut == 1 and len(other) == 1
    assert found.skipped == {"answer of more than 8 tokens": 1}
    begun = [writer.habits.start, *whole]
    assert Maker(writer, False, 9).shortened(begun, 4) == [writer.habits.start, *whole[-3:]]
    places = writer.transformer.config.first.input.positions
    assert pairs(writer, (["she sells " * 80], ["she"])).lengths == [places]


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_an_encoder_loses_the_end_of_a_long_prompt(name: str) -> None:
    writer = Writer.load(folder(name))
    whole = writer._ids("the bank of the river, she", 0)
    found = pairs(writer, (["the bank of the river, she"], ["sea shells"]), max_tokens=7)
    assert found.pairs[0][0].tolist() == [*whole[:6], 2] and whole[-1] == 2
    assert found.cut == 1
    assert pairs(writer, (["she"], ["sea shells " * 9]), max_tokens=7).skipped == {
        "answer of more than 7 tokens": 1
    }


def test_lora_changes_the_maps_of_the_blocks_alone(tmp_path: Path) -> None:
    writer = Writer.load(folder("llama"))
    before = {name: value.clone() for name, value in writer.transformer.state_dict().items()}
    writer.fit(["the bank of", "she sells"] * 8, ["the river", "sea shells"] * 8, lora=2, rate=1e-2, rows=4)
    after = writer.transformer.state_dict()
    assert list(after) == list(before)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and all(".blocks." in name and name.endswith(".weight") for name in changed)
    assert not any("norm" in name for name in changed)
    writer.save(tmp_path / "model", {"note": 1})
    card = json.loads((tmp_path / "model" / "heedful.json").read_text())
    assert (card["method"], card["task"], card["params"]["lora"]) == ("write", "write", 2)
    assert card["about"] == {"note": 1}


@pytest.mark.parametrize("name", ["gpt2", "llama", "t5", "bart"])
def test_what_is_saved_opens_in_the_reference(name: str, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

    source = shutil.copytree(folder(name), tmp_path / "source")
    asked = {**json.loads((source / "generation_config.json").read_text()), "max_length": 33}
    (source / "generation_config.json").write_text(json.dumps(asked))
    writer = Writer.load(source).fit(
        ["the bank of", "she"] * 4, ["the river", "sells"] * 4, epochs=2, rate=1e-3
    )
    writer.save(tmp_path / "model")
    kind = AutoModelForSeq2SeqLM if writer.transformer.encoder else AutoModelForCausalLM
    model = kind.from_pretrained(tmp_path / "model").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert model.generation_config.max_length == 33
    talk = [{"role": "user", "content": "hi"}]
    assert tokenizer.apply_chat_template(talk, tokenize=False) == writer.template.render(talk, answer=False)
    with torch.inference_mode():
        ids = tokenizer("she sells", return_tensors="pt").input_ids
        theirs = model.generate(ids, max_new_tokens=8, do_sample=False)[0].tolist()
    (mine,) = writer.write(["she sells"], max_tokens=8)
    assert mine.tokens == theirs[1 if writer.transformer.encoder else ids.shape[1] :]


class Killed(Silent):
    """Ends the run at a step, as a kill would."""

    def __init__(self, step: int) -> None:
        self.step = step

    def stepped(self, progress: Progress) -> None:
        if progress.step == self.step:
            raise RuntimeError("killed")


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("llama", {"chat": True, "precision": "bf16"}),
        ("t5", {"lora": 2}),
        pytest.param("llama", {}, marks=pytest.mark.slow),
        pytest.param("llama", {"lora": 2}, marks=pytest.mark.slow),
        pytest.param("t5", {}, marks=pytest.mark.slow),
        pytest.param("t5", {"chat": True, "precision": "bf16"}, marks=pytest.mark.slow),
    ],
)
def test_a_run_that_was_killed_goes_on_with_the_same_bytes(
    name: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    table = [f"say {number}" for number in range(20)], [str(number) for number in range(20)]
    dev = ["say 30"], ["30"]
    how = Tuning(**{"epochs": 3, "rows": 4, "rate": 1e-3, **settings})

    def run(folder_: Path, watch: Silent | None = None) -> Progress:
        keeper = Keeper(folder_ / "checkpoints", {"a": 1}, every=2)
        writer = Writer.load(folder(name))
        progress = tune(writer, *table, dev, how, keeper=keeper, watch=watch)
        writer.save(folder_ / "model")
        return progress

    whole = run(tmp_path / "whole")
    for step in (3, 8, 13):
        with pytest.raises(RuntimeError, match="killed"):
            run(tmp_path / "cut", Killed(step))
    cut = run(tmp_path / "cut")
    assert (cut.step, cut.scores, cut.best) == (whole.step, whole.scores, whole.best) and whole.step == 15
    one, other = (tmp_path / which / "model" / "model.safetensors" for which in ("whole", "cut"))
    assert one.read_bytes() == other.read_bytes()
    assert one.read_bytes() != (folder(name) / "model.safetensors").read_bytes()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "sums.jsonl"
    rows = [{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a in range(6) for b in range(6)]
    rows += [
        {"prompt": "0+0=", "answer": "0"},
        {"prompt": "?", "answer": ""},
        {"prompt": "x" * 90, "answer": "y"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_from_a_table_to_a_folder(table: Path, tmp_path: Path) -> None:
    model, out = str(novice(tmp_path / "novice")), tmp_path / "out"
    dev = tmp_path / "dev.csv"
    dev.write_text("prompt,answer\n1+2=,3\n7+1=,8\n6+3=,9\n")
    found = fit_write(str(table), str(dev), model, out, epochs=2, rate=1e-3, rows=8)
    assert found["rows"] == {"train": 37, "dev": 2}
    assert found["skipped"] == {"the same prompt and answer as an earlier row": 1, "empty answer": 1}
    assert found["dev_skipped"] == {"prompt in train": 1}
    assert found["prompts_cut"] == {"train": 1, "dev": 0} and found["left_out"] == {}
    assert found["answer_tokens"]["dev"] == 4
    assert "is not used" in found["prompt"]
    assert found["scores"]["nats_per_token"] < found["baselines"]["untuned"]["nats_per_token"]
    assert (found["steps"], found["stopped"]) == (10, None)
    card = json.loads((out / "model" / "heedful.json").read_text())
    assert card["about"] == json.loads(json.dumps(found))
    assert card["params"]["rate"] == 1e-3
    writer = heedful.load(out / "model")
    assert isinstance(writer, Writer)
    assert scores(writer, pairs(writer, (["7+1=", "6+3="], ["8", "9"]))) == found["scores"]
    again = fit_write(str(table), str(dev), model, out, epochs=2, rate=1e-3, rows=8)
    assert {**again, "seconds": 0} == {**found, "seconds": 0}
    with pytest.raises(CheckpointError, match="holds another run: rows was 8, now 4"):
        fit_write(str(table), str(dev), model, out, epochs=2, rate=1e-3, rows=4)
    with locked(out), pytest.raises(DataError, match="is being written by another run"):
        fit_write(str(table), str(dev), model, out)


def test_without_dev_a_part_is_held_out_and_time_ends_it(table: Path, tmp_path: Path) -> None:
    model = str(novice(tmp_path / "novice"))
    found = fit_write(
        str(table), None, model, tmp_path / "out", epochs=10**6, minutes=0.03, chat=True, lora=1
    )
    assert found["rows"] == {"train": 34, "dev": 3}
    assert "time ran out" in found["stopped"]
    assert "chat template" in found["prompt"]
    assert 'generate THIS_FOLDER "a prompt" --chat' in (tmp_path / "out" / "model" / "README.md").read_text()


def test_conversations_go_through_the_template(tmp_path: Path) -> None:
    talks = [
        [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": str(n)},
         {"role": "user", "content": "more"}, {"role": "assistant", "content": str(n + 1)}]
        for n in range(12)
    ]  # fmt: skip
    path = tmp_path / "talks.jsonl"
    path.write_text("".join(json.dumps({"messages": talk}) + "\n" for talk in talks))
    found = fit_write(str(path), None, str(novice(tmp_path / "novice")), tmp_path / "out", epochs=1)
    assert found["rows"] == {"train": 22, "dev": 2}
    assert found["prompt"] == "put into the model's chat template"


TWO: Table = (["a", "b"], ["c", "d"])


@pytest.mark.parametrize(
    ("table", "settings", "problem", "said"),
    [
        ((["a"], ["b", "c"]), {}, DataError, "1 prompts and 2 answers"),
        (("a", ["b"]), {}, DataError, "found one string"),
        ((["a"], [3]), {}, DataError, "answer 0 is a int"),
        (([], []), {}, DataError, "nothing to train on"),
        (TWO, {"epochs": 0}, ConfigError, "epochs is 0"),
        (TWO, {"rows": 2.5}, ConfigError, "rows is 2.5"),
        (TWO, {"lora": -1}, ConfigError, "lora is -1"),
        (TWO, {"lora": 999}, ConfigError, "LoRA rank of 999"),
        (TWO, {"rate": -1.0}, ConfigError, "rate is -1.0"),
        (TWO, {"chat": "yes"}, ConfigError, "chat is 'yes'"),
        (TWO, {"max_tokens": 1}, ConfigError, "max_tokens is 1"),
    ],
)
def test_bad_input_is_said(table: Any, settings: dict[str, Any], problem: type[Exception], said: str) -> None:
    with pytest.raises(problem, match=said):
        Writer.load(folder("gpt2")).fit(*table, **settings)


def test_what_a_model_lacks_is_said(tmp_path: Path) -> None:
    path = shutil.copytree(folder("gpt2"), tmp_path / "plain")
    config = json.loads((path / "tokenizer_config.json").read_text())
    (path / "tokenizer_config.json").write_text(
        json.dumps({key: value for key, value in config.items() if key != "chat_template"})
    )
    for chat, prompt in ((True, "a"), (False, [{"role": "user", "content": "a"}])):
        with pytest.raises(TokenizerError, match="no chat template"):
            Writer.load(path).fit([prompt], ["b"], chat=chat)
    for name in ("config.json", "generation_config.json"):
        told = json.loads((path / name).read_text())
        (path / name).write_text(json.dumps({**told, "eos_token_id": None}))
    with pytest.raises(CheckpointError, match="no eos_token_id; no answer would end"):
        Writer.load(path).fit(*TWO)
    bare = Writer.load(path)
    bare = Writer(bare.transformer, bare.tokenizer, bare.habits)
    with pytest.raises(NotFittedError, match="came from no files"):
        bare.save(tmp_path / "out")


def test_a_training_that_runs_away_is_said_and_nothing_is_saved(table: Path, tmp_path: Path) -> None:
    model = str(novice(tmp_path / "novice"))
    writer = Writer.load(model)
    writer.transformer.decoder.norm.weight.data.fill_(float("nan"))
    with pytest.raises(ConfigError, match="the mean loss on dev is nan"):
        scores(writer, pairs(writer, TWO))
    with pytest.raises(DataError, match="no pair can be used"):
        fit_write(str(table), None, model, tmp_path / "out", max_tokens=2)
    assert not (tmp_path / "out" / "model").exists()


def test_what_is_written_to_be_compared_is_bounded() -> None:
    writer = Writer.load(folder("t5"))
    words = ["she sells", "sea shells " * 40, *["x"] * 120]
    found = pairs(writer, (words, words))
    assert len(found.pairs[1][1]) > 128
    assert right(writer, found)[1] == 100
    long = ["sea shells " * 7] * 100
    tokens = len(pairs(writer, (long[:1], long[:1])).pairs[0][1])
    assert right(writer, pairs(writer, (long, long)))[1] == 2048 // tokens < 100
