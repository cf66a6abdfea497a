"""Weights from a pickle, which can hold programs: read as tensors alone, after a look at what it names."""

import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import torch
from torch import Tensor

from heedful.errors import CheckpointError

LARGEST_TABLE = 4 << 20  # bytes of the pickle itself, without the tensors
KINDS = ("Float", "Half", "BFloat16", "Double", "Long", "Int", "Short", "Char", "Byte", "Bool")
NAMED = {  # all that torch.save names where it saves a table of tensors
    "collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter",
    "torch.nn.parameter Parameter", *(f"torch {kind}Storage" for kind in KINDS),
}  # fmt: skip
PICKLES = 5  # in a file from before 2020: a number, a version, sizes of the machine, the table, keys


def unpickled(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a pickle, read without running anything that it names."""
    try:
        check(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except Exception as problem:  # whatever a damaged or hostile pickle leads to
        reason = str(problem).partition("\n")[0] or type(problem).__name__
        raise CheckpointError(
            f"{path} cannot be read as tensors alone ({reason:.200}). Do not use it."
        ) from None
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and honest(value) for name, value in found.items()
    ):
        raise CheckpointError(f"{path} holds no table of tensors. Do not use it.")
    return {name: value.detach() for name, value in found.items()}


def honest(value: object) -> bool:
    """Is this a plain tensor, with memory behind each of its values?"""
    if not isinstance(value, Tensor) or value.layout != torch.strided or value.device.type != "cpu":
        return False
    return value.numel() * value.element_size() <= value.untyped_storage().nbytes()


def check(path: Path) -> None:
    """Raise CheckpointError if a pickle names more than tensors need: it could take all memory."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            if any(item.compress_type != zipfile.ZIP_STORED for item in file.infolist()):
                raise CheckpointError(f"{path} is compressed, which torch.save never does. Do not use it.")
            tables = [item for item in file.infolist() if item.filename.endswith(".pkl")]
            if sum(item.file_size for item in tables) > LARGEST_TABLE:
                raise CheckpointError(f"{path} has a table above {LARGEST_TABLE} bytes. Do not use it.")
            strange = next((name for item in tables for name in named(file.open(item))), None)
    else:
        with path.open("rb") as raw:
            strange = next((name for _ in range(PICKLES) for name in named(raw)), None)
    if strange is not None:
        raise CheckpointError(f"{path} names {strange!r:.100}, which no tensor needs. Do not use it.")


def named(file: IO[bytes]) -> Iterator[str]:
    """Yield what the pickle at this place of a file names beyond tensors."""
    for code, value, place in pickletools.genops(file):
        if (place or 0) > LARGEST_TABLE:
            yield "more than a table of tensors"
            return
        if code.name in ("GLOBAL", "INST") and value not in NAMED:
            yield str(value)
        elif code.name == "STACK_GLOBAL" or code.name.startswith("EXT"):
            yield code.name
