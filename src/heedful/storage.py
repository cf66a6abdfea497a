"""Files and folders that are whole or absent: temporary sibling, fsync, rename; one writer at a time."""

import errno
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from heedful.errors import CheckpointError, DataError, ServiceError

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 4 << 20  # bytes
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NUMBER = re.compile(r"\(os error (\d+)\)")  # how safetensors and tokenizers tell the system's errors


class FolderError(Protocol):
    """The constructor of the error to raise."""

    def __call__(self, message: str, /) -> Exception: ...


@contextmanager
def writing(target: Path | str) -> Iterator[Path]:
    """Yield a temporary folder that takes the place of `target` when the block ends without an error.

    A crash at any point leaves the old `target` whole, or none where there was none.
    """
    target = Path(target).absolute()
    settle(target)
    if target.exists() and not target.is_dir():
        raise DataError(f"{target} is a file; expected a folder to write to. Name another folder.")
    for leftover in target.parent.glob(f".{target.name}.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = target.parent / f".{target.name}.new-{os.getpid()}"
    with room_for(target):
        try:
            fresh.mkdir(parents=True)
            yield fresh
            seal(fresh)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        swap(fresh, target)


@contextmanager
def replacing(target: Path | str) -> Iterator[Path]:
    """Yield a temporary path whose file takes the place of `target` when the block ends without an error."""
    target = Path(target).absolute()
    for leftover in target.parent.glob(f".{target.name}.new-*"):
        leftover.unlink(missing_ok=True)
    fresh = target.parent / f".{target.name}.new-{os.getpid()}"
    with room_for(target):
        try:
            yield fresh
            sync(fresh)
            fresh.replace(target)
            sync(target.parent)
        finally:
            fresh.unlink(missing_ok=True)


@contextmanager
def room_for(target: Path) -> Iterator[None]:
    """Raise ServiceError, which names the target, where the disk is full."""
    try:
        yield
    except Exception as problem:
        told = NUMBER.search(str(problem))
        number = problem.errno if isinstance(problem, OSError) else int(told.group(1)) if told else None
        if number not in FULL:
            raise
        raise ServiceError(
            f"{target} cannot be written: {os.strerror(number)}. What stood there before is whole: make "
            "room, then give the same command again."
        ) from None


def seal(folder: Path) -> None:
    """Write the manifest (every file and its size) last, and force all of it to the disk.

    All files get the rights of a new one: safetensors lets nobody but their owner read what it writes.
    """
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    sizes = {p.relative_to(folder).as_posix(): p.stat().st_size for p in files}
    (folder / MANIFEST).write_text(json.dumps({"files": sizes}, indent=1), encoding="utf-8")
    rights = (folder / MANIFEST).stat().st_mode
    for path in files:
        path.chmod(path.stat().st_mode | rights)
    for path in [*files, folder / MANIFEST, *(p for p in folder.rglob("*") if p.is_dir()), folder]:
        sync(path)


def swap(fresh: Path, target: Path) -> None:
    """Rename `fresh` to `target`; the old one steps aside first, so that one of them is always whole."""
    aside = target.parent / f".{target.name}.old"
    if target.exists():
        target.rename(aside)
    fresh.rename(target)
    sync(target.parent)
    shutil.rmtree(aside, ignore_errors=True)


def settle(target: Path) -> None:
    """Finish a swap that a crash cut in two."""
    aside = target.parent / f".{target.name}.old"
    if aside.exists():
        if target.exists():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.rename(target)


def check_whole(folder: Path | str) -> None:
    """Raise CheckpointError unless every file of the manifest is there with its size.

    A folder without a manifest (not written by Heedful) passes.
    """
    folder = Path(folder)
    settle(folder.absolute())
    manifest = folder / MANIFEST
    if not manifest.exists():
        return
    listed = read_json(manifest, CheckpointError, LARGEST_MANIFEST)
    files = listed.get("files") if isinstance(listed, dict) else None
    if not isinstance(files, dict):
        raise CheckpointError(f"{manifest} has no list of files. The folder is damaged: write it again.")
    for name, size in files.items():
        path = inside(folder, name)
        found = path.stat().st_size if path.is_file() else None
        if found != size:
            state = "is missing" if found is None else f"has {found} bytes"
            raise CheckpointError(
                f"{folder}: {name} {state}, expected {size} bytes. Copy the folder again or make it anew."
            )


def inside(folder: Path, name: str) -> Path:
    """Return `folder / name`, refusing a name or a link that leaves the folder.

    In a snapshot of the Hugging Face cache, links to the blobs beside it are that cache's own way.
    """
    try:
        path, home = folder / name, folder.resolve()
        roots = [home, *([home.parent.parent / "blobs"] if home.parent.name == "snapshots" else [])]
        lexical = Path(os.path.normpath(folder.absolute() / name))
        path.is_file()  # raises where the name is too long for one
        safe = lexical.is_relative_to(folder.absolute()) and any(map(path.resolve().is_relative_to, roots))
    except (OSError, ValueError, RuntimeError):  # too long, a null in it, links in a circle
        raise CheckpointError(f"{folder}: {name!r:.100} is no path of a file. Do not use it.") from None
    if not safe:
        raise CheckpointError(f"{folder}: the path {name!r:.100} leaves the folder. Do not use this folder.")
    return path


def read_json(path: Path, error: FolderError, limit: int = 64 << 20) -> Any:
    """Parse a JSON file of at most `limit` bytes; anything wrong with it is raised as `error`."""
    try:
        if path.exists() and not path.is_file():
            raise error(f"{path} is no file; expected one with JSON. Copy or make it again.")
        if path.stat().st_size > limit:
            raise error(f"{path} has {path.stat().st_size} bytes; at most {limit} are read.")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror}.") from None
    except (ValueError, RecursionError) as problem:
        raise error(f"{path} is not valid JSON ({problem}). Copy or make it again.") from None


def sync(path: Path) -> None:
    """Force a file or a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(folder: Path | str) -> Iterator[None]:
    """Hold the folder for one writer; a second one is refused at once. The lock ends with the process."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataError(
                f"{folder} is being written by another run. Wait for it, or name another folder."
            ) from None
        yield
