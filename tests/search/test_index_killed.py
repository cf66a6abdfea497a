"""Real processes, killed at any moment: nothing acknowledged is lost, nothing doubled, nothing half there."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hashed import Hashed

from heedful.search.check import check
from heedful.search.index import Index

VICTIM = Path(__file__).with_name("index_victim.py")


def killed(folder: Path, seed: int, acknowledged: int, seconds: float) -> list[str]:
    """Run the victim, kill it some moments after so many calls returned; return what it said."""
    paths = os.pathsep.join([str(VICTIM.parent), *sys.path])
    process = subprocess.Popen(
        [sys.executable, VICTIM, folder, str(seed)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert process.stdout is not None
    said, left = [], acknowledged
    while left and (line := process.stdout.readline()):
        said.append(line)
        left -= line == "done\n"
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    said += process.stdout.readlines()
    process.stdout.close()
    assert process.wait(20) == -signal.SIGKILL
    return [line for line in said if line.endswith("\n")]


def after(known: dict[str, str], change: dict[str, str | None]) -> dict[str, str]:
    both = {**known, **change}
    return {one: text for one, text in both.items() if text is not None}


def holds(folder: Path) -> dict[str, str]:
    """Return all that an index has, found in three ways."""
    with Index.open(folder, Hashed()) as index:
        found = [(hit.id, hit.text) for hit in index.search(["text"], top=1000)[0]]
        assert len(found) == len(dict(found)) == len(index)
        assert set(index.view.rows) == set(dict(found))
        assert sorted(index.view.texts()) == sorted(text for _, text in found)
        if found:
            assert check(index, queries=5)["recall@10"] == 1.0
        return dict(found)


def deaths(folder: Path, count: int) -> None:
    chance = random.Random(3)
    Index.create(folder, Hashed()).close()
    known: dict[str, str] = {}
    halves = 0
    for seed in range(count):
        said = killed(folder, seed, chance.randrange(1, 6), chance.random() * 0.15)
        open_change: dict[str, str | None] | None = None
        for line in said:
            if line == "done\n":
                assert open_change is not None
                known, open_change = after(known, open_change), None
            else:
                open_change = json.loads(line.removeprefix("try "))
        found = holds(folder)
        if open_change is not None and found != known:
            known = after(known, open_change)  # not acknowledged, and yet whole
            halves += 1
        assert found == known
    index = Index.open(folder, Hashed())
    index.add(["last"], ["one more"])
    assert len([one for one in folder.iterdir() if one.name.startswith("part-")]) == len(index.view.parts)
    assert {one.name for one in folder.iterdir() if one.name.startswith(".")} == {".lock"}


def test_a_few_deaths_lose_nothing(tmp_path: Path) -> None:
    deaths(tmp_path / "index", 4)


@pytest.mark.slow
def test_two_hundred_deaths_lose_nothing(tmp_path: Path) -> None:
    deaths(tmp_path / "index", 200)
