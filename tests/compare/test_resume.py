"""kill -9 at any point, then the same command again: the same figures, and no process left behind."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_table import write_table

import heedful
from heedful.errors import HeedfulError

METHODS = "majority,bayes,ngram"
ENCODERS = "ngram,probe,finetune"
TIMING = {
    "fit_seconds",
    "texts_per_second",
    "peak_memory_bytes",
    "energy_joules",
    "artefact",
    "artefact_bytes",
}


def start(table, folder, methods=METHODS):
    command = [sys.executable, "-m", "heedful", "compare", str(table), "--methods", methods, "--minutes", "9"]
    return subprocess.Popen(
        [*command, "--seeds", "2", "--out", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def workers(folder):
    """Return the workers whose command line names the folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(folder).encode() in words and b"heedful.compare.worker" in words:
            found.append(int(place.name))
    return found


def wait_until_gone(folder, seconds=10):
    end = time.monotonic() + seconds
    while workers(folder):
        assert time.monotonic() < end, "a worker outlived its parent"
        time.sleep(0.02)


def figures(folder):
    """Return the leaderboard without what was measured with a clock."""
    board = json.loads((folder / "leaderboard.json").read_text())
    rows = [{k: v for k, v in row.items() if k not in TIMING} for row in board["methods"]]
    return rows, board["best"], board["data"], board["split"], board["classes"]


def whole_or_absent(folder):
    """Load every artefact that is there: none may be half."""
    for name in {*METHODS.split(","), *ENCODERS.split(",")}:
        if (folder / name).exists():
            heedful.load(folder / name).predict(["a fine night"])
    if (folder / "leaderboard.json").exists():
        json.loads((folder / "leaderboard.json").read_text())


def broken_runs(table, folder, kills, longest, methods=METHODS):
    """Kill runs on the same folder at random points; return how many were killed in the middle."""
    draw = random.Random(7)
    broken = 0
    for _ in range(kills):
        run = start(table, folder, methods)
        try:
            run.wait(draw.uniform(0.2, longest))
            shutil.rmtree(folder)  # it came to its end: the next one begins anew
        except subprocess.TimeoutExpired:
            broken += 1
            run.kill()
        run.communicate()
        wait_until_gone(folder)
        whole_or_absent(folder)
    return broken


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    place = tmp_path_factory.mktemp("films")
    table = write_table(place / "films.csv")
    begun = time.monotonic()
    run = start(table, place / "unbroken")
    _, errors = run.communicate()
    assert run.returncode == 0, errors.decode()
    return table, figures(place / "unbroken"), time.monotonic() - begun


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_runs_come_to_the_same_figures(unbroken, tmp_path, kills):
    table, expected, took = unbroken
    folder = tmp_path / "broken"
    assert broken_runs(table, folder, kills, longest=took) >= 1
    last = start(table, folder)
    _, errors = last.communicate()
    assert last.returncode == 0, errors.decode()
    assert figures(folder) == expected
    leftovers = [path.name for path in folder.rglob(".*.new*")]
    assert leftovers == []


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_killed_runs_with_encoders_come_to_the_same_figures(unbroken, minilm, tmp_path):  # noqa: ARG001
    table = unbroken[0]
    begun = time.monotonic()
    assert start(table, tmp_path / "unbroken", ENCODERS).wait() == 0
    longest = time.monotonic() - begun
    folder = tmp_path / "broken"
    assert broken_runs(table, folder, 20, longest, ENCODERS) >= 5
    assert start(table, folder, ENCODERS).wait() == 0
    assert figures(folder) == figures(tmp_path / "unbroken")
    assert [path.name for path in folder.rglob(".*.new*")] == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_interrupt_ends_the_worker_and_keeps_the_rest(unbroken, tmp_path):
    table, _, _ = unbroken
    folder = tmp_path / "broken"
    run = start(table, folder)
    while run.poll() is None and not workers(folder.absolute()):
        time.sleep(0.01)
    time.sleep(0.3)
    os.killpg(run.pid, signal.SIGINT)
    _, errors = run.communicate(timeout=20)
    assert run.returncode == 130, errors.decode()
    assert b"the same command goes on" in errors and b"Traceback" not in errors
    wait_until_gone(folder)


def test_two_runs_do_not_share_a_folder(unbroken, tmp_path):
    from heedful.compare.run import compare
    from heedful.storage import locked

    with locked(tmp_path / "out"), pytest.raises(HeedfulError, match="another run"):
        compare(unbroken[0], methods=["majority"], out=tmp_path / "out")
