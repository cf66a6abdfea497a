"""Weights as a pickle that holds programs, or other things than tensors."""

import os
import pickle
import random
from pathlib import Path
from typing import Any

import torch
from bad_weights import EITHER, ERROR, FLAG, SAME, canary, flipped
from safetensors.torch import load_file


class Payload:
    """Runs a command when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.canary}'",)


def pickled(folder: Path, rng: random.Random) -> str:
    """Weights as pytorch_model.bin: honest, damaged, or full of traps, asked for with the flag or without."""
    tensors: dict[str, Any] = {}
    for path in folder.glob("*.safetensors"):
        tensors |= load_file(path)
        path.unlink()
    (folder / "model.safetensors.index.json").unlink(missing_ok=True)
    path, flag = folder / "pytorch_model.bin", rng.choice((FLAG, FLAG, ""))
    name, way = rng.choice(sorted(tensors)), rng.randrange(11)
    traps: dict[int, Any] = {
        1: torch.zeros(1).expand(1 << 20, 1 << 20), 2: torch.eye(3).to_sparse(), 3: torch.empty(4, 4,
        device="meta"),
        4: torch.quantize_per_tensor(torch.ones(4, 4), 0.1, 0, torch.qint8), 5: Payload(canary(folder)),
        6: [1, "x"],
    }  # fmt: skip
    if way in traps:
        tensors[name] = traps[way]
    torch.save(tensors, path, _use_new_zipfile_serialization=rng.random() < 0.7)
    if way == 0:
        return (SAME if flag else ERROR) + flag
    if way == 7:
        path.write_bytes(pickle.dumps(Payload(canary(folder)), protocol=rng.choice((0, 2, 4))))
    elif way == 8:
        path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])
    elif way == 9:
        path.write_bytes(flipped(path.read_bytes(), rng, 0, path.stat().st_size))
    elif way == 10:  # bytes that need no file: bytearray(10**9), torch.FloatTensor(10**9)
        made = rng.choice((b"cbuiltins\nbytearray\n", b"ctorch\nFloatTensor\n"))
        magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2)
        path.write_bytes(magic + b"\x80\x02" + made + b"(I1000000000\ntR." + pickle.dumps([], 2))
    return (ERROR if way < 8 or way == 10 or not flag else EITHER) + flag
