"""One parameter in and out of a file: its names, its part, checked for shape, kind and values."""

import math
from collections.abc import Mapping
from difflib import get_close_matches

import torch
from torch import Tensor

from heedful.checkpoint.tensors import FLOATS
from heedful.errors import CheckpointError
from heedful.families import Family, Stored

NEAR = 500  # names among which a missing tensor's is looked for


def strip(name: str, family: Family) -> str:
    """Return a tensor's name without what task models put before it."""
    return name.removeprefix(family.prefix)


def title(entry: str | Stored) -> str:
    """Return the name in a table's entry."""
    return entry.name if isinstance(entry, Stored) else entry


def plain(name: str) -> str:
    """Return a table's name as it stands once the prefix is gone."""
    return name.replace("{base}", "")


def first_of(entry: Stored, stored: Mapping[str, str]) -> str | None:
    """Return the first of a parameter's names that the file has."""
    return next((name for name in map(plain, (entry.name, *entry.also)) if name in stored), None)


def same_under_all_names(
    entry: Stored, name: str | None, stored: Mapping[str, str], tensors: Mapping[str, Tensor], source: str
) -> set[str]:
    """Return the names under which the file has a parameter; they must all hold the same."""
    found = {one for one in map(plain, (entry.name, *entry.also)) if one in stored}
    for other in found - {name}:
        if name is not None and not torch.equal(tensors[stored[name]], tensors[stored[other]]):
            raise CheckpointError(
                f"{source}: {name!r} and {other!r} differ; this model has one table for both."
            )
    return found


def same(one: Tensor, other: Tensor) -> bool:
    """Are these the same floats?"""
    return one.dtype == other.dtype and one.dtype in FLOATS and torch.equal(one, other)


def pick(
    entry: Stored, name: str | None, shape: torch.Size, stored: Mapping[str, str],
    tensors: Mapping[str, Tensor], source: str,
) -> Tensor:  # fmt: skip
    """Return the tensor for a parameter in fp32, checked for its name, shape, kind and values."""
    if name is None:
        near = get_close_matches(plain(entry.name), [one for one in stored if len(one) < 200][:NEAR], 1)
        hint = f"; the nearest is {near[0]!r}" if near else ""
        raise CheckpointError(
            f"{source}: the tensor {entry.name!r} is missing{hint}. The file does not fit config.json."
        )
    raw = tensors[stored[name]]
    tensor = cut(entry, raw)
    if tensor is None or tensor.shape != shape or raw.dtype not in FLOATS:
        raise CheckpointError(
            f"{source}: {name} is {raw.dtype} {list(raw.shape)}, which does not give floats {[*shape]} of "
            "16, 32 or 64 bits as config.json needs. The files do not belong together."
        )
    tensor = tensor.float().contiguous()
    if not math.isfinite(tensor.sum().item()):
        raise CheckpointError(f"{source}: {name} holds values that are no numbers. Copy the file again.")
    return tensor


def cut(entry: Stored, tensor: Tensor) -> Tensor | None:
    """Return our part of their tensor, None if it has not the shape for it."""
    for _ in range(entry.squeezed):
        if tensor.dim() < 2 or tensor.shape[0] != 1:
            return None
        tensor = tensor[0]
    if entry.transposed:
        tensor = tensor.T if tensor.dim() == 2 else tensor
    if entry.part is not None:
        place, count = entry.part
        if not tensor.dim() or tensor.shape[0] % count or not len(tensor):
            return None
        tensor = tensor.chunk(count)[place]
    return tensor[entry.skipped :] if entry.skipped and tensor.dim() else tensor


def joined(parts: list[tuple[Stored, Tensor]]) -> Tensor:
    """Return their tensor from our parts: what `cut` undoes."""
    ordered = [tensor for _, tensor in sorted(parts, key=lambda item: item[0].part or (0, 1))]
    tensor = ordered[0] if len(ordered) == 1 else torch.cat(ordered)
    entry = parts[0][0]
    if entry.skipped:
        tensor = torch.cat([tensor.new_zeros(entry.skipped, *tensor.shape[1:]), tensor])
    if entry.transposed:
        tensor = tensor.T
    for _ in range(entry.squeezed):
        tensor = tensor[None]
    return tensor.contiguous().clone()
