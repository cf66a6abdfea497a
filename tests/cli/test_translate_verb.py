"""`heedful fit translate` and `heedful translate`: from two files to lines on stdout."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from heedful.cli.main import app, main

LINES = ["one two three", "", "four five", "x" * 2000]
RECIPE = "width: 32\ndepth: 2\nheads: 2\nvocab: 360\ncontext: 32\nbatch_tokens: 400\nrate: 0.01\ndropout: 0\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    english = ["one", "two", "three", "four", "five", "six"]
    german = ["eins", "zwei", "drei", "vier", "fünf", "sechs"]
    words = dict(zip(english, german, strict=True))
    rows = [f"{a} {b} {c}" for a in words for b in words for c in words]
    for number, kind in enumerate(("train", "dev")):
        mine = [row for place, row in enumerate(rows) if (place % 10 == 0) == bool(number)]
        (folder / f"{kind}.en").write_text("\n".join(mine) + "\n")
        translated = "\r\n".join(" ".join(words[word] for word in row.split()) for row in mine)
        (folder / f"{kind}.de.gz").write_bytes(gzip.compress(translated.encode()))
    (folder / "size.yaml").write_text(RECIPE)
    given = ["fit", "translate", "--train", folder / "train.en", folder / "train.de.gz", "--epochs", 30]
    more = ["--dev", folder / "dev.en", folder / "dev.de.gz", "--size", folder / "size.yaml"]
    assert main([str(one) for one in [*given, *more, "-o", folder / "out"]]) == 0
    return folder / "out"


def run(*given: object, stdin: bytes | None = None) -> Any:
    return CliRunner().invoke(app, [str(one) for one in given], input=stdin, catch_exceptions=False)


def test_a_line_for_each_line(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes("\r\n".join(LINES).encode() + b"\n")
    found = run("translate", model, "--file", path, "--beam", 2)
    assert found.stdout.split("\n")[:3] == ["eins zwei drei", "", "vier fünf"]
    assert found.stdout.count("\n") == len(LINES)
    assert "longer than the 32 tokens" in found.stderr
    piped = run("translate", model, "--beam", 2, stdin=path.read_bytes())
    assert piped.stdout == found.stdout
    run("translate", model, "--file", path, "--beam", 2, "-o", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == found.stdout


def test_the_best_and_their_scores(model: Path) -> None:
    found = run("translate", model, "one two three", "six", "--n-best", 2, "--beam", 3)
    rows = [line.split("\t") for line in found.stdout.splitlines()]
    assert [row[0] for row in rows] == ["1", "1", "2", "2"]
    assert rows[0][2] == "eins zwei drei"
    assert float(rows[0][1]) >= float(rows[1][1])


def test_scores_against_references(model: Path, tmp_path: Path) -> None:
    (tmp_path / "reference").write_text("eins zwei drei\nvier fünf sechs\n")
    given = ("one two three", "four five six", "--reference", tmp_path / "reference", "--json")
    found = run("translate", model, *given)
    document = json.loads(found.stdout)
    assert document["scores"]["chrf"]["value"] > 90
    assert [one["text"] for one in document["translations"]] == ["eins zwei drei", "vier fünf sechs"]
    assert "BLEU" in found.stderr


def test_the_page_opens_offline(model: Path, tmp_path: Path) -> None:
    found = run("translate", model, "one two three", "", "--align", tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "drei" in text and "https:" not in text
    assert "1 lines are not drawn" in found.stderr


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["one", "--file", "x"], "give one of them"),
        (["one", "--n-best", "6"], "give --beam 6 or more"),
        (["one", "--align", "nowhere/page.html"], "no file in a folder that exists"),
        (["one", "two", "--reference", "REFERENCE"], "has 1 lines for 2"),
        (["--file", "nowhere.txt"], "there is no file"),
    ],
)
def test_wrong_use_is_one_line(
    given: list[str], words: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reference").write_text("eins\n")
    asked = [str(tmp_path / "reference") if one == "REFERENCE" else one for one in given]
    assert main(["translate", str(model), *asked]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert len(said.splitlines()) == 1


def test_other_verbs_name_the_right_one(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(model), "one"]) == 2
    assert "heedful translate" in capsys.readouterr().err


def test_another_size_of_parts_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").write_text("one\ntwo\n")
    (tmp_path / "b").write_text("eins\n")
    given = ["fit", "translate", "--train", tmp_path / "a", tmp_path / "b", "-o", tmp_path / "out"]
    assert main([str(one) for one in given]) == 2
    assert "expected as many, line by line" in capsys.readouterr().err
