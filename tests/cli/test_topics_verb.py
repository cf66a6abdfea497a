"""`heedful topics`: a table in, topics, a page, a table and a model out."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from planted import Bag, planted

import heedful
from heedful.cli.main import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("topics")
    texts, themes = planted(160)
    rows = [
        (text, 2000 + i % 5, f"c{theme}") for i, (text, theme) in enumerate(zip(texts, themes, strict=True))
    ]
    rows[7] = (" ", 2001, "c1")
    rows[8] = (rows[8][0], "soon", "c1")
    with (folder / "rows.csv").open("w", newline="") as handle:
        csv.writer(handle).writerows([("text", "year", "kind"), *rows])
    np.save(folder / "rows.npy", Bag().encode([row[0] for row in rows]))
    return folder / "rows.csv"


def run(table: Path, *more: str) -> int:
    options = ["--vectors", str(table.with_suffix(".npy")), "--topics", "4", "--repeat", "0", *more]
    return main(["topics", str(table), "--text", "text", *options])


def test_a_line_for_each_topic(table: Path, capsys: Capture) -> None:
    assert run(table) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["0", "1", "2", "3"]
    assert lines[4].startswith("NPMI ") and lines[5].startswith("NMF ")
    assert "Rows without a text, and so without a topic: 1." in shown.err


def test_the_folder_has_a_row_for_each_row(table: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out"
    assert run(table, "--over", "year", "--per", "kind", "-o", str(out), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["topics"], told["empty"], told["over"]["bad"]) == (160, 4, 1, 1)
    assert told["out"] == str(out)
    with (out / "documents.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 160 and rows[7]["topic"] == "" and rows[7]["name"] == ""
    model = heedful.load(out)
    with table.open(newline="") as handle:
        texts = [row["text"] for row in csv.DictReader(handle)]
    expected = [
        "" if not text.strip() else str(label)
        for text, label in zip(texts, model.transform(texts), strict=True)
    ]
    assert [row["topic"] for row in rows] == expected
    assert main(["predict", str(out), texts[0], " ", "--json"]) == 0
    first = {"topic": int(rows[0]["topic"]), "name": rows[0]["name"]}
    answers = json.loads(capsys.readouterr().out)["predictions"]
    assert [{key: answer[key] for key in first} for answer in answers] == [first, {"topic": None, "name": ""}]
    assert main(["predict", str(out), texts[0]]) == 0
    assert capsys.readouterr().out.split("\t")[:2] == [rows[0]["topic"], rows[0]["name"]]
    assert main(["predict", str(out), "never seen"]) == 2
    assert "texts need vectors" in capsys.readouterr().err
    page = (out / "report.html").read_text()
    assert "Over time" in page and "Per class" in page
    assert json.loads((out / "topics.json").read_text())["found"] == told["found"]
    assert run(table, "-o", str(out)) == 0


def test_texts_are_encoded_where_no_vectors_are_given(tmp_path: Path, minilm: Path, capsys: Capture) -> None:
    texts = [f"{left} {right}" for left in ("the cat", "a bank", "our train") for right in
             ("is late", "is here", "was seen", "has gone", "is old", "is big")]  # fmt: skip
    (tmp_path / "t.csv").write_text("text\n" + "\n".join(texts) + "\n")
    options = ["--topics", "3", "--encoder", str(minilm), "--repeat", "0", "-o", str(tmp_path / "out")]
    assert main(["topics", str(tmp_path / "t.csv"), *options]) == 0
    assert "encoding 18 rows" in capsys.readouterr().err
    model = heedful.load(tmp_path / "out" / "model")
    assert sorted(topic.size for topic in model.topics_) == [6, 6, 6]
    new = model.transform(["the cat is asleep", "a bank is closed"])
    assert (
        new[0] == model.transform(["the cat is here"])[0] and new[1] == model.transform(["a bank is old"])[0]
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--text", "txt"], "has no column 'txt'"),
        (["--over", "when"], "has no column 'when' for --over"),
        (["--topics", "many"], "expected a number from 2 on, or auto"),
        (["--topics", "1"], "expected a number from 2 on, or auto"),
        (["--topics", "999"], "ask for fewer topics"),
        (["--over", "kind"], "none of 160 dates can be read"),
        (["--vectors", "missing.npy"], "missing.npy cannot be read"),
        (["--vectors", "bad.npy"], "no .npy file"),
        (["--vectors", "short.npy"], "expected one row for each of 160 texts"),
        (["-o", "bad.npy"], "is a file"),
        (["-o", "."], "holds something else"),
        (["--reduction", "tsne"], "--reduction"),
    ],
)
def test_bad_input_is_one_line(
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.npy").write_text("no array")
    np.save(tmp_path / "short.npy", np.ones((3, 4)))
    assert run(table, *arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and says in shown.err and "Traceback" not in shown.err


def test_too_few_texts(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "t.csv").write_text("text\n" + "one text only\n" * 30)
    np.save(tmp_path / "t.npy", np.ones((30, 3)))
    assert main(["topics", str(tmp_path / "t.csv"), "--vectors", str(tmp_path / "t.npy"), "--json"]) == 2
    assert "found 1 different texts in 30 rows" in json.loads(capsys.readouterr().out)["error"]
