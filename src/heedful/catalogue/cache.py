"""Where fetched things lie, and whether they are whole. Nothing here touches the network."""

import os
import re
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import Any

from heedful.catalogue.listing import Entry, entries, entry
from heedful.catalogue.provenance import ORIGIN, digest, origin
from heedful.errors import CheckpointError, ConfigError, DataError, HeedfulError
from heedful.storage import MANIFEST, check_whole, inside

HUB = "hf:"
PACKAGE = "package:"
# All that is ever taken from the hub: nothing that can run or be unpickled.
HUB_FILES = ("*.safetensors", "*.json", "*.txt")


def home() -> Path:
    """Return the cache folder: $HEEDFUL_CACHE, else heedful in $XDG_CACHE_HOME, else ~/.cache/heedful."""
    if named := os.environ.get("HEEDFUL_CACHE"):
        return Path(named).expanduser().absolute()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "heedful"


def place(name: str) -> Path:
    """Return the folder that an entry or a hub model has in the cache, fetched or not."""
    if name.startswith(HUB):
        return home() / "hub" / hub_name(name).replace("/", "--")
    return home() / name


def hub_name(name: str) -> str:
    """Return owner/name of `hf:owner/name`."""
    repository = name.removeprefix(HUB)
    if not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", repository, re.ASCII):
        raise ConfigError(f"{name!r} names no hub model; expected hf:owner/name.")
    return repository


def cached(name: str) -> Path | None:
    """Return the folder of what `name` stands for, if it is here and whole; else None.

    `name` is a catalogue name, `hf:owner/name` (looked up in the Hugging Face cache too)
    or `package:NAME` (an installed package that carries a checkpoint).
    """
    if name.startswith(PACKAGE):
        return installed(name.removeprefix(PACKAGE))
    if name.startswith(HUB):
        return place(name) if whole(place(name)) else in_hub_cache(hub_name(name))
    found = entry(name)
    return place(name) if found and whole(place(name), found) else None


def whole(folder: Path, expected: Entry | None = None) -> bool:
    """Say whether every file is there with its size, made by the recipe that the catalogue has now."""
    if not (folder / MANIFEST).is_file():
        return False
    try:
        check_whole(folder)
        return expected is None or origin(folder).get("recipe") == expected.recipe()
    except (HeedfulError, AttributeError):
        return False


def intact(folder: Path, expected: Entry | None = None) -> bool:
    """Say whether a folder is whole and each file is byte for byte as it was fetched (reads all of it)."""
    if not whole(folder, expected):
        return False
    try:
        noted = origin(folder)["sha256"]
        return all(digest(inside(folder, name)) == value for name, value in noted.items())
    except (HeedfulError, OSError, KeyError, AttributeError):
        return False


def locate(name: str) -> Path:
    """Return the folder of what `name` stands for, or raise an error that says which `fetch` to run."""
    if folder := cached(name):
        return folder
    check(name)
    found = entry(name)
    error = DataError if found and found.kind == "table" else CheckpointError
    raise error(f"{name} is not in the cache ({home()}); run: heedful fetch {name}")


def check(name: str) -> None:
    """Raise ConfigError unless `name` can be fetched."""
    if name.startswith(PACKAGE):
        raise ConfigError(
            f"{name} is not fetched: it expects an installed package that holds config.json beside "
            "*.safetensors. Install that package with pip, or name a folder."
        )
    if name.startswith(HUB):
        hub_name(name)
    elif entry(name) is None:
        known = [found.name for found in entries()]
        near = get_close_matches(name.lower(), known, cutoff=0.5)
        guess = f"did you mean {' or '.join(near)}?" if near else f"the catalogue has {', '.join(known)}."
        raise ConfigError(
            f"{name!r} is no folder and no catalogue name; {guess} A hub model is hf:owner/name."
        )


def card(name: str) -> dict[str, Any]:
    """Return what a person should know of a fetchable thing; `folder` is None if it is not cached."""
    folder = cached(name)
    if found := entry(name):
        keys = ("name", "kind", "package", "version", "wheel_bytes", "licence", "attribution", "about")
        about = {key: getattr(found, key) for key in keys}
    elif folder and (folder / ORIGIN).is_file():
        about = origin(folder)
    else:
        page = f"see the page of {hub_name(name)} on the Hugging Face hub"
        about = {"name": name, "kind": "model", "licence": page, "attribution": "", "about": "a hub model"}
    return {**about, "folder": str(folder) if folder else None}


def installed(package: str) -> Path | None:
    """Return the folder of the checkpoint that an installed package carries; the package is not imported."""
    try:
        distribution = metadata.distribution(package)
    except (metadata.PackageNotFoundError, ValueError):
        return None
    configs = [file.parent for file in distribution.files or [] if file.name == "config.json"]
    configs.sort(key=lambda folder: (len(folder.parts), str(folder)))
    folders = (Path(str(distribution.locate_file(folder))) for folder in configs)
    return next(filter(is_checkpoint, folders), None)


def in_hub_cache(repository: str) -> Path | None:
    """Return the snapshot of a model in the Hugging Face cache, if it holds a whole checkpoint."""
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(repository, local_files_only=True))
    except (OSError, ValueError):
        return None
    return folder if is_checkpoint(folder) else None


def is_checkpoint(folder: Path) -> bool:
    """Say whether a folder holds config.json and weights (a link that leads nowhere does not count)."""
    return (folder / "config.json").is_file() and any(path.is_file() for path in folder.glob("*.safetensors"))
