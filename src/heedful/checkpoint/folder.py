"""config.json and model.safetensors, in and out: every parameter filled once, every tensor accounted for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from heedful.core.model import Transformer
from heedful.errors import CheckpointError, ConfigError
from heedful.families import FAMILIES, Family
from heedful.storage import inside, read_json

CONFIG = "config.json"
WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Loaded:
    """A model, the family whose files it came from, and the tensors that were left alone."""

    transformer: Transformer
    family: Family
    ignored: tuple[str, ...]


def load_transformer(folder: Path) -> Loaded:
    """Read a checkpoint folder into fp32; CheckpointError or ConfigError unless all of it fits."""
    family, theirs = read_config(folder)
    tensors = read_tensors(inside(folder, WEIGHTS))
    stored = {strip(name, family): name for name in tensors}
    config = family.read(theirs, pooler="pooler.dense.weight" in stored)
    with torch.device("meta"):  # sizes are compared before any memory is taken
        transformer = Transformer(config)
    names = family.names(config.depth)
    wanted = transformer.state_dict()
    state = {ours: pick(names[ours], shape.shape, stored, tensors, folder) for ours, shape in wanted.items()}
    rest = [name for name in stored if name not in {names[ours] for ours in wanted}]
    unknown = [name for name in rest if not name.startswith(family.ignored)]
    if unknown:
        raise CheckpointError(
            f"{folder}: {len(unknown)} tensors have no place in a {family.name} model: {unknown[0]!r} ... "
            "The files belong to another architecture than config.json says."
        )
    transformer.load_state_dict(state, assign=True)
    return Loaded(transformer.eval(), family, tuple(sorted(rest)))


def save_transformer(transformer: Transformer, family: Family, folder: Path) -> None:
    """Write config.json and model.safetensors as the family's own library does."""
    names = family.names(transformer.config.depth)
    tensors = {
        names[ours]: value.detach().float().contiguous() for ours, value in transformer.state_dict().items()
    }
    text = json.dumps(family.write(transformer.config), indent=2)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def read_config(folder: Path) -> tuple[Family, Mapping[str, Any]]:
    """Return the family and the parsed config.json of a folder."""
    theirs = read_json(inside(folder, CONFIG), CheckpointError)
    if not isinstance(theirs, dict):
        raise ConfigError(f"{folder / CONFIG} holds no JSON object; expected a model's config.")
    kind = theirs.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise ConfigError(
            f"{folder / CONFIG} has model_type {kind!r}; known are {', '.join(FAMILIES)}. Use another model."
        )
    return FAMILIES[kind], theirs


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file."""
    if not path.is_file():
        raise CheckpointError(
            f"{path} is missing; expected the model's weights as safetensors. Copy the folder again."
        )
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RuntimeError) as problem:
        raise CheckpointError(
            f"{path} cannot be read as safetensors ({problem}). Copy the file again."
        ) from None


def strip(name: str, family: Family) -> str:
    """Return a tensor's name without what task models put before it."""
    prefix = next((prefix for prefix in family.prefixes if name.startswith(prefix)), "")
    return name[len(prefix) :]


def pick(
    name: str, shape: torch.Size, stored: Mapping[str, str], tensors: Mapping[str, Tensor], folder: Path
) -> Tensor:
    """Return the tensor for a parameter in fp32, checked for its name, shape and kind."""
    if name not in stored:
        near = get_close_matches(name, list(stored), 1)
        hint = f"; the nearest is {near[0]!r}" if near else ""
        raise CheckpointError(
            f"{folder}: the tensor {name!r} is missing{hint}. The file does not fit config.json."
        )
    tensor = tensors[stored[name]]
    if tensor.shape != shape or not tensor.is_floating_point():
        raise CheckpointError(
            f"{folder}: {name} is {tensor.dtype} {list(tensor.shape)}; config.json needs floats {[*shape]}."
        )
    return tensor.float()
