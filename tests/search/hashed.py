"""An encoder that needs no model: the words of a text, hashed into a few numbers."""

import zlib

import numpy as np

from heedful.text.words import plain_words
from heedful.types import Texts, Vectors


class Hashed:
    """Counts words by their hash: equal texts have equal vectors, texts without words the vector 0."""

    def __init__(self, width: int = 32, seed: int = 0) -> None:
        self.table = np.random.default_rng(seed).standard_normal((1024, width)).astype(np.float32)

    def encode(self, texts: Texts) -> Vectors:
        rows = [[zlib.crc32(word.encode()) % 1024 for word in plain_words(text)] for text in texts]
        found = [self.table[row].sum(axis=0) for row in rows]
        return np.array(found, dtype=np.float32).reshape(len(texts), self.table.shape[1])

    def truncated(self, texts: Texts) -> int:
        return sum(len(text) > 200 for text in texts)
