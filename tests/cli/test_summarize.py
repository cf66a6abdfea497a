"""`heedful summarize`: documents in, a few of their sentences out, ROUGE beside the first ones."""

import csv
import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from heedful.cli.main import main

Capture = pytest.CaptureFixture[str]
TEXT = "First\nthis. Then that! And more?\n\nAt last the end."
ROWS = [
    ("Rivers rise in spring. Roads close. People wait for help.", "rivers rise"),
    ("", "nothing"),
    ("Cats sleep. Dogs run and cats look on.\nBirds sing. Nobody minds.", "cats and dogs"),
    ("No reference here. None at all.", ""),
]


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as handle:
        csv.writer(handle).writerows([("document", "summary"), *ROWS])
    return str(path)


def test_one_document_gives_a_sentence_a_line(tmp_path: Path, capsys: Capture) -> None:
    with gzip.open(tmp_path / "a.txt.gz", "wt") as handle:
        handle.write(TEXT)
    assert main(["summarize", str(tmp_path / "a.txt.gz"), "--method", "lead"]) == 0
    assert capsys.readouterr().out == "First this.\nThen that!\nAnd more?\n"


def test_several_files_give_a_line_each(tmp_path: Path, capsys: Capture) -> None:
    for name in "ab":
        (tmp_path / name).write_text(f"{name}. {TEXT}")
    files = [str(tmp_path / name) for name in "ab"]
    assert main(["summarize", *files, "--method", "lead", "--sentences", "1"]) == 0
    assert capsys.readouterr().out == f"{files[0]}\ta.\n{files[1]}\tb.\n"


def test_standard_input_is_one_document(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert main(["summarize", "--method", "lead", "--sentences", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {
        "method": "lead", "sentences": 2, "documents": 1, "empty": 0, "cut": 0, "unread": 0, "truncated": 0,
        "summaries": [{
            "file": "-", "summary": "First this. Then that!", "sentences": ["First this.", "Then that!"],
            "places": [0, 1], "total": 4,
        }],
    }  # fmt: skip


def test_a_table_gives_a_line_for_each_row(table: str, capsys: Capture) -> None:
    assert main(["summarize", table, "--method", "lead", "--sentences", "1", "--column", "document"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "Rivers rise in spring.\n\nCats sleep.\nNo reference here.\n"
    assert "documents without a sentence, whose summary is empty: 1." in shown.err


def test_a_written_table_has_every_row(table: str, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out.csv"
    options = ["--method", "lead", "--reference", "summary", "-o", str(out), "--json"]
    assert main(["summarize", table, *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["out"] == str(out) and "summaries" not in found
    with out.open(newline="") as handle:
        rows = list(csv.reader(handle))
    assert rows[0] == ["document", "summary", "summary_2"]
    assert [tuple(row[:2]) for row in rows[1:]] == ROWS
    assert rows[3][2] == "Cats sleep. Dogs run and cats look on. Birds sing."


def test_rouge_beside_the_first_sentences(table: str, capsys: Capture, minilm: Path) -> None:
    options = ["--reference", "summary", "--sentences", "1", "--encoder", str(minilm)]
    assert main(["summarize", table, *options, "--json"]) == 0
    shown = capsys.readouterr()
    assert "Text is column 'document'." in shown.err
    found = json.loads(shown.out)
    told = found["rouge"]
    assert (told["scored"], told["left_out"], len(found["summaries"])) == (2, 2, 4)
    assert set(told["systems"]) == {"lexrank", "lead"}
    one = told["systems"]["lead"]["rouge1"]["f1"]
    assert one["value"] == pytest.approx((2 * 2 / 6 + 2 * 1 / 5) / 2)
    assert one["low"] <= one["value"] <= one["high"]
    assert told["systems"]["lead"]["words"] == 3
    ours = told["systems"]["lexrank"]["rouge1"]["f1"]["value"]
    assert told["difference"]["rouge1"]["value"] == pytest.approx(ours - one["value"])
    assert main(["summarize", table, *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["F1", "lexrank", "lead", "difference", "reference", "over"]
    assert f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})" in lines[2]
    assert lines[-1] == "over 2 rows; 2 without a text or a reference are left out"


def test_lead_is_not_shown_beside_itself(table: str, capsys: Capture) -> None:
    assert main(["summarize", table, "--reference", "summary", "--method", "lead"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["F1", "lead", "reference", "over"]


def test_what_was_cut_is_said(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a").write_text("word " * 10_000)
    assert main(["summarize", str(tmp_path / "a"), "--method", "lead", "--sentences", "1"]) == 0
    shown = capsys.readouterr()
    assert len(shown.out) <= 1001
    assert "longer than 1,000 characters, each of which counts as several: 1." in shown.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.txt"], "there is no file missing.txt"),
        (["folder"], "is a folder"),
        (["a.txt", "--column", "text"], "--column names a column of one table"),
        (["a.txt", "--reference", "text"], "--reference names a column of one table"),
        (["a.txt", "rows.csv"], "rows.csv is a table"),
        (["rows.csv", "--column", "docment"], "has no column 'docment'"),
        (["rows.csv", "--reference", "title"], "has no column 'title' for the reference"),
        (["rows.csv", "--column", "summary", "--reference", "summary"], "expected two columns"),
        (["empty.csv", "--column", "document", "--reference", "summary"], "nothing to score"),
        (["rows.csv", "-o", "rows.csv"], "is the table that is read"),
        (["a.txt", "-o", "out.txt"], "expected one of .csv"),
        (["a.txt", "--sentences", "0"], "--sentences"),
        (["a.txt", "--method", "best"], "--method"),
        (["a.txt", "--encoder", "folder"], "folder"),
    ],
)
def test_bad_input_is_one_line(
    table: str,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    says: str,
) -> None:
    assert table
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "empty.csv").write_text("document,summary\nA text of words.,\nAnother text.,\n")
    assert main(["summarize", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and says in shown.err
    assert len([line for line in shown.err.splitlines() if says in line]) == 1


def test_no_document_at_all(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b" \n")))
    assert main(["summarize"]) == 2
    assert "standard input held no text" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["summarize"]) == 2
    assert "no document was given" in capsys.readouterr().err
