"""A disk that is full during a save: one clear sentence, the last checkpoint whole, then the same bytes."""

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from killing import (
    Victims,
    Whole,
    checkpoints,
    command,
    differing,
    halves,
    is_whole,
    leftovers,
    outcome,
)

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="limits processes as Linux does")
ROOM = 2 << 20  # bytes of the small disk
FULL = ("File too large", "No space left on device")
LIMITS = [  # a saving or a file that is opened, the how-manieth, and how large a file can be from then on
    *(("checkpoint", number, size) for number, size in enumerate([0, 1, 100, 4096, 20_000, 36_000], 2)),
    *(("checkpoint", number, size) for number, size in enumerate([37_000, 40_000, 50_000, 57_000], 2)),
    ("state.json", 2, 0),
    ("state.json", 3, 700),
    ("manifest.json", 6, 0),
    ("manifest.json", 7, 50),
    ("tokens.bin", 1, 100),
    ("tokenizer.json", 1, 1000),
    ("metrics.jsonl", 1, 30),
    ("model", 1, 20_000),
    ("heedful.json", 1, 0),
    ("report", 1, 5000),
]


@pytest.fixture(scope="module")
def expected(whole: Whole) -> dict[str, Any]:
    """Return what a run that nothing disturbed leaves."""
    return whole.outcome


def check_told(ended: dict[str, Any], out: Path) -> None:
    """Check that a full disk was told in one sentence and that nothing under a final name is half."""
    assert ended["code"] in (1, 2), ended["errors"]
    last = ended["errors"].splitlines()[-1]
    assert last.startswith("heedful: ") and str(out) in last and "cannot be written" in last, last
    assert any(reason in last for reason in FULL) or "requested and" in last, last
    assert "Traceback" not in ended["errors"] and "unexpected" not in ended["errors"]
    assert halves(out) == []


def fill_and_resume(
    victims: Victims, problem: Path, out: Path, limit: tuple[str, int, int], expected: dict[str, Any]
) -> None:
    """Let the disk be full at one place; check what is told, what is left, and that it goes on."""
    place, number, size = limit
    words = command(problem, out)
    ended = victims.run(words, limit={"place": place, "number": number, "bytes": size})
    check_told(ended, out)
    before = ended["times"]["checkpoint"] - (place in {"checkpoint", "state.json", "manifest.json"})
    assert len(checkpoints(out)) == min(before, 2), limit
    assert leftovers(out) == [], limit
    assert victims.run(words)["code"] == 0
    assert differing(outcome(out), expected) == [], limit


@pytest.mark.parametrize("limit", LIMITS[4::6], ids=str)
def test_a_full_disk_loses_nothing(
    victims: Victims, problem: Path, expected: dict[str, Any], tmp_path: Path, limit: tuple[str, int, int]
) -> None:
    fill_and_resume(victims, problem, tmp_path / "run", limit, expected)


@pytest.mark.slow
def test_a_full_disk_at_twenty_places(
    victims: Victims, problem: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    assert len(LIMITS) == 20
    for place, limit in enumerate(LIMITS):
        fill_and_resume(victims, problem, tmp_path / f"run{place}", limit, expected)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield the folder of a disk of 2 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", place], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.slow
def test_a_small_disk_that_is_really_full(
    victims: Victims, problem: Path, expected: dict[str, Any], small_disk: Path
) -> None:
    draw, failed = random.Random(3), list[str]()
    out, filler = small_disk / "run", small_disk / "filler"
    words = command(problem, out)
    for _ in range(40):
        if len(failed) == 20:
            break
        shutil.rmtree(out, ignore_errors=True)
        filler.write_bytes(bytes(ROOM - draw.randint(20_000, 520_000)))
        ended = victims.run(words, 0.05)
        if ended["code"]:
            check_told(ended, out)
            assert all(map(is_whole, checkpoints(out)))
            failed.append(ended["errors"].splitlines()[-1].removeprefix(f"heedful: {out}/").split()[0])
        filler.unlink()
        assert victims.run(words, 0.05)["code"] == 0
        assert differing(outcome(out), expected) == []
    print(f"{len(failed)} times full at {sorted(failed)}")
    assert len(failed) == 20
    assert sum("checkpoints" in place for place in failed) >= 5
