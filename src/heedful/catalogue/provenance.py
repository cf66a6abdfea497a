"""origin.json of a cached folder: what it is, whose it is, and the SHA-256 of each file."""

import hashlib
import json
from pathlib import Path
from typing import Any

from heedful.errors import CheckpointError
from heedful.storage import read_json

ORIGIN = "origin.json"


def write_origin(folder: Path, about: dict[str, Any]) -> None:
    """Note what a folder is, with the SHA-256 of each file in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = {path.relative_to(folder).as_posix(): digest(path) for path in files}
    text = json.dumps({**about, "sha256": digests}, indent=1, ensure_ascii=False)
    (folder / ORIGIN).write_text(text, encoding="utf-8")


def origin(folder: Path) -> dict[str, Any]:
    """Return name, kind, version, licence, attribution, about and sha256 of a fetched folder."""
    found = read_json(folder / ORIGIN, CheckpointError)
    if not isinstance(found, dict):
        raise CheckpointError(f"{folder / ORIGIN} is damaged. Fetch it again.")
    return found


def digest(path: Path) -> str:
    """Return the SHA-256 of one file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
