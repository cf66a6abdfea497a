"""Safetensors files, tensor by tensor: written and read without all of them in memory at once."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import safe_open
from torch import Tensor

KINDS = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip


def write_tensors(path: Path, tensors: Mapping[str, Tensor], whole: Callable[[Tensor], Tensor]) -> None:
    """Write a file in the format of safetensors; `whole` gives each tensor's values when its turn comes.

    The turn is by the order of names, so that equal tensors make equal files.
    """
    header: dict[str, object] = {}
    place = 0
    for name, tensor in sorted(tensors.items()):
        end = place + tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": KINDS[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [place, end],
        }  # fmt: skip
        place = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in sorted(tensors.items()):
            values = whole(tensor).detach().cpu().contiguous().reshape(-1)
            if len(values):
                file.write(values.view(torch.uint8).numpy().data)


class Lazy(Mapping[str, Tensor]):
    """The tensors of a file, each read when it is asked for; SafetensorError where it is damaged."""

    def __init__(self, path: Path) -> None:
        self.file: Any = cast(Any, safe_open)(path, "pt")
        self.names: list[str] = list(self.file.keys())

    def __getitem__(self, name: str) -> Tensor:
        if name not in self.names:
            raise KeyError(name)
        found: Tensor = self.file.get_tensor(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
