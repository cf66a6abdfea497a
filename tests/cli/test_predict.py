"""`heedful predict`: where texts come from, where answers go, nothing lost or reordered."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heedful import models
from heedful.cli.main import main
from heedful.estimator import Clock, TextClassifier
from heedful.types import Floats, Ints, Texts

Capture = pytest.CaptureFixture[str]


class Counted(TextClassifier):
    """Counts the letters a, b and l: the label depends on the text."""

    method = "counted"
    random = False

    def _fit(self, texts: Texts, targets: Ints, dev: Any, clock: Clock) -> None:
        pass

    def _logits(self, texts: Texts) -> Floats:
        return np.array([[text.count(name[0]) for name in self.classes_] for text in texts], dtype=np.float64)

    def truncated(self, texts: Texts) -> int:
        return sum(len(text) > 20 for text in texts)

    def _write(self, folder: Path) -> dict[str, Any]:  # noqa: ARG002
        return {}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:
        pass


@pytest.fixture
def artefact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An artefact whose classes are `a`, `b` and, to be difficult, `label`."""
    monkeypatch.setitem(models.METHODS, "counted", f"{__name__}:Counted")
    folder = tmp_path / "run" / "counted"
    Counted().fit(["x", "y", "z"], ["a", "b", "label"]).save(folder)
    return str(folder)


def pipe(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_arguments_give_lines(artefact: str, capsys: Capture) -> None:
    assert main(["predict", artefact, "aaa", "bb\tb\n", "-", "--top", "2"]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[-1]) for line in lines] == [("a", "aaa"), ("b", "bb b"), ("a", "-")]
    assert lines[0][1] == f"{np.exp(3) / (np.exp(3) + 2):.4f}"
    assert [len(line) for line in lines] == [5, 5, 5]


def test_json_holds_every_probability(artefact: str, capsys: Capture) -> None:
    assert main(["predict", artefact, "--json", "--", "--bb", "é" * 21]) == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert [p["text"] for p in found["predictions"]] == ["--bb", "é" * 21]
    assert found["predictions"][0]["label"] == "b"
    assert list(found["predictions"][0]["probabilities"]) == ["a", "b", "label"]
    assert sum(found["predictions"][0]["probabilities"].values()) == pytest.approx(1)
    assert found["truncated"] == 1
    assert "1 of 2 texts are longer than the model reads" in shown.err


def test_lines_of_standard_input(artefact: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, b"\xef\xbb\xbfaa\r\n\nbb\xff\n")
    assert main(["predict", artefact, "--json"]) == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)["predictions"]
    assert [(p["text"], p["label"]) for p in found] == [("aa", "a"), ("", "a"), ("bb�", "b")]
    assert "1 of 3 texts are empty" in shown.err


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_a_table_comes_back_with_as_many_rows_in_order(
    artefact: str, tmp_path: Path, capsys: Capture, suffix: str
) -> None:
    texts = ['a "quoted, one"', "b\nb", "", "label all", *("ab"[i % 2] * 3 + str(i) for i in range(2500))]
    table, out = tmp_path / "in.csv", tmp_path / f"out.{suffix}"
    with table.open("w", newline="") as handle:
        csv.writer(handle).writerows([("number", "review"), *enumerate(texts)])
    assert main(["predict", artefact, "--file", str(table), "--text", "review", "-o", str(out)]) == 0
    shown = capsys.readouterr()
    assert shown.out == "" and "2,504 rows written" in shown.err
    rows = read(out)
    assert list(rows[0]) == ["review", "label", "probability", "a", "b", "label_"]
    assert [row["review"] for row in rows] == texts
    assert [row["label"] for row in rows[3:6]] == ["label", "a", "b"]
    assert all(float(row["probability"]) == max(float(row[n]) for n in ("a", "b", "label_")) for row in rows)


def read(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="") as handle:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in handle]
        return list(csv.DictReader(handle, delimiter="\t" if path.suffix == ".tsv" else ","))


def test_json_with_a_file_tells_of_the_file(artefact: str, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out.parquet"
    assert main(["predict", artefact, "aa", "b", "-o", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"out": str(out), "rows": 2, "truncated": 0}
    assert out.read_bytes()[:4] == b"PAR1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a", "--file", "t.csv"], "give one of them"),
        (["a", "--text", "review"], "--text names a column of --file"),
        (["a", "-o", "."], "expected one of .csv"),
        (["a", "-o", "folder.csv"], "is a folder"),
        (["a", "-o", "nowhere/out.csv"], "the folder nowhere does not exist"),
        (["--file", "t.csv", "--text", "review", "-o", "t.csv"], "is the table that is read"),
        (["--file", "t.csv", "--text", "reveiw"], "review"),
        (["--file", "missing.csv"], "missing.csv"),
        (["a", "--top", "0"], "--top"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(
    artefact: str,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    content = "number,review\n" + "".join(f"{i},a text that is number {i}\n" for i in range(9))
    (tmp_path / "t.csv").write_text(content)
    assert main(["predict", artefact, *arguments]) == 2
    shown = capsys.readouterr()
    assert says in shown.err and shown.err.count("\n") == 1
    assert shown.out == ""
    assert (tmp_path / "t.csv").read_text() == content


def test_empty_standard_input_is_bad_input(
    artefact: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, b"\n \n")
    assert main(["predict", artefact]) == 2
    assert "expected one text per line" in capsys.readouterr().err


def test_a_terminal_without_a_text_is_asked_for_one(
    artefact: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, b"")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    assert main(["predict", artefact]) == 2
    assert "no text was given" in capsys.readouterr().err


def test_a_terminal_gets_a_table_without_control_characters(
    artefact: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["predict", artefact, "[bold]aaa\x1b[2J " + "word " * 40, "漢字" * 60, "--top", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and "probability" in lines[0]
    assert "[bold]aaa" in lines[1] and "\x1b[2J" not in lines[1] and "…" in lines[1] and "…" in lines[3]


def test_wrong_artefacts_say_what_they_are(artefact: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("x")
    (Path(artefact) / "README.md").unlink()
    (tmp_path / "empty").mkdir()
    for folder, says in (
        (tmp_path / "run", f"holds the artefacts counted. Name one of them: {tmp_path / 'run' / 'counted'}"),
        (tmp_path / "none", "does not exist"),
        (tmp_path / "file", "is a file"),
        (tmp_path / "empty", "has no heedful.json"),
        (artefact, "README.md is missing"),
    ):
        assert main(["predict", str(folder), "a"]) == 2
        shown = capsys.readouterr().err
        assert says in shown and shown.count("\n") == 1


def test_neighbours_show_whom_they_asked(minilm: Path, tmp_path: Path, capsys: Capture) -> None:
    from heedful.tasks.neighbours import Neighbours

    model = Neighbours(model=str(minilm))
    model.fit(
        ["the team won the match", "a goal in the last minute", "a new phone", "the chip is fast"], [*"sstt"]
    )
    model.save(tmp_path / "n")
    assert main(["predict", str(tmp_path / "n"), "they scored a goal", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)["predictions"][0]
    assert answer["label"] == "s"
    assert answer["neighbours"][0]["text"] == "a goal in the last minute"
    assert 0 < answer["neighbours"][0]["cosine"] <= 1
