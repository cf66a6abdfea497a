"""`heedful fill`: gaps in, the best tokens out."""

import io
import json
import sys

import pytest
from tasks.scribe import folder

from heedful.cli.main import main
from heedful.tasks.fill import Filler

Capture = pytest.CaptureFixture[str]


def test_each_gap_gives_lines(capsys: Capture) -> None:
    text = "the <mask> of <mask>"
    (gaps,) = Filler.load(folder("bert")).fill([text], top=2)
    assert main(["fill", str(folder("bert")), text, "--top", "2"]) == 0
    blocks = capsys.readouterr().out.removesuffix("\n").split("\n\n")
    assert len(blocks) == 2
    for block, gap in zip(blocks, gaps, strict=True):
        lines = [line.split("\t") for line in block.splitlines()]
        assert [line[0] for line in lines] == [f"{guess.probability:.4f}" for guess in gap]
        assert [line[1] for line in lines] == [" ".join(guess.token.split()) for guess in gap]


def test_json_is_one_document(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("<mask> später\n<mask><mask>\n".encode())))
    assert main(["fill", str(folder("bert")), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["mask"] == "<mask>"
    assert [(one["text"], len(one["gaps"])) for one in found["answers"]] == [
        ("<mask> später", 1),
        ("<mask><mask>", 2),
    ]
    assert all(len(gap) == 5 for one in found["answers"] for gap in one["gaps"])
    assert set(found["answers"][0]["gaps"][0][0]) == {"token", "id", "probability"}


def test_a_text_without_a_gap_is_one_line(capsys: Capture) -> None:
    assert main(["fill", str(folder("bert")), "the [MASK]"]) == 2
    shown = capsys.readouterr()
    assert "expected <mask>" in shown.err
    assert shown.err.count("\n") == 1
    assert main(["fill", str(folder("gpt2")), "the <mask>", "--json"]) == 2
    assert "no masked model" in json.loads(capsys.readouterr().out)["error"]
