"""Tokens on the disk for tests: documents of known ids, without a tokenizer."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from heedful.data.tokens import Tokens

VOCAB = 1000


def store(documents: Iterable[Sequence[int]]) -> Tokens:
    """Write documents of ids as `write_tokens` would, and open them; their names are gone by then."""
    listed = [list(document) for document in documents]
    counts = {"characters": 0, "bytes": 0, "unknown": 0, "vocab": VOCAB, "documents": len(listed)}
    said = {**counts, "tokens": sum(map(len, listed)), "dtype": "<u2", "tokenizer": "", "about": {}}
    with TemporaryDirectory() as name:
        folder = Path(name)
        np.array([id for document in listed for id in document], "<u2").tofile(folder / "tokens.bin")
        np.cumsum([len(document) for document in listed]).astype("<i8").tofile(folder / "ends.bin")
        (folder / "tokens.json").write_text(json.dumps(said))
        return Tokens.open(folder)
