"""Two processes that train one model, one of them killed: none stays behind, and the run goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from killing import checkpoints, command, environment, halves, metrics, write_problem

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc"),
]
STEPS = 120
GONE = 20.0  # seconds that the others may take to notice
CLOSE = 1e-4


def start(words: list[str], *more: str) -> subprocess.Popen[str]:
    """Start a command as a user does."""
    return subprocess.Popen(
        [sys.executable, "-m", "heedful", *words, *more], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, env=environment(), start_new_session=True,
    )  # fmt: skip


def ranks(out: Path) -> dict[int, int]:
    """Return the processes that work on a folder: rank (-1: it has none) and number."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words, given = ((place / name).read_bytes().split(b"\0") for name in ("cmdline", "environ"))
        except OSError:
            continue
        if str(out).encode() in words and b"heedful" in words:
            rank = next((int(one[5:]) for one in given if one.startswith(b"RANK=")), -1)
            found[rank] = int(place.name)
    return found


def until(what: Callable[[], object], seconds: float) -> bool:
    """Wait until something holds; did it in time?"""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def losses(out: Path) -> list[tuple[int, float]]:
    """Return step and held-out loss of each trial."""
    return [(line["step"], line["dev"]["loss"]) for line in metrics(out) if "dev" in line]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = write_problem(tmp_path_factory.mktemp("problem"))
    run = start(command(place, place / "alone", "clm", STEPS))
    errors = run.communicate()[1]
    assert run.returncode == 0, errors
    return place


@pytest.mark.parametrize(
    ("victim", "workers"), [(0, 2), (1, 1), (-1, 2)], ids=["first", "second", "launcher"]
)
def test_a_killed_process_ends_all_and_the_run_goes_on(
    trained: Path, tmp_path: Path, victim: int, workers: int
) -> None:
    out = tmp_path / "run"
    words = command(trained, out, "clm", STEPS)
    run = start(words, "--workers", "2")
    try:
        assert until(lambda: len(checkpoints(out)) >= 2, 300), "it did not begin"
        assert set(ranks(out)) == {-1, 0, 1}
        os.kill(ranks(out)[victim], signal.SIGKILL)
        assert until(lambda: not ranks(out), GONE), f"{ranks(out)} stayed behind"
    finally:
        for pid in ranks(out).values():
            os.kill(pid, signal.SIGKILL)
    errors = run.communicate()[1]
    assert run.returncode != 0
    assert "Traceback" not in errors, errors
    assert halves(out) == []
    assert losses(out)[-1][0] < STEPS
    again = start(words, "--workers", str(workers))
    errors = again.communicate()[1]
    assert again.returncode == 0, errors
    expected = losses(trained / "alone")
    found = losses(out)
    assert [step for step, _ in found] == [step for step, _ in expected]
    assert max(abs(a - b) for (_, a), (_, b) in zip(found, expected, strict=True)) <= CLOSE
