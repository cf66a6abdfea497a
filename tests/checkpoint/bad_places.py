"""Files that are not where or what they should be: shards, links, pipes, folders, nothing."""

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

from bad_weights import EITHER, ERROR

INDEX = "model.safetensors.index.json"
OUTSIDE = "outside.safetensors"  # a good file of weights beside the folder, which must not be read


def sharded(folder: Path) -> dict[str, Any]:
    """Return the index of a folder, made for a single file where there is none."""
    if not (folder / INDEX).is_file():
        from safetensors import safe_open

        shard = "model-00001-of-00001.safetensors"
        (folder / "model.safetensors").rename(folder / shard)
        with safe_open(folder / shard, "pt") as file:
            found = {"metadata": {"total_size": 1}, "weight_map": dict.fromkeys(file.keys(), shard)}
        (folder / INDEX).write_text(json.dumps(found))
    index: dict[str, Any] = json.loads((folder / INDEX).read_text())
    return index


def outside(folder: Path, name: str) -> Path:
    """Copy a file of the folder to a place beside it."""
    return Path(shutil.copy(folder / name, folder.parent / OUTSIDE))


def traversal(folder: Path, rng: random.Random) -> str:
    """A shard whose path leaves the folder, by its name or by a link."""
    index = sharded(folder)
    homes = index["weight_map"]
    name = rng.choice(sorted(set(homes.values())))
    target = outside(folder, name)
    (folder / name).unlink()
    new = rng.choice((f"../{OUTSIDE}", str(target), f"x/../../{OUTSIDE}", f"./../{OUTSIDE}",
    f"../{folder.name}/../{OUTSIDE}", name,
                      "link", f"in/{OUTSIDE}"))  # fmt: skip
    if new in (name, "link"):
        (folder / new).symlink_to(rng.choice((target, Path("..") / OUTSIDE)))
    if new.startswith("in/"):
        (folder / "in").symlink_to("..")
    index["weight_map"] = {tensor: new if home == name else home for tensor, home in homes.items()}
    (folder / INDEX).write_text(json.dumps(index))
    return ERROR


def shard_names(folder: Path, rng: random.Random) -> str:
    """An index that says other things than the files do."""
    index = sharded(folder)
    homes = index["weight_map"]
    name, shard = rng.choice(sorted(homes)), rng.choice(sorted(set(homes.values())))
    way = rng.randrange(12)
    if way == 0:
        (folder / shard).unlink()
    elif way == 1:
        homes[name] = rng.choice(
            (
                "\0",
                "x" * 5000,
                "",
                ".",
                "/",
                "/dev/zero",
                "config.json",
                7,
                None,
                [],
                "missing",
                "\ud800",
                f"./{shard}",
            )
        )
    elif way == 2:
        homes["more"] = shard
    elif way == 3:
        del homes[name]
    elif way == 4:
        index["weight_map"] = rng.choice(([], {}, None, 7, "x", [homes]))
    elif way == 5:
        homes |= {f"t{i}": f"shard-{i}" for i in range(rng.choice((1000, 100_000)))}
    elif way == 6:  # one file under a thousand names
        homes |= {f"t{i}": "./" * i + shard for i in range(500)}
    elif way == 7:
        homes[name] = rng.choice(sorted(set(homes.values())))
    elif way == 8:
        (folder / shard).write_bytes(rng.choice((b"", b"\0" * 100, (folder / shard).read_bytes()[:-1])))
    elif way == 9:
        index = rng.choice(([], None, 7, "x"))
    text = json.dumps(index)
    if way == 10:
        text = rng.choice(
            (text[:-9], "", "[" * 10**5, text.replace("{", "{" + json.dumps({name: "../x"})[1:-1] + ","))
        )
    (folder / INDEX).write_text(text)
    return EITHER


def huge_index(folder: Path, rng: random.Random) -> str:
    index = sharded(folder)
    piece = rng.choice(("[],", '{"":0},', '"x\U0001f600",'))
    more = "[" + piece * ((rng.choice((3, 60, 65)) << 20) // len(piece.encode())) + "0]"
    (folder / INDEX).write_text('{"more": ' + more + ", " + json.dumps(index)[1:])
    return EITHER


def replaced(folder: Path, rng: random.Random) -> str:
    """A file that is a pipe, a folder, a link to itself, to a device, to the outside, or is empty or gone."""
    if rng.random() < 0.3:
        sharded(folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    path = rng.choice([*files, folder / "config.json", weights(folder, rng)])
    target = outside(folder, str(path.relative_to(folder)))
    path.unlink()
    way = rng.choice(
        ("pipe", "folder", "loop", "cycle", "zero", "urandom", "link", "gone", "empty", "dangling", "self")
    )
    if way == "pipe":
        os.mkfifo(path)
    elif way == "folder":
        path.mkdir()
    elif way == "cycle":
        path.symlink_to(path.name + ".a")
        (path.parent / (path.name + ".a")).symlink_to(path.name)
    elif way == "empty":
        path.touch()
    elif way != "gone":
        path.symlink_to({"loop": path.name, "zero": "/dev/zero", "urandom": "/dev/urandom",
        "link": str(target), "dangling": "nowhere",
                         "self": "."}[way])  # fmt: skip
    return EITHER


def weights(folder: Path, rng: random.Random) -> Path:
    """Return one of the model's files of weights."""
    return rng.choice(sorted(folder.glob("*.safetensors")))


def whole_folder(folder: Path, rng: random.Random) -> str:
    """Nothing in it, nothing in any of its files, a file in its place, a link in its place."""
    way = rng.randrange(5)
    files = [path for path in folder.rglob("*") if path.is_file()]
    if way == 0:
        shutil.rmtree(folder)
        folder.mkdir()
    elif way == 1:
        for path in files:
            path.write_bytes(b"")
    elif way == 2:
        for path in files:
            path.unlink()
            path.mkdir()
    elif way == 3:
        shutil.rmtree(folder)
        rng.choice(
            (folder.touch, lambda: os.mkfifo(folder), lambda: folder.symlink_to(folder.name), lambda: None)
        )()
    else:
        moved = folder.rename(folder.parent / "elsewhere")
        folder.symlink_to(moved)
        return "same"
    return ERROR


PLACES = {
    "shard path leaves the folder": traversal, "shard index": shard_names, "pipe, folder or link": replaced,
    "whole folder": whole_folder,
}  # fmt: skip
HEAVY_PLACES = {"shard index huge": huge_index}
