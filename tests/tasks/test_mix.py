"""Several tasks in one model: each is learned, each is told by its prefix, wrong lists are refused."""

import json
from pathlib import Path

import pytest
from interpreter import recipe, spoken, table

from heedful.cli.main import main
from heedful.errors import CheckpointError, ConfigError
from heedful.models import load
from heedful.tasks.fit_mix import fit_mix
from heedful.tasks.mixed import read_tasks
from heedful.tasks.summarize import Summarizer
from heedful.tasks.translate import Translator

TASKS = """
temperature: 2
tasks:
  - {task: translate, prefix: "German: ", train: there.tsv}
  - {task: summarize, prefix: "first: ", train: first.jsonl}
"""


@pytest.mark.slow
def test_one_model_does_what_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = spoken(900, 0)
    table(tmp_path / "there.tsv", pairs)
    rows = [{"document": source, "summary": source.split()[0]} for source, _ in spoken(300, 1)]
    (tmp_path / "first.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "tasks.yaml").write_text(TASKS)
    size, out = recipe(tmp_path, "transformer"), tmp_path / "out"
    given = ["fit", "mix", tmp_path / "tasks.yaml", "--size", size, "--epochs", 12, "-o", out, "--json"]
    assert main([str(one) for one in given]) == 0
    found = json.loads(capsys.readouterr().out)["tasks"]
    assert found["translate-1"]["scores"]["bleu"]["value"] > 60
    assert found["summarize-2"]["scores"]["rouge"]["rougeL"]["f1"]["value"] > 0.8
    text = "two five one"
    assert Translator.load(out, "German: ").translate([text])[0].text.split()[0] == "zwei"
    assert Summarizer.load(out, "first: ").summarize([text])[0].text == "two"
    answer = load(out).write([f"first: {text}"], max_tokens=8)[0]
    assert answer.text.strip() == "two"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tasks: [{task: translate}]", "expected two or more"),
        ("temperature: 0", "lists no tasks"),
        (TASKS.replace("temperature: 2", "temperature: hot"), "temperature is 'hot'"),
        (TASKS.replace("first: ", "German: "), "the same prefix"),
        (TASKS.replace("task: summarize", "task: sing"), "expected translate or summarize"),
        (TASKS.replace('prefix: "first: ", ', ""), "lacks a prefix"),
        (TASKS.replace("train: first.jsonl", "trains: first.jsonl"), "sets 'trains'"),
        (TASKS.replace("train: first.jsonl", "train: [1, 2]"), "expected a file"),
    ],
)
def test_a_wrong_list_is_told(text: str, words: str, tmp_path: Path) -> None:
    table(tmp_path / "there.tsv", spoken(30, 0))
    (tmp_path / "first.jsonl").write_text('{"document": "one two", "summary": "one"}\n' * 30)
    (tmp_path / "tasks.yaml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        read_tasks(tmp_path / "tasks.yaml")


def test_other_pairs_in_the_folder_of_a_run_are_refused(tmp_path: Path) -> None:
    table(tmp_path / "there.tsv", spoken(120, 0))
    rows = [{"document": source, "summary": source.split()[0]} for source, _ in spoken(120, 1)]
    (tmp_path / "first.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "tasks.yaml").write_text(TASKS)
    size = recipe(tmp_path, "transformer")
    fit_mix(tmp_path / "tasks.yaml", tmp_path / "out", size=size, epochs=1)
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "out" / "data").rglob("*.bin"))
    table(tmp_path / "there.tsv", spoken(90, 5))
    with pytest.raises(CheckpointError, match="holds another run"):
        fit_mix(tmp_path / "tasks.yaml", tmp_path / "out", size=size, epochs=1)
    after = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "out" / "data").rglob("*.bin"))
    assert before == after
