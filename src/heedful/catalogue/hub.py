"""A checkpoint from the Hugging Face hub: tensors, JSON and text files only."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from heedful.catalogue.cache import HUB_FILES, hub_name, is_checkpoint, place
from heedful.catalogue.provenance import write_origin
from heedful.errors import ServiceError
from heedful.storage import writing


def fill_from_hub(name: str, say: Callable[[str], None]) -> None:
    """Download `hf:owner/name` into the cache. What a broken download left is used by the next try."""
    repository, target = hub_name(name), place(name)
    about = described(repository)
    say(f"{name}: fetching revision {about['version'][:12]} from the Hugging Face hub")
    passing = target.parent / f".{target.name}@{about['version'][:12]}"
    download(repository, about["version"], passing)
    if not is_checkpoint(passing):
        raise ServiceError(f"{repository} has no config.json beside *.safetensors. Choose one that has.")
    with writing(target) as fresh:
        move(passing, fresh)
        write_origin(fresh, {"name": name, "kind": "model", **about})
    for leftover in target.parent.glob(f".{target.name}@*"):
        shutil.rmtree(leftover, ignore_errors=True)


def described(repository: str) -> dict[str, Any]:
    """Ask the hub for the revision and the licence of a model."""
    from huggingface_hub import HfApi

    try:
        info = HfApi().model_info(repository, timeout=60)
    except Exception as problem:
        raise ServiceError(condensed(repository, problem)) from None
    licence = info.card_data.get("license") if info.card_data else None
    return {
        "version": info.sha or "main",
        "licence": str(licence or "not stated by its publisher"),
        "attribution": f"{repository} on the Hugging Face hub",
        "about": f"{info.pipeline_tag or 'model'} from the Hugging Face hub",
    }


def download(repository: str, revision: str, folder: Path) -> None:
    """Bring the allowed files of one revision into `folder`."""
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(repository, revision=revision, local_dir=folder, allow_patterns=list(HUB_FILES))
    except Exception as problem:
        raise ServiceError(condensed(repository, problem)) from None


def move(source: Path, target: Path) -> None:
    """Move the allowed files, not the client's own notes in .cache and nothing that is a link."""
    for path in [path for pattern in HUB_FILES for path in source.rglob(pattern)]:
        within = path.relative_to(source)
        if path.is_file() and not path.is_symlink() and within.parts[0] != ".cache":
            (target / within.parent).mkdir(parents=True, exist_ok=True)
            path.rename(target / within)


def condensed(repository: str, problem: Exception) -> str:
    """Turn whatever the hub's client raised into one sentence."""
    from huggingface_hub.errors import GatedRepoError, OfflineModeIsEnabled, RepositoryNotFoundError

    kind = type(problem).__name__
    if isinstance(problem, GatedRepoError):
        return (
            f"{repository} is gated: accept its terms on the hub and log in (hf auth login), then try again."
        )
    if isinstance(problem, RepositoryNotFoundError):
        return (
            f"the hub has no model {repository}, or it is private. Check the name, or log in (hf auth login)."
        )
    if isinstance(problem, OfflineModeIsEnabled):
        return f"HF_HUB_OFFLINE is set, so {repository} was not fetched. Unset it to allow the download."
    if any(sign in kind for sign in ("Connect", "Timeout", "Proxy", "LocalEntryNotFound")):
        return f"no connection to the Hugging Face hub, so {repository} was not fetched. Check the network."
    first = (str(problem).strip() or kind).splitlines()[0][:200]
    return f"{repository} could not be fetched from the hub: {first}"
