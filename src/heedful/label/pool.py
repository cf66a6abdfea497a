"""The texts that may be asked for: a sample of the table, what scores kept apart, vectors computed once."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from heedful.data.checks import grouped
from heedful.data.shingles import first_of, normalised, shingle_sets
from heedful.storage import replacing
from heedful.types import Encoder, Ints, Vectors

VECTORS = "vectors.safetensors"
SCORED = 0.2  # of the texts, kept for the score
CHUNK = 1024  # texts encoded between two writes
Say = Callable[[int, int], None]


@dataclass(frozen=True)
class Pool:
    """N texts; near-equal ones share a number in `groups` (N,), and so are on one side of `scored` (N,)."""

    texts: list[str]
    groups: Ints
    scored: NDArray[np.bool_]

    def learnable(self) -> Ints:
        """Return the places of texts that may be learned from."""
        return np.flatnonzero(~self.scored)


def digest(text: str, seed: int) -> bytes:
    """Return 16 bytes that belong to a text: its place in a random order that more texts do not change."""
    return hashlib.sha256(f"{seed}\0{normalised(text)}".encode("utf-8", "surrogatepass")).digest()[:16]


def pool(texts: Sequence[str], known: dict[str, str], size: int, seed: int) -> Pool:
    """Return a random sample of `size` distinct texts, and all that are `known` (text to part).

    The sides are drawn by what a text says, so that a table that grew is divided as before; the side that an
    answer was given for holds for all texts near to it.
    """
    distinct = {one: None for one in texts if one.strip()}
    order = sorted(distinct, key=lambda one: digest(one, seed))[:size]
    chosen = sorted({*known, *order}, key=lambda one: (digest(one, seed), one))
    groups = near(chosen)
    draws = np.array([int.from_bytes(digest(one, seed)[8:]) / 2**64 for one in chosen])
    scored = np.zeros(len(chosen), dtype=bool)
    for group in np.unique(groups):
        places = np.flatnonzero(groups == group)
        parts = {known[chosen[place]] for place in places if chosen[place] in known}
        side = "learn" in parts, "score" in parts
        scored[places] = side[1] if any(side) and not all(side) else draws[places].min() < SCORED
    for place, one in enumerate(chosen):
        if one in known:
            scored[place] = known[one] == "score"
    return Pool(chosen, groups, scored)


def near(texts: Sequence[str]) -> Ints:
    """Return the group of each text: near-equal ones, directly or through a chain, share a number."""
    keys = [normalised(text) for text in texts]
    first = first_of(keys)
    alone = np.flatnonzero(first == np.arange(len(first)))
    groups, _, _ = grouped(shingle_sets(keys[place] for place in alone))
    return groups[np.searchsorted(alone, first)]


def vectors(folder: Path, name: str, encoder: Encoder, texts: Sequence[str], say: Say) -> Vectors:
    """Return the vectors (N, W), those that the folder has from before read from it.

    `name` tells encoders apart. What is encoded is written after each part: a kill costs no more than that.
    """
    path = folder / VECTORS
    known = stored(path, key(name))
    missing = [text for text in texts if key(text) not in known]
    for start in range(0, len(missing), CHUNK):
        say(start, len(missing))
        part = missing[start : start + CHUNK]
        known.update(zip(map(key, part), encoder.encode(part), strict=True))
        keys = np.frombuffer(key(name) + b"".join(known), dtype=np.uint8).reshape(-1, 16).copy()
        with replacing(path) as fresh:
            save_file({"keys": keys, "vectors": np.stack(list(known.values()))}, fresh)
    if missing:
        say(len(missing), len(missing))
    return np.stack([known[key(text)] for text in texts])


def stored(path: Path, name: bytes) -> dict[bytes, NDArray[np.float32]]:
    """Return the vectors of a file by the keys of their texts: none of another encoder or a damaged file."""
    try:
        found = load_file(path)
        keys, values = found["keys"].tobytes(), found["vectors"]
    except Exception:  # absent or damaged: it holds nothing that cannot be computed again
        return {}
    if keys[:16] != name or len(keys) != 16 * (len(values) + 1) or values.ndim != 2:
        return {}
    return {keys[16 * place : 16 * place + 16]: one for place, one in enumerate(values, 1)}


def key(text: str) -> bytes:
    """Return 16 bytes that belong to a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
