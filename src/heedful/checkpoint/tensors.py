"""Tensors by name from whatever holds them: one safetensors file, shards, or a pickle that is asked for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from heedful.checkpoint.pickles import unpickled
from heedful.errors import CheckpointError
from heedful.storage import inside, read_json

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
PICKLE = "pytorch_model.bin"
LARGEST_JSON = 4 << 20  # bytes of a config or an index, which take up to 40 times as much once parsed
LARGEST_HEADER = 8 << 20  # bytes of the headers of all files together: some 60,000 tensors
FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


class Tensors(Mapping[str, Tensor]):
    """The tensors of a model folder; each is read when it is asked for."""

    def __init__(self, folder: Path, pickle: bool = False) -> None:
        self.held: dict[str, Tensor] = {}
        self.homes: dict[str, Path] = {}
        self.open: dict[Path, safe_open] = {}
        if (folder / WEIGHTS).is_file() or not ((folder / INDEX).is_file() or (folder / PICKLE).is_file()):
            self.homes = dict.fromkeys(self.names(inside(folder, WEIGHTS)), folder / WEIGHTS)
        elif (folder / INDEX).is_file():
            self.homes = self.shards(folder)
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
        with readable(path):
            return self.open[path].get_tensor(name)  # type: ignore[no-any-return,no-untyped-call]

    def __iter__(self) -> Iterator[str]:
        return iter(self.held or self.homes)

    def __len__(self) -> int:
        return len(self.held or self.homes)

    def names(self, path: Path, budget: int = LARGEST_HEADER) -> list[str]:
        """Open a file, whose header is then parsed once, and return the names of its tensors."""
        check_header(path, budget)
        with readable(path):
            self.open[path] = safe_open(path, framework="pt")
            return list(self.open[path].keys())  # type: ignore[no-untyped-call]

    def shards(self, folder: Path) -> dict[str, Path]:
        """Return the file of each tensor, from an index whose files lie here and hold what it says."""
        index = read_json(inside(folder, INDEX), CheckpointError, LARGEST_JSON)
        listed = index.get("weight_map") if isinstance(index, dict) else None
        if not isinstance(listed, dict) or not listed or not all(isinstance(x, str) for x in listed.values()):
            raise CheckpointError(
                f"{folder / INDEX} has no weight_map of tensors to files. Copy the folder again."
            )
        there: dict[str, set[str]] = {}
        budget = LARGEST_HEADER
        for name in dict.fromkeys(listed.values()):
            path = inside(folder, name)
            there[name] = set(self.names(path, budget))
            budget -= header(path)
        lost = [tensor for tensor, name in listed.items() if tensor not in there[name]]
        if lost:
            raise CheckpointError(
                f"{folder}: {len(lost)} tensors are not where {INDEX} says: {lost[0]!r:.100} is not in "
                f"{listed[lost[0]]!r:.100}. Copy the folder again."
            )
        return {tensor: folder / name for tensor, name in listed.items()}


@contextmanager
def opened(path: Path) -> Iterator[safe_open]:
    """Open a safetensors file whose faults are CheckpointErrors."""
    check_header(path, LARGEST_HEADER)
    with readable(path), safe_open(path, framework="pt") as file:
        yield file


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what goes wrong in a safetensors file into CheckpointErrors."""
    try:
        yield
    except (SafetensorError, OSError, ValueError, RuntimeError, TypeError, AttributeError) as problem:
        reason = str(problem).partition("\n")[0]
        raise CheckpointError(
            f"{path} cannot be read as safetensors ({reason:.200}). Copy the file again."
        ) from None


def header(path: Path) -> int:
    """Return how many bytes of header a safetensors file says it has."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(8), "little")


def check_header(path: Path, budget: int) -> None:
    """Raise CheckpointError unless this is a file whose header fits it and is not too large to parse."""
    with readable(path):
        if not path.is_file():
            raise CheckpointError(
                f"{path} is missing; expected weights as safetensors. Copy the folder again."
            )
        size, claimed = path.stat().st_size, header(path)
    if claimed > min(size - 8, budget):
        raise CheckpointError(
            f"{path} cannot be read as safetensors: {size} bytes, its header is said to have {claimed}; "
            f"at most {budget} are read. Copy the file again."
        )
