"""Tensors by name from whatever holds them: one safetensors file, shards, or a pickle that is asked for."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from heedful.errors import CheckpointError
from heedful.storage import inside, read_json

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
PICKLE = "pytorch_model.bin"


class Tensors(Mapping[str, Tensor]):
    """The tensors of a model folder; each is read when it is asked for."""

    def __init__(self, folder: Path, pickle: bool = False) -> None:
        self.held: dict[str, Tensor] = {}
        self.homes: dict[str, Path] = {}
        if (folder / WEIGHTS).is_file() or not ((folder / INDEX).is_file() or (folder / PICKLE).is_file()):
            path = inside(folder, WEIGHTS)
            self.homes = dict.fromkeys(names(path), path)
        elif (folder / INDEX).is_file():
            self.homes = shards(folder)
        elif pickle:
            self.held = unpickled(inside(folder, PICKLE))
        else:
            raise CheckpointError(
                f"{folder} has its weights in {PICKLE} only, which can hold programs. If you trust where it "
                "comes from, ask for it with pickle=True (--pickle): it is then read as tensors alone."
            )

    def __getitem__(self, name: str) -> Tensor:
        if name in self.held:
            return self.held[name]
        path = self.homes[name]
        with opened(path) as file:
            return file.get_tensor(name)  # type: ignore[no-any-return,no-untyped-call]

    def __iter__(self) -> Iterator[str]:
        return iter(self.held or self.homes)

    def __len__(self) -> int:
        return len(self.held or self.homes)


class opened:  # noqa: N801  (read as a function: `with opened(path) as file`)
    """A safetensors file whose faults are CheckpointErrors."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise CheckpointError(
                f"{path} is missing; expected weights as safetensors. Copy the folder again."
            )

    def __enter__(self) -> safe_open:
        try:
            self.file = safe_open(self.path, framework="pt")
            return self.file.__enter__()  # type: ignore[no-any-return,no-untyped-call]
        except (SafetensorError, OSError, ValueError, RuntimeError) as problem:
            raise self.fault(problem) from None

    def __exit__(self, kind: type | None, problem: BaseException | None, trace: object) -> None:
        self.file.__exit__(None, None, None)  # type: ignore[no-untyped-call]
        if isinstance(problem, SafetensorError | OSError | ValueError | RuntimeError):
            raise self.fault(problem) from None

    def fault(self, problem: BaseException) -> CheckpointError:
        """Return the error that says so."""
        return CheckpointError(f"{self.path} cannot be read as safetensors ({problem}). Copy the file again.")


def names(path: Path) -> list[str]:
    """Return the names of the tensors in one file."""
    with opened(path) as file:
        return list(file.keys())  # type: ignore[no-untyped-call]


def shards(folder: Path) -> dict[str, Path]:
    """Return the file of each tensor, from an index whose files lie in the folder and hold what it says."""
    index = read_json(inside(folder, INDEX), CheckpointError)
    listed = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(listed, dict) or not listed or {type(name) for name in listed.values()} != {str}:
        raise CheckpointError(
            f"{folder / INDEX} has no weight_map of tensors to files. Copy the folder again."
        )
    paths = {name: inside(folder, name) for name in set(listed.values())}
    there = {name: set(names(path)) for name, path in paths.items()}
    lost = [tensor for tensor, name in listed.items() if tensor not in there[name]]
    if lost:
        raise CheckpointError(
            f"{folder}: {len(lost)} tensors are not where {INDEX} says: {lost[0]!r} is not in "
            f"{listed[lost[0]]}. Copy the folder again."
        )
    return {tensor: paths[name] for tensor, name in listed.items()}


def unpickled(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a pickle, read without running anything that it names."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:  # whatever a damaged or hostile pickle leads to
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise CheckpointError(f"{path} cannot be read as tensors alone ({reason}). Do not use it.") from None
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise CheckpointError(f"{path} holds no table of tensors. Do not use it.")
    return found
