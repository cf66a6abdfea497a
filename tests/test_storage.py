"""Folders are whole or absent, whatever happens while they are written."""

import errno
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from heedful.errors import CheckpointError, DataError, ServiceError
from heedful.storage import check_whole, inside, locked, read_json, replacing, settle, writing


def put(target: Path, text: str, files: int = 5) -> None:
    with writing(target) as fresh:
        for number in range(files):
            (fresh / f"{number}.txt").write_text(text)


def content(target: Path) -> set[str]:
    return {path.read_text() for path in target.glob("*.txt")}


def test_a_new_folder_takes_the_place_of_the_old(tmp_path: Path) -> None:
    put(tmp_path / "a", "old")
    put(tmp_path / "a", "new")
    check_whole(tmp_path / "a")
    assert content(tmp_path / "a") == {"new"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_an_error_leaves_the_old_one(tmp_path: Path) -> None:
    put(tmp_path / "a", "old")
    with pytest.raises(KeyError), writing(tmp_path / "a") as fresh:
        (fresh / "0.txt").write_text("new")
        raise KeyError
    assert content(tmp_path / "a") == {"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    "problem", [OSError(errno.ENOSPC, "full"), RuntimeError("I/O error: File too large (os error 27)")]
)
@pytest.mark.parametrize("way", [writing, replacing])
def test_a_full_disk_is_said_and_leaves_the_old_one(tmp_path: Path, way: object, problem: Exception) -> None:
    put(tmp_path / "a", "old")
    with pytest.raises(ServiceError, match=r"a cannot be written: .*make room"), way(tmp_path / "a") as fresh:  # type: ignore[operator]
        assert fresh.parent == tmp_path
        raise problem
    assert content(tmp_path / "a") == {"old"}
    with pytest.raises(PermissionError), writing(tmp_path / "a"):
        raise PermissionError(errno.EACCES, "not yours")


def test_all_files_have_the_rights_of_a_new_one(tmp_path: Path) -> None:
    with writing(tmp_path / "a") as fresh:
        (fresh / "secret").touch(mode=0o600)
        (fresh / "plain").touch()
    modes = {path.name: path.stat().st_mode for path in (tmp_path / "a").iterdir()}
    assert modes["secret"] == modes["plain"] == modes["manifest.json"]


def write_for_ever(target: Path) -> None:
    number = 0
    while True:
        put(target, f"version {number}", files=3)
        number += 1


def test_killed_at_any_point_one_version_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a"
    put(target, "first", files=3)
    chance = random.Random(0)
    for _ in range(15):
        writer = multiprocessing.get_context("fork").Process(target=write_for_ever, args=(target,))
        writer.start()
        time.sleep(chance.uniform(0.005, 0.08))
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join()
        check_whole(target)
        assert len(content(target)) == 1
    put(target, "last", files=3)
    assert content(target) == {"last"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_swap_cut_in_two_is_finished(tmp_path: Path) -> None:
    put(tmp_path / "a", "old")
    (tmp_path / "a").rename(tmp_path / ".a.old")
    settle(tmp_path / "a")
    assert content(tmp_path / "a") == {"old"}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "0.txt").unlink(), "is missing"),
        (lambda folder: (folder / "0.txt").write_text("longer than before"), "18 bytes, expected 3"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "no list of files"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "not valid JSON"),
        (lambda folder: (folder / "manifest.json").write_text('{"files": {"../x": 1}}'), "leaves the folder"),
    ],
)
def test_damage_is_seen(tmp_path: Path, damage: object, said: str) -> None:
    put(tmp_path / "a", "old")
    damage(tmp_path / "a")  # type: ignore[operator]
    with pytest.raises(CheckpointError, match=said):
        check_whole(tmp_path / "a")


def test_a_second_writer_is_refused_at_once(tmp_path: Path) -> None:
    with locked(tmp_path / "a"):
        start = time.monotonic()
        with pytest.raises(DataError, match="another run"), locked(tmp_path / "a"):
            pass
        assert time.monotonic() - start < 1
    with locked(tmp_path / "a"):
        pass


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(DataError, match="is a file"):
        put(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "mine"


def test_json_is_bounded_and_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1, 2, 3]")
    assert read_json(tmp_path / "a.json", DataError) == [1, 2, 3]
    with pytest.raises(DataError, match="at most 4 are read"):
        read_json(tmp_path / "a.json", DataError, limit=4)
    with pytest.raises(DataError, match="cannot be read"):
        read_json(tmp_path / "b.json", DataError)
    with pytest.raises(CheckpointError, match="leaves the folder"):
        inside(tmp_path, "../b.json")
