"""A model of which each process holds a share: the same losses as one process, whole files, either way on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from killing import checkpoints, command, environment, metrics, model_files, write_problem

import heedful
from heedful.cli.main import main

STEPS = 12
CLOSE = 1e-4
NO_DROPOUT = "dropout: 0.0\n"  # what it zeroes depends on the number of parts of a batch
SHARED = ("--workers", "2", "--shard")


def run(words: list[str], *more: str, until: int | None = None) -> None:
    """Run a command as a user does, to its end or until so many checkpoints stand."""
    process = subprocess.Popen(
        [sys.executable, "-m", "heedful", *words, *more], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, env=environment(), start_new_session=True,
    )  # fmt: skip
    out = Path(words[words.index("-o") + 1])
    while until is not None and process.poll() is None:
        if len(checkpoints(out)) >= until:
            os.killpg(process.pid, signal.SIGKILL)
    errors = process.communicate()[1]
    assert until is not None or process.returncode == 0, errors


def losses(out: Path) -> list[float]:
    """Return the held-out loss of each trial."""
    return [line["dev"]["loss"] for line in metrics(out) if "dev" in line]


def same(found: list[float], expected: list[float]) -> bool:
    """Are they as long, and equal but for rounding?"""
    return len(found) == len(expected) > 1 and all(
        abs(a - b) <= CLOSE for a, b in zip(found, expected, strict=True)
    )


def problem(place: Path, settings: str = "") -> Path:
    """Write the small problem, with more settings in its recipe."""
    write_problem(place)
    with (place / "tiny.yaml").open("a") as file:
        file.write(settings)
    return place


@pytest.mark.parametrize(
    ("objective", "settings"),
    [
        ("clm", ""),
        pytest.param("clm", "optimizer: adamw\naverage: 2\n", marks=pytest.mark.slow),
        pytest.param("mlm", NO_DROPOUT + "noise: mask+next\n", marks=pytest.mark.slow),
        pytest.param("denoise", NO_DROPOUT, marks=pytest.mark.slow),
    ],
    ids=["clm", "adamw, mean of checkpoints", "two heads", "encoder and decoder"],
)
def test_shares_give_the_losses_and_files_of_one_process(
    objective: str, settings: str, tmp_path: Path
) -> None:
    place = problem(tmp_path / "problem", settings)
    for name, more in (("alone", ()), ("shared", SHARED)):
        run(command(place, tmp_path / name, objective, STEPS), *more)
    assert same(losses(tmp_path / "shared"), losses(tmp_path / "alone"))
    assert model_files(tmp_path / "shared") == model_files(tmp_path / "alone")
    if objective == "clm":
        texts = [heedful.load(tmp_path / name / "model").write(["bad"], max_tokens=8)[0].text
                 for name in ("alone", "shared")]  # fmt: skip
        assert texts[0] == texts[1]


def test_one_process_has_nobody_to_share_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = command(write_problem(tmp_path / "problem"), tmp_path / "run")
    assert main([*words, "--shard"]) == 2
    assert "Give --workers 2, or leave out --shard." in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [((), SHARED), (SHARED, ())], ids=["divide", "join"])
def test_a_killed_run_goes_on_with_or_without_shares(
    before: tuple[str, ...], after: tuple[str, ...], tmp_path: Path
) -> None:
    place = write_problem(tmp_path / "problem")
    run(command(place, tmp_path / "alone", "clm", STEPS * 4))
    words = command(place, tmp_path / "killed", "clm", STEPS * 4)
    run(words, *before, until=2)
    assert len(losses(tmp_path / "killed")) < len(losses(tmp_path / "alone"))
    run(words, *after)
    assert same(losses(tmp_path / "killed"), losses(tmp_path / "alone"))
