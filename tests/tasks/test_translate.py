"""Translation from end to end: every method learns, is saved, goes on, and answers line by line."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from interpreter import recipe, spoken, table

from heedful.errors import CheckpointError, ConfigError, DataError
from heedful.models import load
from heedful.tasks.aligned import align
from heedful.tasks.fit_translate import fit_translate
from heedful.tasks.summarize import Summarizer
from heedful.tasks.translate import Translator
from heedful.train.checkpoints import steps

METHODS = ("transformer", "attention", "multiplicative", "lstm")
EPOCHS = {"transformer": 9, "attention": 7, "multiplicative": 7, "lstm": 3}
LEARNS = {"lstm": 0.3}  # nats that the loss on dev falls by at least; others learn all there is to learn


def trained(
    folder: Path, method: str, epochs: int | None = None, more: str = "", count: int = 1200
) -> dict[str, Any]:
    parts = {
        name: [table(folder / f"{name}.tsv", spoken(rows, seed))]
        for seed, (name, rows) in enumerate({"train": count, "dev": 40, "test": 60}.items())
    }
    size, epochs = recipe(folder, method, more), epochs or EPOCHS[method]
    return fit_translate(**parts, out=folder / "out", method=method, size=size, epochs=epochs)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, Any]]]:
    made = {method: tmp_path_factory.mktemp(method) for method in METHODS}
    return {method: (folder / "out", trained(folder, method)) for method, folder in made.items()}


Folders = dict[str, tuple[Path, dict[str, Any]]]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns(method: str, folders: Folders) -> None:
    out, found = folders[method]
    bleu = found["scores"]["bleu"]
    assert bleu["value"] > (0.1 if method in LEARNS else 80.0)
    assert bleu["low"] <= bleu["value"] <= bleu["high"]
    assert "tok:13a" in bleu["signature"]
    assert (found["scored_on"], found["scored_pairs"], found["epochs"]) == ("test", 60, EPOCHS[method])
    assert found["pairs"]["kept"] + sum(found["pairs"]["taken"].values()) == 1200
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    scores = [line["dev"] for line in lines if "dev" in line]
    assert set(scores[0]) == {"BLEU", "loss"}
    assert scores[-1]["loss"] < scores[0]["loss"] - LEARNS.get(method, 1.0)
    assert len((out / "translations.jsonl").read_text().splitlines()) == 60
    assert "BLEU" in (out / "report.html").read_text()


@pytest.mark.parametrize("method", METHODS)
def test_what_is_saved_translates_as_it_did(method: str, folders: Folders) -> None:
    out, _ = folders[method]
    rows = [json.loads(line) for line in (out / "translations.jsonl").read_text().splitlines()]
    model = load(out)
    assert isinstance(model, Translator)
    found = model.translate([row["source"] for row in rows])
    assert [one.text for one in found] == [row["found"] for row in rows]


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_equals_its_rows_one_by_one(method: str, folders: Folders) -> None:
    model = Translator.load(folders[method][0])
    texts = [source for source, _ in spoken(12, 9)]
    for beams in (1, 4):
        together = model.translate(texts, beams=beams)
        alone = [model.translate([text], beams=beams)[0] for text in texts]
        assert [one.text for one in together] == [one.text for one in alone]


def test_the_transformer_opens_in_the_ecosystem(folders: Folders) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    out, _ = folders["transformer"]
    words = AutoTokenizer.from_pretrained(out / "model")
    theirs = AutoModelForSeq2SeqLM.from_pretrained(out / "model")
    texts = [source for source, _ in spoken(6, 9)]
    ours = Translator.load(out).translate(texts, beams=4)
    for text, one in zip(texts, ours, strict=True):
        ids = theirs.generate(**words(text, return_tensors="pt"), num_beams=4, max_length=33)
        assert words.decode(ids[0], skip_special_tokens=True).strip() == one.text


def test_a_line_in_is_a_line_out(folders: Folders) -> None:
    model = Translator.load(folders["transformer"][0])
    lines = [
        "one two three", "", " \t", "日本語のテキスト", "🙂🙃 👩‍👩‍👧", "one\rtwo\u2028three", "x" * 3000,
        " ".join(["one two three four."] * 200), "\ud800 two", "עברית one", "</s> <pad> one", "\x00 one",
    ]  # fmt: skip
    found = model.translate(lines, beams=2)
    assert len(found) == len(lines)
    assert found[0].text == "eins zwei drei"
    assert [one.text for one in found[1:3]] == ["", ""]
    assert not any(sign in one.text for one in found for sign in "\r\n\u2028\x0b")
    assert found[7].parts > 10 < found[6].parts
    assert model.translate([]) == []


def test_the_best_come_first(folders: Folders) -> None:
    (one,) = Translator.load(folders["attention"][0]).translate(["two four six"], beams=4, answers=3)
    scores = [score for _, score in one.answers]
    assert len(one.answers) == 3
    assert scores == sorted(scores, reverse=True)
    assert one.answers[0][0] == one.text
    with pytest.raises(ConfigError, match="3 answers"):
        Translator.load(folders["attention"][0]).translate(["two"], beams=2, answers=3)


@pytest.mark.parametrize("method", ["transformer", "attention", "multiplicative"])
def test_attention_tells_which_word_is_which(method: str, folders: Folders) -> None:
    model = Translator.load(folders[method][0])
    found = align(model, "three one four two", model.translate(["three one four two"])[0].text)
    assert found.weights.shape == (len(found.target_offsets), len(found.source_offsets))
    assert torch.allclose(found.weights.sum(1), torch.ones(len(found.weights)), atol=1e-5)


def test_without_attention_there_is_nothing_to_draw(folders: Folders) -> None:
    with pytest.raises(DataError, match="has no attention"):
        align(Translator.load(folders["lstm"][0]), "one two", "eins zwei")


def test_an_interrupted_run_goes_on_with_the_same_bytes(tmp_path: Path) -> None:
    whole, half = tmp_path / "whole", tmp_path / "half"
    for folder in (whole, half):
        folder.mkdir()
        trained(folder, "transformer", epochs=2, count=400)
    kept = steps(half / "out" / "checkpoints")
    for later in kept[len(kept) // 2 :]:
        shutil.rmtree(later)
    shutil.rmtree(half / "out" / "model")
    trained(half, "transformer", epochs=2, count=400)
    same = [(folder / "out" / "model" / "model.safetensors").read_bytes() for folder in (whole, half)]
    assert same[0] == same[1]
    assert [one.name for one in steps(whole / "out" / "checkpoints")] == [
        one.name for one in steps(half / "out" / "checkpoints")
    ]


def test_other_settings_in_the_same_folder_are_refused(tmp_path: Path) -> None:
    trained(tmp_path, "attention", epochs=1)
    with pytest.raises(CheckpointError, match="holds another run"):
        trained(tmp_path, "attention", epochs=1, more="smoothing: 0.3\n")


def test_a_damaged_recurrent_folder_is_an_error(folders: Folders, tmp_path: Path) -> None:
    shutil.copytree(folders["lstm"][0] / "model", tmp_path / "model")
    (tmp_path / "model" / "manifest.json").unlink()
    path = tmp_path / "model" / "recurrent.json"
    for damage, words in (
        ('"width": 32', "of shape"), ('"kind": "lstm"', "names no kind"), ('"depth": 1', "cannot be read"),
    ):  # fmt: skip
        text = path.read_text()
        changed = {'"width": 32': '"width": 64', '"kind": "lstm"': '"kind": "x"', '"depth": 1': '"deep": 1'}
        path.write_text(text.replace(damage, changed[damage]))
        with pytest.raises(CheckpointError, match=words):
            Translator.load(tmp_path / "model")
        path.write_text(text)


def test_wrong_use_is_told(folders: Folders) -> None:
    model = Translator.load(folders["lstm"][0])
    with pytest.raises(DataError, match="expects a list"):
        model.translate("one two")
    with pytest.raises(ConfigError, match="trained to translate; expected a model to summarize"):
        Summarizer.load(folders["lstm"][0])
    with pytest.raises(ConfigError, match="no method 'rnn'"):
        fit_translate(["x"], "y", method="rnn")
