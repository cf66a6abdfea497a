"""`heedful fit` as a person or a script meets it: each task on a tiny table and a tiny model."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tasks.novice import novice
from tasks.scribe import folder

import heedful
from heedful.cli.main import main
from heedful.cli.tasks import TASKS
from heedful.storage import locked

Capture = pytest.CaptureFixture[str]
WORDS = ["river", "sea", "shell", "bank", "shore", "bus", "tree", "moon", "star", "cup", "hat", "fox"]
OPTIONS = {
    "classify": ["--train", "labels.csv", "--text", "review", "--label", "mood", "--kind", "single"],
    "tag": ["--train", "tags.txt"],
    "answer": [
        "--train", "questions.jsonl", "--window", "60", "--stride", "20", "--max-answer-tokens", "8",
    ],
    "embed": [
        "--train", "likes.jsonl", "--text", "one", "--pair", "other", "--loss", "ranking",
        "--matryoshka", "8",
    ],
    "rank": ["--train", "likes.jsonl", "--text", "one", "--pair", "other", "--negatives", "2"],
    "augment": [
        "--train", "grades.jsonl", "--text", "one", "--pair", "other", "--label", "x", "--way", "both",
        "--more", "labels.csv", "--top", "1", "--most", "20", "--cross", str(folder("bert")),
    ],
    "write": ["--train", "sums.jsonl", "--text", "sum", "--label", "answer", "--chat", "--max-tokens", "40"],
}  # fmt: skip
KINDS = {
    "embed": "SentenceEncoder",
    "augment": "SentenceEncoder",
    "rank": "CrossEncoder",
    "classify": "Classifier",
    "tag": "Tagger",
    "answer": "Answerer",
    "write": "Writer",
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table for each task."""
    monkeypatch.chdir(tmp_path)
    texts = [
        f"the {word} and the {WORDS[place - 3]} of {WORDS[place - 5]}" for place, word in enumerate(WORDS)
    ]
    rows = [f"{text} is {mood},{mood}" for text in texts for mood in ("good", "bad")]
    Path("labels.csv").write_text("\n".join(["review,mood", *rows]) + "\n")
    tags = [
        f"{word} O\nmet O\n{word.title()} B-PER\nby O\n{WORDS[i - 5]} O\n" for i, word in enumerate(WORDS)
    ]
    Path("tags.txt").write_text("\n".join(tags))
    questions = [
        {"question": f"who built the {word}?", "context": f"{text} by Anna.", "answers": ["Anna"]}
        for word, text in zip(WORDS, texts, strict=True)
    ]
    Path("questions.jsonl").write_text("\n".join(map(json.dumps, questions)))
    likes = [{"one": text, "other": f"all of {text}", "x": i, "y": i} for i, text in enumerate(texts)]
    Path("likes.jsonl").write_text("\n".join(map(json.dumps, likes)))
    grades = [{"one": texts[i], "other": texts[i - j], "x": i % 3} for i in range(12) for j in (1, 2)]
    Path("grades.jsonl").write_text("\n".join(map(json.dumps, grades)))
    sums = [{"sum": f"{a}+{b}=", "answer": str(a + b)} for a in range(4) for b in range(4)]
    Path("sums.jsonl").write_text("\n".join(map(json.dumps, sums)))
    return tmp_path


def arguments(task: str, place: Path, *more: str) -> list[str]:
    model = novice(place / "novice") if task == "write" else folder("bert")
    short = ["--epochs", "1", "--rows", "4", "--rate", "1e-3", "--lora", "2", "--seed", "3"]
    return ["fit", task, *OPTIONS[task], "--model", str(model), *short, "-o", "out", *more]


@pytest.mark.parametrize("task", TASKS)
def test_each_task_makes_a_model_that_opens(task: str, place: Path, capsys: Capture) -> None:
    assert main(arguments(task, place, "--json")) == 0
    shown = capsys.readouterr()
    figures = json.loads(shown.out)
    assert figures["scores"] and figures["baselines"] and figures["stopped"] is None
    assert f"step {steps(place)} of {steps(place)} | loss" in shown.err
    card = json.loads((place / "out" / "model" / "heedful.json").read_text())
    assert card["about"] == figures
    assert {name: card["params"][name] for name in ("epochs", "rows", "rate", "lora", "seed")} == {
        "epochs": 1, "rows": 4, "rate": 1e-3, "lora": 2, "seed": 3,
    }  # fmt: skip
    assert type(heedful.load(place / "out" / "model")).__name__ == KINDS[task]


def steps(place: Path) -> int:
    """Return the number of the last checkpoint."""
    return max(int(path.name[5:]) for path in (place / "out").rglob("step-*"))


def test_the_same_command_goes_on_and_another_is_refused(place: Path, capsys: Capture) -> None:
    assert main(arguments("write", place)) == 0
    weights = (place / "out" / "model" / "model.safetensors").read_bytes()
    shown = capsys.readouterr().out.splitlines()
    assert "columns: sum" in shown and "columns: answer" in shown
    assert any(line.startswith("scores nats per token: ") for line in shown)
    assert any(line.startswith("baselines untuned perplexity: ") for line in shown)
    assert "prompt: put into the model's chat template" in shown
    assert main(arguments("write", place)) == 0
    assert (place / "out" / "model" / "model.safetensors").read_bytes() == weights
    assert main(arguments("write", place, "--seed", "4")) == 2
    assert "holds another run: seed was 3, now 4" in capsys.readouterr().err
    assert main(["predict", "out", "1+1="]) == 2
    assert "Use `heedful generate out" in capsys.readouterr().err
    assert main(["generate", "out", "1+1=", "--max-tokens", "2"]) == 0


def test_a_dev_table_is_scored(place: Path, capsys: Capture) -> None:
    (place / "dev.jsonl").write_text(json.dumps({"sum": "5+4=", "answer": "9"}))
    assert main(arguments("write", place, "--dev", "dev.jsonl", "--minutes", "5", "--json")) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == {"train": 16, "dev": 1}


def test_a_second_run_into_one_folder_is_refused_at_once(place: Path) -> None:
    code = (
        "import sys\nfrom heedful.cli.main import main\ncode = main(sys.argv[1:])\n"
        "print(code, sorted({'torch', 'numpy'} & set(sys.modules)))"
    )
    with locked(place / "out"):
        command = [sys.executable, "-c", code, *arguments("write", place)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "2 []\n"
    assert (
        done.stderr == "heedful: out is being written by another run. Wait for it, or name another folder.\n"
    )


@pytest.mark.parametrize(
    ("task", "more", "said"),
    [
        ("write", ["--train", "none.jsonl"], "none.jsonl"),
        ("write", ["--text", "prompt"], "no column 'prompt' for the prompt; it has sum, answer"),
        ("write", ["--model", "nothing-here"], "nothing-here"),
        ("write", ["--max-tokens", "1"], "max_tokens is 1"),
        ("write", ["--epochs", "0"], "epochs is 0"),
        ("write", ["--lora", "4000"], "LoRA rank of 4000"),
        (
            "write",
            ["--minutes", "0"],
            "'--minutes': 0.0 is not in the range x>0. See `heedful fit write --help`",
        ),
        ("write", ["--pair", "b"], "No such option '--pair'"),
        ("classify", ["--kind", "some"], "'some' is not one of 'auto', 'single', 'multi', 'number'"),
        ("classify", ["--label", "moood"], "moood"),
        ("tag", ["--train", "sums.jsonl"], "sums.jsonl"),
        ("answer", ["--window", "5"], "window"),
        ("answer", ["--rate", "fast"], "'fast' is not a valid float"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    task: str, more: list[str], said: str, place: Path, capsys: Capture
) -> None:
    assert main(arguments(task, place, *more)) == 2
    shown = capsys.readouterr()
    assert said in shown.err and shown.err.count("\n") == 1 and shown.out == ""
    assert not (place / "out" / "model").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["fit"], "Missing command. See `heedful fit --help`."),
        (["fit", "wriet"], "Did you mean 'write'?"),
        (["fit", "tag", "--train", "x"], "Missing option '--model'. See `heedful fit tag --help`."),
        (["fit", "write", "--model", "x", "-o", "out"], "Missing option '--train'"),
    ],
)
def test_wrong_use_is_said(given: list[str], said: str, capsys: Capture) -> None:
    assert main(given) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("task", TASKS)
def test_the_help_tells_of_each_option(task: str, capsys: Capture) -> None:
    assert main(["fit", task, "--help"]) == 0
    shown = capsys.readouterr().out
    own: Any = [name for name in OPTIONS[task] if name.startswith("--")]
    for name in [
        *own,
        "--dev",
        "--epochs",
        "--rate",
        "--rows",
        "--minutes",
        "--lora",
        "--seed",
        "--out",
        "--json",
    ]:
        assert name in shown
    assert main(["fit", "--help"]) == 0
    assert task in capsys.readouterr().out
