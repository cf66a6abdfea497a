"""`heedful compare` as a person or a script meets it."""

import json
import subprocess
import sys

import pytest

from heedful.cli.main import main

ROWS = [
    (f"w{i} x{i} {'fine' if i % 2 else 'poor'} y{i % 7} z{i}", "yes" if i % 2 else "no") for i in range(60)
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("cli")
    lines = ["text,label", *(f"{text},{label}" for text, label in ROWS)]
    (place / "things.csv").write_text("\n".join(lines) + "\n")
    return place


def heedful(place, *arguments):
    command = [sys.executable, "-m", "heedful", "compare", *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=120)


def test_json_is_the_document_and_nothing_else(place):
    ran = heedful(place, "things.csv", "--methods", "majority, bayes", "--minutes", "1", "--json")
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert document == json.loads((place / "things-compare" / "leaderboard.json").read_text())
    assert document["best"] == "bayes" and document["data"]["rows"] == 60
    for said in ("things: 60 rows", "majority: begins", "majority: macro-F1", "bayes: macro-F1"):
        assert said in ran.stderr
    assert ran.stderr.index("60 rows") < ran.stderr.index("begins")


def test_table_is_shown_and_finished_methods_are_taken_over(place):
    ran = heedful(place, "things.csv", "--methods", "majority,bayes", "--minutes", "1")
    assert ran.returncode == 0, ran.stderr
    assert "begins" not in ran.stderr and ran.stderr.count("taken over") == 2
    assert "bayes" in ran.stdout and "majority" in ran.stdout and "Traceback" not in ran.stderr
    assert "things-compare/report.html" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv"], "nowhere.csv"),
        (["."], "folder"),
        (["things.csv", "--methods", "bays"], "Did you mean bayes"),
        (["things.csv", "--methods", ","], "no method is named"),
        (["things.csv", "--text", "txet"], "text"),
        (["things.csv", "--seeds", "0"], "seeds"),
        (["things.csv", "--minutes", "nan"], "minutes"),
        (["things.csv", "--leaks", "hide"], "drop"),
        (["things.csv", "--out", "things.csv"], "is a file"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(place, arguments, said, monkeypatch, capsys):
    monkeypatch.chdir(place)
    assert main(["compare", *arguments]) == 2
    told = capsys.readouterr()
    last = told.err.strip().splitlines()[-1]
    assert last.startswith("heedful: ") and said in last
    assert "Traceback" not in told.err and told.out == ""


def test_help_names_every_option(place):
    ran = heedful(place, "--help")
    for option in ("text", "label", "test", "methods", "seeds", "minutes", "leaks", "out", "json"):
        assert f"--{option}" in ran.stdout
