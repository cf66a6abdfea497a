"""`heedful label`: answers typed or piped, each kept at once, never scored on what was learned from."""

import csv
import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from heedful.cli.main import main
from heedful.data.table import read_table

Capture = pytest.CaptureFixture[str]
Typing = Callable[[str], None]
THINGS = ("cat", "kitten", "ship", "boat")
WORDS = [
    "sofa", "harbour", "wall", "lamp", "door", "bridge", "table", "stone", "garden", "fence", "red", "slow",
    "quick", "small", "early", "again", "often", "never", "beside", "under", "with", "without", "evening",
]  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "texts.csv"
    random = Random(0)
    rows = [
        (" ".join([thing, *random.sample(WORDS, 6)]),) for thing in ("cat", "kitten", "ship", "boat") * 16
    ]
    with path.open("w", newline="") as handle:
        csv.writer(handle).writerows([("note",), *rows, ("cat \x1b[31mred\x07 here",), ("",)])
    return str(path)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typing:
    """Return a function that puts lines on standard input."""

    def put(lines: str) -> None:
        monkeypatch.setattr(
            sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode("utf-8", "surrogateescape")))
        )

    return put


def arguments(table: str, folder: Path, minilm: Path, *more: str) -> list[str]:
    return ["label", table, "-o", str(folder), "--model", str(minilm), *more]


def truth(text: str) -> str:
    return "cat" if "cat" in text or "kitten" in text else "ship"


def records(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_whole_labelling(table: str, tmp_path: Path, minilm: Path, typed: Typing, capsys: Capture) -> None:
    folder = tmp_path / "out"
    asked: list[str] = []
    for turn in range(2):  # what to answer is seen in the text, one run after the other
        typed("")
        assert main(arguments(table, folder, minilm, "--labels", "cat,ship")) == 0
        shown = capsys.readouterr().err.splitlines()
        text = next(line.removeprefix("[1] ") for line in shown if line.startswith("[1] "))
        asked.append(text)
        typed(f"{truth(text)}\nq\nship\n")
        assert main(arguments(table, folder, minilm)) == 0
        assert f"saved: {truth(text)}" in capsys.readouterr().err
        assert len(records(folder / "labels.jsonl")) == turn + 1
    assert [one["text"] for one in records(folder / "labels.jsonl")] == asked
    typed("1\n2\n1\n2\n1\n2\ns\nu\nu\n2\nbird\n?\nc\n7\n\nq\n")
    assert main(arguments(table, folder, minilm, "--json")) == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert found["labelled"] == 2 + 6 + 2 and found["labels"]["bird"] == 1
    assert "taken back: skipped" in shown.err and "bird (a new label): 1" in shown.err
    assert "There is no label 7" in shown.err and "Nothing was typed" in shown.err
    assert "first letters" in shown.err and found["score"] is None
    again = read_table(folder / "labels.jsonl")
    assert (again.text_column, again.label_column, len(again.texts)) == ("text", "label", 10)
    assert main(["predict", str(folder), "The kitten", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["predictions"][0]["label"] in ("cat", "ship", "bird")


def test_the_score_is_of_texts_that_were_not_learned_from(
    table: str, tmp_path: Path, minilm: Path, typed: Typing, capsys: Capture
) -> None:
    folder = tmp_path / "out"
    typed("cat\nship\n" * 200)
    assert main(arguments(table, folder, minilm)) == 0
    shown = capsys.readouterr()
    assert "every text of this part is answered" in shown.err and "with --score 50" in shown.out
    learned = {one["text"] for one in records(folder / "labels.jsonl")}
    typed("cat\nship\n" * 200)
    assert main(arguments(table, folder, minilm, "--score", "5", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    kept = records(folder / "score.jsonl")
    assert len(kept) == 5 == found["kept_apart"] and not learned & {one["text"] for one in kept}
    assert len(learned) == found["labelled"] >= 40
    figures = found["score"]
    assert 0 <= figures["low"] <= figures["accuracy"] <= figures["high"] <= 1 and figures["texts"] == 5
    typed("")
    assert main(arguments(table, folder, minilm)) == 0
    shown = capsys.readouterr()
    assert "on 5 texts kept apart; the commonest label alone" in shown.out
    assert f"--test {folder / 'score.jsonl'}" in shown.out


def test_texts_cannot_steer_the_terminal(
    tmp_path: Path, minilm: Path, typed: Typing, capsys: Capture
) -> None:
    (tmp_path / "a.csv").write_text(
        'text\n"a \x1b[31mred\x07\nline"\n"b \x1b]0;title\x07"\n' + "c\nd\ne\nf\n"
    )
    typed("\udcff\x1b[2J\nq\n")
    assert main(arguments(str(tmp_path / "a.csv"), tmp_path / "out", minilm, "--text", "text")) == 0
    shown = capsys.readouterr()
    assert "\x1b" not in shown.err + shown.out and "\x07" not in shown.err


def read_until(terminal: int, wanted: str, seconds: float = 120) -> str:
    found, end = "", time.monotonic() + seconds
    while wanted not in found:
        assert time.monotonic() < end, found
        if select.select([terminal], [], [], 1)[0]:
            found += os.read(terminal, 4096).decode("utf-8", "replace")
    return found


def test_at_a_terminal_killed_and_gone_on(table: str, tmp_path: Path, minilm: Path) -> None:
    folder = tmp_path / "out"
    command = [sys.executable, "-m", "heedful", *arguments(table, folder, minilm, "--labels", "cat,ship")]

    def start() -> tuple["subprocess.Popen[bytes]", int]:
        mine, theirs = pty.openpty()
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
        os.close(theirs)
        return process, mine

    process, terminal = start()
    first = read_until(terminal, "> ")
    assert "1 cat   2 ship   (s skip, u undo, q quit)" in first
    assert main(["label", table, "-o", str(folder)]) == 2  # one at a time
    os.write(terminal, b"1\n")
    second = read_until(terminal, "> ")
    assert "saved: cat: 1" in second
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    os.close(terminal)
    assert [one["label"] for one in records(folder / "labels.jsonl")] == ["cat"]
    process, terminal = start()
    again = read_until(terminal, "> ")
    assert "texts encoded" not in again
    assert again.split("[1] ")[1].splitlines()[0] == second.split("[2] ")[1].splitlines()[0]
    os.write(terminal, b"2\n")
    read_until(terminal, "> ")
    os.write(terminal, b"\x04")
    assert "2 labelled in" in read_until(terminal, "heedful compare")
    assert process.wait(60) == 0
    os.close(terminal)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["missing.csv", "-o", "out"], "there is no file missing.csv"),
        (["a.csv", "-o", "a.csv"], "is a file; expected a folder"),
        (["a.csv", "-o", "foreign"], "is not of `heedful label`"),
        (["a.csv", "-o", "begun", "--seed", "5"], "was begun with seed 3"),
        (["a.csv", "-o", "odd"], "is not what `heedful label` wrote"),
        (["a.csv", "-o", "out", "--text", "txt"], "has no column 'txt'"),
        (["one.csv", "-o", "out", "--text", "text"], "found 1 text to label"),
        (["a.csv"], "Missing option '-o'"),
        (["a.csv", "-o", "out", "--score", "0"], "--score"),
        (["a.csv", "-o", "out", "--model", "nothing"], "nothing"),
    ],
)
def test_bad_input_is_one_line(
    more: list[str],
    says: str,
    tmp_path: Path,
    typed: Typing,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("foreign", "begun", "odd"):
        (tmp_path / folder).mkdir()
    (tmp_path / "a.csv").write_text("text,n\nOne text here,1\nAnother one there,2\nA third thing,3\n")
    (tmp_path / "one.csv").write_text("text\nOne text here\nOne text here\n")
    (tmp_path / "foreign" / "labels.jsonl").write_text("{}\n")
    (tmp_path / "begun" / "label.json").write_text('{"seed": 3, "labels": []}')
    (tmp_path / "odd" / "label.json").write_text('{"seed": "x"}')
    typed("q\n")
    assert main(["label", *more]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and says in shown.err
    assert (tmp_path / "foreign" / "labels.jsonl").read_text() == "{}\n"
