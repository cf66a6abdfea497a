"""`heedful clean` as a person or a script meets it."""

import json
from pathlib import Path

import pytest

from heedful.cli.main import main

Capture = pytest.CaptureFixture[str]
GOOD = "The first of three good sentences.\nThe second one is this here.\nAnd so we come to three.\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text(GOOD + "Menu\n")
    (tmp_path / "texts" / "b.txt").write_text(GOOD.replace("first", "bad first") + "\n" + GOOD.upper())
    (tmp_path / "texts" / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n0000")
    (tmp_path / "words.txt").write_text("bad\n")
    return tmp_path


def test_a_table_for_people(place: Path, capsys: Capture) -> None:
    assert main(["clean", "texts", "-o", "out"]) == 0
    shown = capsys.readouterr()
    lines = [line.split() for line in shown.out.splitlines()]
    assert ["read", "2", "10", "266"] in lines and ["end", "mark", "0", "1", "4"] in lines
    assert "out: 1 part; README.md tells what each rule took" in shown.out
    assert "Left out: texts/c.png is a picture" in shown.err
    assert (place / "out" / "part-00000.jsonl.gz").exists()


def test_json_is_the_report_and_nothing_else(place: Path, capsys: Capture) -> None:
    options = ["--words", "words.txt", "--skip", "near duplicate", "--skip", "repeated span"]
    assert main(["clean", "texts", "-o", "out", "--documents", "paragraph", *options, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((place / "out" / "report.json").read_text())
    assert report["read"]["documents"] == 3 and report["rules"]["words"]["documents"] == 1
    assert report["skipped_rules"] == ["near duplicate", "repeated span"]


def test_a_column_is_read(place: Path, capsys: Capture) -> None:
    (place / "a.jsonl").write_text(json.dumps({"text": "x", "body": GOOD}) + "\n")
    assert main(["clean", "a.jsonl", "-o", "out", "--column", "body", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["written"]["lines"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "out"], "Missing argument 'CORPUS...'"),
        (["texts"], "Missing option '-o' / '--out'"),
        (["text", "-o", "out"], "no file or folder text"),
        (["texts", "-o", "texts/out"], "lie in one another"),
        (["texts", "-o", "."], "holds something else"),
        (["texts/a.txt", "-o", "words.txt"], "is a file"),
        (["texts", "-o", "out", "--skip", "menus"], "no rule 'menus'"),
        (["texts", "-o", "out", "--words", "word.txt"], "word.txt"),
        (["texts", "-o", "out", "--documents", "page"], "'page' is not one of"),
        (["texts", "-o", "out", "--column", "text"], "without columns"),
        (["texts/c.png", "-o", "out"], "is a picture"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    place: Path, capsys: Capture, arguments: list[str], said: str
) -> None:
    before = sorted(place.rglob("*"))
    assert main(["clean", *arguments]) == 2
    shown = capsys.readouterr()
    assert said in shown.err.splitlines()[-1] and shown.err.splitlines()[-1].startswith("heedful: ")
    assert shown.out == "" and sorted(place.rglob("*")) == before
