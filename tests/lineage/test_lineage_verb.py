"""`heedful lineage` as a person or a script meets it, and the page it writes."""

import json
from pathlib import Path

import numpy as np
import pytest

from heedful.cli.main import main
from heedful.lineage.outcome import Effort, Gate, Outcome, short
from heedful.lineage.page import guide, page
from heedful.lineage.run import Run, shown
from heedful.lineage.story import TECHNIQUES


def test_the_list_is_in_the_order_of_the_years(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lineage", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found] == list(TECHNIQUES)
    years = [one["year"] for one in found]
    assert years == sorted(years) and years[0] == 1958
    assert all(one[key].endswith(".") for one in found for key in ("idea", "added", "limits"))
    assert main(["lineage"]) == 0
    assert "Rosenblatt" in capsys.readouterr().out


def test_one_experiment_is_told_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lineage", "perceptron", "--short", "--json", "-o", str(tmp_path / "out")]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert found["name"] == "perceptron" and found["passed"] is True
    assert all(
        set(gate) >= {"what", "paper", "found", "wanted", "values", "passed"} for gate in found["gates"]
    )
    assert "reached" in told.err
    saved = json.loads((tmp_path / "out" / "lineage.json").read_text())
    assert saved["techniques"][0]["gates"] == found["gates"] and saved["short"] is True
    assert Run.read(found).document() == found
    assert "<svg" in (tmp_path / "out" / "lineage.html").read_text()
    assert "| XOR" in (tmp_path / "out" / "lineage.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["perceptrn"], "Did you mean perceptron"),
        (["nothing like it"], "Known are perceptron"),
        (["perceptron", "--seed", "two"], "--seed"),
        (["perceptron", "--seed", "-1"], "--seed"),
        (["perceptron", "--short", "-o", __file__], "is a file"),
    ],
)
def test_bad_use_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lineage", *arguments]) == 2
    told = capsys.readouterr()
    assert said in told.err.strip().splitlines()[-1] and "Traceback" not in told.err
    assert told.out == ""


def test_a_figure_that_falls_short_is_a_failure() -> None:
    assert not Outcome([Gate("it", "1", [0.5, 1.0], least=0.9)]).passed
    assert Outcome([Gate("it", "1", [0.5, 1.0], least=0.9, share=0.5), Gate("told", "-", [0.0])]).passed
    assert not Outcome([Gate("it", "1", [float("nan")], least=0.0)]).passed
    assert Gate("it", "1", [1, 2, 9], most=2, by="median").passed
    assert json.dumps(shown(Gate("it", "1", np.array([1, 2]), least=1)))  # type: ignore[arg-type]
    assert not Gate("it", "1", [1, 2, 9], most=2, by="mean").passed


@pytest.mark.parametrize(
    ("value", "written"), [(1425.0, "1,425"), (0.99812, "0.998"), (730.5, "730.5"), (1.2e-7, "1.2e-07")]
)
def test_figures_have_about_four_digits(value: float, written: str) -> None:
    assert short(value) == written


def test_the_page_tells_what_fell_short_and_what_did_not_run() -> None:
    one, other = list(TECHNIQUES.values())[:2]
    fell = Run(one, 1.0, Outcome([Gate("share <b>", "all", [0.1], least=0.5)]))
    runs = [fell, Run(other, 0.0, reason="no data")]
    for told in (page(runs, Effort()), guide(runs)):
        assert "fell short" in told and "no data" in told
    assert "<b>" not in page(runs, Effort()).split("<body")[1]
