"""Ways to damage the file of weights."""

import json
import random
import struct
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

ERROR, SAME, EITHER = "error", "same", "either"  # what a load must end in
FLAG = " with pickle"  # the load is asked for with the flag
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "bool")
FLOATS = ("float16", "bfloat16", "float64", "float8_e4m3fn", "float8_e5m2", "complex64")
RAW_KINDS = ("F4", "F6_E2M3", "F8_E8M0", "F8_E4M3", "C64", "U64", "U16", "BOOL", "X", "", 7, None, [], "f32")


def canary(folder: Path) -> Path:
    """Return the file that stands for anything that was executed."""
    return folder.parent / "canary"


def weights(folder: Path, rng: random.Random) -> Path:
    """Return one of the model's files of weights."""
    return rng.choice(sorted(folder.glob("*.safetensors")))


def parts(path: Path) -> tuple[dict[str, Any], bytes]:
    """Return the header and the data of a safetensors file."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    return json.loads(raw[8 : 8 + size]), raw[8 + size :]


def put(path: Path, header: str | bytes, data: bytes) -> None:
    """Write a safetensors file by hand."""
    text = header.encode() if isinstance(header, str) else header
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def flipped(raw: bytes, rng: random.Random, begin: int, end: int) -> bytes:
    """Return bytes in which some bits between two places are turned."""
    array = bytearray(raw)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        array[rng.randrange(begin, end)] ^= 1 << rng.randrange(8)
    return bytes(array)


def cut(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    raw = path.read_bytes()
    path.write_bytes(raw[: rng.choice((0, 1, 7, 8, 9, len(raw) - 1, rng.randrange(len(raw))))])
    return ERROR


def longer(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.choice((1, 8, 5000))))
    return ERROR


def flip_header(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    raw = path.read_bytes()
    path.write_bytes(flipped(raw, rng, rng.choice((0, 8)), 8 + struct.unpack("<Q", raw[:8])[0]))
    return EITHER


def flip_data(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    raw = path.read_bytes()
    path.write_bytes(flipped(raw, rng, 8 + struct.unpack("<Q", raw[:8])[0], len(raw)))
    return EITHER


def header_length(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    raw = path.read_bytes()
    sizes = (
        0,
        1,
        2,
        1 << 20,
        99_999_999,
        100_000_001,
        1 << 31,
        1 << 32,
        (1 << 63) - 1,
        1 << 63,
        (1 << 64) - 1,
    )
    path.write_bytes(struct.pack("<Q", rng.choice((*sizes, len(raw), len(raw) - 7))) + raw[8:])
    return ERROR


def shape(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    tensors = load_file(path)
    name = rng.choice(sorted(tensors))
    old = tensors[name]
    changes = (
        lambda x: x.T if x.dim() == 2 else x[None], lambda x: x[None], lambda x: x[..., None],
        lambda x: x[1:],
        lambda x: x[..., :-1], lambda x: torch.cat([x, x]), lambda x: x.flatten(), lambda x: x.sum(),
        lambda x: x[:0], lambda x: x[..., :0], lambda x: x[(None,) * 6], lambda x: x.flatten()[:0],
    )  # fmt: skip
    tensors[name] = rng.choice(changes)(old).contiguous().clone()
    save_file(tensors, path)
    return EITHER


def kind(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    tensors = load_file(path)
    word = rng.choice(INTEGERS + FLOATS)
    for name in rng.choice((sorted(tensors), [rng.choice(sorted(tensors))])):
        tensors[name] = tensors[name].to(getattr(torch, word))
    save_file(tensors, path)
    return EITHER


def raw_kind(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    header, data = parts(path)
    name = rng.choice([name for name in header if name != "__metadata__"])
    header[name]["dtype"] = rng.choice(RAW_KINDS)
    if header[name]["dtype"] == "F4":
        header[name]["shape"][0] *= 8
    put(path, json.dumps(header), data)
    return EITHER


def no_numbers(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    tensors = load_file(path)
    values = tensors[rng.choice(sorted(tensors))].view(-1)
    values[rng.randrange(len(values))] = rng.choice((float("nan"), float("inf"), -float("inf"), 3e38, -3e38))
    save_file(tensors, path)
    return EITHER


def missing(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    tensors = load_file(path)
    for name in rng.sample(sorted(tensors), min(len(tensors), rng.choice((1, 1, 3)))):
        del tensors[name]
    save_file(tensors, path)
    return EITHER


def extra(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    tensors = load_file(path)
    old = rng.choice(sorted(tensors))
    names = ("lm_head.weight", "extra", "", "\0", "a\nb", "ü" * 3000, "pooler.dense.weight", "__import__",
    f"bert.{old}",
             f"model.{old}", "cls.predictions.decoder.weight", "final_logits_bias", "proj_out.weight",
             old + " ")  # fmt: skip
    tensors[rng.choice(names)] = rng.choice(
        (torch.ones(2), tensors[old] + 1, tensors[old].long(), torch.ones(40, 16))
    )
    save_file(tensors, path)
    return EITHER


def swapped(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    tensors = load_file(path)
    one, other = rng.choice(sorted(tensors)), rng.choice(sorted(tensors))
    tensors[one], tensors[other] = tensors[other].clone(), tensors[one].clone()
    save_file(tensors, path)
    return EITHER


def renamed(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    tensors = load_file(path)
    old = rng.choice(sorted(tensors))
    new = rng.choice((old[:-1], old.upper(), old.replace("0", "1"), old.replace("0", "99999999999"),
    f"bert.{old}",
                      old.partition(".")[2], old.replace(".", "_"), old * 50))  # fmt: skip
    tensors[new] = tensors.pop(old)
    save_file(tensors, path)
    return EITHER


def offsets(folder: Path, rng: random.Random) -> str:
    """Data that overlap, leave holes, go backwards, or are no numbers."""
    path = weights(folder, rng)
    header, data = parts(path)
    one, other = (rng.choice([name for name in header if name != "__metadata__"]) for _ in range(2))
    begin, end = header[one]["data_offsets"]
    header[one]["data_offsets"] = rng.choice(
        (header[other]["data_offsets"], [end, begin], [begin, end - 4], [begin + 4, end + 4], [-begin, end],
        [0, 1 << 62],
         [begin, (1 << 64) - 1], [begin], [], "0", None, [begin, end, end], [1e308, 1e308], [begin, True])
    )  # fmt: skip
    put(path, json.dumps(header), data)
    return EITHER


def hostile_header(folder: Path, rng: random.Random) -> str:
    path = weights(folder, rng)
    header, data = parts(path)
    name = rng.choice([name for name in header if name != "__metadata__"])
    sizes = (
        [1 << 62, 4],
        [1 << 64, 1],
        [-1, -16],
        [1 << 32, 1 << 32],
        [0, 1 << 60],
        "16",
        None,
        [1e3],
        [True],
        [[16]],
        {},
    )
    header[name]["shape"] = rng.choice(sizes)
    text = json.dumps(header)
    deep = "[" * 200_000, '{"a":' * 100_000, '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"
    twice = text[:-1] + ", " + json.dumps({name: parts(path)[0][name]})[1:]
    put(
        path,
        rng.choice(
            (
                text,
                text,
                text,
                twice,
                *deep,
                "",
                "[]",
                "null",
                "{}",
                "\ud800".encode("utf-8", "surrogatepass"),
            )
        ),
        data,
    )
    return EITHER


def many_entries(folder: Path, rng: random.Random) -> str:
    """A million pairs of metadata, or as many tensors without a value."""
    path = weights(folder, rng)
    header, data = parts(path)
    count = rng.choice((1000, 30_000, 100_000, 1_000_000))
    if rng.random() < 0.5:
        more = '"__metadata__":{' + ",".join(f'"k{i}":"v"' for i in range(count)) + "},"
        header.pop("__metadata__", None)
    else:
        more = "".join(
            f'"t{i}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}},' for i in range(count // 4)
        )
        if rng.random() < 0.5:  # and one that is missed, whose nearest name is looked for
            header = {
                name.replace("query", "Query").replace("q_proj", "Q_proj"): value
                for name, value in header.items()
            }
    put(path, "{" + more + json.dumps(header)[1:], data)
    return EITHER


WEIGHTS = {
    "weights cut short": cut, "weights too long": longer, "header bits": flip_header, "data bits": flip_data,
    "header length": header_length, "shape": shape, "dtype": kind, "dtype in the header": raw_kind,
    "NaN and inf": no_numbers,
    "missing tensors": missing, "extra tensors": extra, "swapped tensors": swapped,
    "renamed tensors": renamed,
    "offsets": offsets, "hostile header": hostile_header,
}  # fmt: skip
HEAVY_WEIGHTS = {"a million entries": many_entries}
