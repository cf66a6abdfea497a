"""What follows the transformer in a sentence encoder, as sentence-transformers' folders name it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import normalize

from heedful.checkpoint.tensors import FLOATS, LARGEST_JSON, WEIGHTS, opened
from heedful.core.attention import Packed
from heedful.core.model import first, largest, mean
from heedful.errors import CheckpointError, ConfigError
from heedful.storage import inside, read_json

POOLINGS: dict[str, Callable[[Tensor, Packed], Tensor]] = {"mean": mean, "cls": first, "max": largest}
FLAGS = {
    "mean": "pooling_mode_mean_tokens",
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
}
ACTIVATIONS = {"Identity": nn.Identity, "Tanh": nn.Tanh}
MODULES = "modules.json"
MOST = 16  # modules


class Normalize(nn.Module):
    """Each vector divided by its length."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, W) of length 1 for x (B, W)."""
        return normalize(x, dim=-1)


class Dense(nn.Module):
    """A linear map and an activation."""

    def __init__(self, width: int, out: int, activation: str = "Identity") -> None:
        super().__init__()
        self.activation = activation
        self.linear = nn.Linear(width, out)
        self.apply_activation = ACTIVATIONS[activation]()

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, out) for x (B, width)."""
        return self.apply_activation(self.linear(x))  # type: ignore[no-any-return]


def read_modules(folder: Path) -> tuple[str, list[nn.Module]]:
    """Return the pooling's name and the modules after it; mean pooling where nothing is said."""
    if not (folder / MODULES).exists():
        return "mean", []
    listed = read_json(inside(folder, MODULES), CheckpointError, LARGEST_JSON)
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise CheckpointError(f"{folder / MODULES} is no list of modules. Copy the folder again.")
    if len(listed) > MOST:
        raise CheckpointError(f"{folder / MODULES} lists {len(listed)} modules; at most {MOST} are read.")
    pooling = "mean"
    after: list[nn.Module] = []
    for item in listed:
        kind = str(item.get("type", ""))
        place = inside(folder, str(item.get("path", "")))
        match kind.rpartition(".")[2] if kind.startswith("sentence_transformers.") else "":
            case "Transformer":
                continue
            case "Pooling":
                pooling = read_pooling(place)
            case "Normalize":
                after.append(Normalize())
            case "Dense":
                after.append(read_dense(place))
            case _:
                raise ConfigError(
                    f"{folder / MODULES} names {kind!r:.100}; known are Transformer, Pooling, Normalize, "
                    "Dense."
                )
    return pooling, after


def read_settings(place: Path) -> dict[str, Any]:
    """Return the config of a module's folder."""
    config = read_json(place / "config.json", CheckpointError, LARGEST_JSON)
    if not isinstance(config, dict):
        raise CheckpointError(f"{place / 'config.json'} holds no JSON object. Copy the folder again.")
    return config


def read_pooling(place: Path) -> str:
    """Return the one pooling that a Pooling folder asks for."""
    config = read_settings(place)
    asked = [name for name, flag in FLAGS.items() if config.get(flag) or config.get("pooling_mode") == name]
    if len(asked) != 1:
        raise ConfigError(f"{place} asks for the poolings {asked}; expected one of {', '.join(POOLINGS)}.")
    return asked[0]


def read_dense(place: Path) -> Dense:
    """Return the module of a Dense folder, its sizes compared with its file's."""
    config = read_settings(place)
    activation = str(config.get("activation_function", "Identity")).rpartition(".")[2]
    if activation not in ACTIVATIONS:
        raise ConfigError(f"{place}: activation {activation!r:.100}; known are {', '.join(ACTIVATIONS)}.")
    with opened(place / WEIGHTS) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # type: ignore[no-untyped-call]  # noqa: SIM118
    weight, bias = tensors.get("linear.weight"), tensors.get("linear.bias")
    if weight is None or bias is None or weight.ndim != 2 or bias.shape != weight.shape[:1]:
        raise CheckpointError(f"{place / WEIGHTS} holds no linear map with its bias. Copy the folder again.")
    if {weight.dtype, bias.dtype} - set(FLOATS) or not (weight.isfinite().all() and bias.isfinite().all()):
        raise CheckpointError(f"{place / WEIGHTS} holds other than finite floats. Copy the folder again.")
    with torch.device("meta"):
        dense = Dense(weight.shape[1], weight.shape[0], activation)
    dense.load_state_dict({"linear.weight": weight.float(), "linear.bias": bias.float()}, assign=True)
    return dense


def write_modules(folder: Path, pooling: str, width: int, after: list[nn.Module]) -> None:
    """Write modules.json and a folder for each module, which old and new sentence-transformers open."""
    names = ["Transformer", "Pooling", *(type(module).__name__ for module in after)]
    listed = []
    for index, name in enumerate(names):
        path = "" if index == 0 else f"{index}_{name}"
        listed.append(
            {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{name}"}
        )
        (folder / path).mkdir(exist_ok=True)
    (folder / MODULES).write_text(json.dumps(listed, indent=2), encoding="utf-8")
    flags = {flag: name == pooling for name, flag in FLAGS.items()}
    write_config(folder / "1_Pooling", {"word_embedding_dimension": width, **flags})
    for index, module in enumerate(after, 2):
        place = folder / f"{index}_{type(module).__name__}"
        if isinstance(module, Dense):
            write_dense(place, module)


def write_dense(place: Path, module: Dense) -> None:
    """Write the config and the weights of one Dense."""
    out, width = module.linear.weight.shape
    activation = f"torch.nn.modules.{'linear' if module.activation == 'Identity' else 'activation'}"
    config = {"in_features": width, "out_features": out, "bias": True}
    write_config(place, {**config, "activation_function": f"{activation}.{module.activation}"})
    save_file(
        {f"linear.{name}": value for name, value in module.linear.state_dict().items()}, place / WEIGHTS
    )


def write_config(place: Path, config: Mapping[str, Any]) -> None:
    """Write config.json of a module's folder."""
    (place / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
