"""`heedful see`: a page for a sentence, one line for what cannot be."""

import json
from pathlib import Path

import pytest

from heedful.cli.main import main

Capture = pytest.CaptureFixture[str]


def test_a_page_is_written_and_the_document_says_what_is_on_it(
    minilm: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "page.html"
    assert main(["see", "The bank <of> the river", "--model", str(minilm), "-o", str(out), "--json"]) == 0
    said, complaints = capsys.readouterr()
    found = json.loads(said)
    words = ["[CLS]", "the", "bank", "<", "of", ">", "the", "river", "[SEP]"]
    assert [token["token"] for token in found["tokens"]] == words
    assert found["tokens"][2] == {"token": "bank", "id": 2924}
    assert (found["total"], found["layers"], found["bytes"]) == (9, [0, 1, 2, 3, 4, 5], out.stat().st_size)
    assert complaints == ""
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_what_is_left_out_is_said(minilm: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "see.html"
    assert main(["see", "river " * 10_000, "--model", str(minilm), "-o", str(out)]) == 0
    said, complaints = capsys.readouterr()
    assert said == ""
    lines = complaints.splitlines()
    assert lines[0] == "heedful: the sentence has 10,002 tokens; the first 32 are shown."
    assert lines[1].endswith("of 6 layers fit on the page.")
    assert lines[2].startswith("32 tokens, ") and str(out) in lines[2]
    assert out.stat().st_size < 12_000_000


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["  "], "the sentence is empty; give one with at least one word."),
        (["hi", "--model", "no-such-model"], "no-such-model"),
        (["hi", "-o", "/no/such/folder/see.html"], "is no file in a folder that exists"),
        (["hi", "-o", "/tmp"], "is no file in a folder that exists"),
        ([], "Missing argument 'SENTENCE'"),
    ],
)
def test_what_cannot_be_is_one_line(
    minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, arguments: list[str],
    sentence: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    chosen = arguments if "--model" in arguments or not arguments else [*arguments, "--model", str(minilm)]
    assert main(["see", *chosen]) == 2
    said, complaints = capsys.readouterr()
    assert said == "" and sentence in complaints and complaints.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
