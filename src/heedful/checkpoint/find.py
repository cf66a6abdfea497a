"""Where a model lies: a folder, the cache of `heedful fetch`, an installed package, a fetched hub model."""

from pathlib import Path

from heedful.artefact import FITTED
from heedful.catalogue import installed, locate
from heedful.errors import CheckpointError
from heedful.storage import check_whole


def find(source: str | Path) -> tuple[Path, str]:
    """Return the checkpoint folder that `source` names, and in words where it was found.

    The order: a folder (of a model, or of a training that saved one), `package:NAME` (an installed package
    that carries a checkpoint), a catalogue name or `hf:owner/name` that was fetched before. Nothing is
    downloaded.
    """
    path = Path(source)
    if is_folder(path):
        path = path if has_model(path) or not has_model(path / FITTED) else path / FITTED
        check_whole(path)
        if not has_model(path):
            raise CheckpointError(f"{path} has no config.json; expected a model folder. Name another folder.")
        return path, f"the folder {path}"
    name = str(source)
    if name.startswith("package:"):
        package = name.removeprefix("package:")
        found = installed(package)
        if found is None:
            raise CheckpointError(
                f"no installed package {package!r} carries a checkpoint. Install it, or see `heedful fetch`."
            )
        return found, f"the installed package {package}"
    return locate(name), f"{name} in the cache"


def has_model(folder: Path) -> bool:
    """Does a folder hold what every checkpoint has?"""
    return (folder / "config.json").is_file() or any(folder.glob("*.gguf"))


def is_folder(path: Path) -> bool:
    """Is this a folder? What is too long for a path is none."""
    try:
        return path.is_dir()
    except OSError:
        return False
