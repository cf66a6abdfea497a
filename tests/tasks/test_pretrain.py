"""Pretraining from end to end, on little: every way, the same with two processes, readable elsewhere."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from heedful.core.inputs import pack
from heedful.errors import ConfigError, DataError
from heedful.models import load
from heedful.tasks.pretrain import pretrain
from heedful.train.checkpoints import steps

WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "and",
    "saw",
    "one",
    "old",
    "red",
    "dog",
    "run",
    "far",
    "away",
    "from",
    "here",
    "today",
]
SMALL = "width: 16\ndepth: 2\nheads: 2\ncontext: 16\nbatch_tokens: 64\nvocab: 400\nrate: 0.01\n"
KINDS = {
    "clm": ("clm", "", None),
    "mask": ("mlm", "", None),
    "whole words": ("mlm", "whole_words: true\n", None),
    "next": ("mlm", "noise: mask+next\n", None),
    "modernbert": ("mlm", "family: modernbert\n", None),
    "spans": ("denoise", "", "bpe"),
    "infill": ("denoise", "noise: infill\nrate_masked: 0.3\nsmoothing: 0.1\n", "bpe"),
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    lines = [" ".join(random.choice(WORDS, 12)) + "." for _ in range(120)]
    path = tmp_path / "corpus.txt"
    path.write_text("\n\n".join(lines))
    return path


def recipe(folder: Path, more: str = "") -> str:
    path = folder / "recipe.yaml"
    path.write_text(SMALL + more)
    return str(path)


SLOW = ("whole words", "modernbert")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in KINDS]
)
def test_every_way_learns_and_is_saved_for_others(name: str, corpus: Path, tmp_path: Path) -> None:
    objective, more, tokenizer = KINDS[name]
    out = tmp_path / "out"
    found = pretrain(
        objective, [corpus], out, size=recipe(tmp_path, more), tokenizer=tokenizer, tokens=6400,
        documents="paragraph",
    )  # fmt: skip
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    scores = [line["dev"]["loss"] for line in lines if "dev" in line]
    assert scores[-1] < scores[0] - 0.1
    assert found["steps"] == 100
    assert "1-gram" in (out / "report.html").read_text() or objective == "clm"
    check_with_the_reference(out / "model")


def check_with_the_reference(folder: Path) -> None:
    """Open the folder in transformers: nothing missing, and the same scores for the same ids."""
    import transformers

    from heedful.checkpoint.folder import load_transformer

    config = json.loads((folder / "config.json").read_text())
    kind = getattr(transformers, config["architectures"][0])
    theirs, told = kind.from_pretrained(folder, output_loading_info=True)
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    ours = load_transformer(folder).transformer
    ids = [5, 9, 7, 11, 6]
    with torch.inference_mode():
        given = pack([ids])
        if ours.config.encoder and ours.config.decoder:
            mine = ours.scores(*ours(*given, pack([[0, 8, 9]])))
            other = theirs(input_ids=torch.tensor([ids]), decoder_input_ids=torch.tensor([[0, 8, 9]])).logits[
                0
            ]
        else:
            mine, other = ours.scores(*ours(*given)), theirs(input_ids=torch.tensor([ids])).logits[0]
    torch.testing.assert_close(mine, other, atol=1e-4, rtol=1e-4)
    found = transformers.AutoTokenizer.from_pretrained(folder)
    assert len(found) == config["vocab_size"]


def test_a_pretrained_model_writes(corpus: Path, tmp_path: Path) -> None:
    pretrain("clm", [corpus], tmp_path / "out", size=recipe(tmp_path), tokens=640, tokenizer="char")
    writer = load(tmp_path / "out" / "model")
    assert isinstance(writer.write(["the c"], max_tokens=5)[0].text, str)


def test_the_same_command_goes_on_and_a_finished_run_only_tells(corpus: Path, tmp_path: Path) -> None:
    def go() -> dict[str, object]:
        return pretrain("clm", [corpus], tmp_path / "out", size=recipe(tmp_path), tokens=1280)

    first = go()
    weights = (tmp_path / "out" / "model" / "model.safetensors").read_bytes()
    stamp = steps(tmp_path / "out" / "checkpoints")
    second = go()
    assert (tmp_path / "out" / "model" / "model.safetensors").read_bytes() == weights
    assert {**second, "seconds": 0} == {**first, "seconds": 0}
    assert steps(tmp_path / "out" / "checkpoints") == stamp


def test_minutes_end_it(corpus: Path, tmp_path: Path) -> None:
    found = pretrain("clm", [corpus], tmp_path / "out", size=recipe(tmp_path), minutes=0.05)
    assert 3 <= found["seconds"] < 6
    assert found["epochs"] > 1


@pytest.mark.slow
def test_two_workers_and_one_give_the_same_curve(corpus: Path, tmp_path: Path) -> None:
    size = recipe(tmp_path, "dropout: 0.1\n")

    def curve(workers: int) -> list[float]:
        out = tmp_path / f"out{workers}"
        command = [sys.executable, "-m", "heedful", "pretrain", "clm", str(corpus), "--size", size, "-o",
                   str(out), "--tokens", "1280", "--workers", str(workers), "--json"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["steps"] == 20
        lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        return [line["loss"] if "loss" in line else line["dev"]["loss"] for line in lines]

    one, two = curve(1), curve(2)
    assert len(one) > 10
    np.testing.assert_allclose(one, two, atol=1e-4)


@pytest.mark.slow
def test_a_worker_s_error_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "heedful", "pretrain", "clm", str(tmp_path / "no.txt"), "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 2
    assert "no.txt" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("more", "given", "error", "words"),
    [
        ("widht: 3\n", {}, ConfigError, "did you mean width"),
        ("noise: shuffle\n", {}, ConfigError, "clm has next"),
        ("family: bert\n", {}, ConfigError, "no model"),
        ("width: 18\nheads: 4\n", {}, ConfigError, "multiple of heads"),
        ("dropout: two\n", {}, ConfigError, "dropout is 'two'"),
        ("width: [\n", {}, ConfigError, "no YAML file"),
        ("", {"minutes": 1, "tokens": 5}, ConfigError, "one of them"),
        ("", {"minutes": -1}, ConfigError, "more than 0"),
        ("", {"held_out": 1.5}, ConfigError, "between 0 and 1"),
        ("", {"tokenizer": "letters"}, ConfigError, "bpe, wordpiece"),
        ("", {"dev": ["no.txt"]}, DataError, "no.txt"),
        ("vocab: 100\n", {}, ConfigError, "at least"),
    ],
)
def test_bad_input_is_said(
    more: str, given: dict[str, object], error: type[Exception], words: str, corpus: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        pretrain("clm", [corpus], tmp_path / "out", size=recipe(tmp_path, more), **given)


def test_an_unknown_size_is_said(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="tiny, mini, small"):
        pretrain("clm", [corpus], tmp_path / "out", size="huge")


def test_too_little_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("ab")
    with pytest.raises(DataError, match="larger corpus"):
        pretrain("clm", [tmp_path / "a.txt"], tmp_path / "out", size=recipe(tmp_path), tokenizer="byte")
