"""Texts about planted topics, with vectors that know them."""

import numpy as np

from heedful.types import Ints, Texts, Vectors

THEMES = (
    "river water flood bank boat stream",
    "goal match player team league coach",
    "bread flour oven recipe dough sugar",
    "planet star orbit telescope galaxy moon",
)
FILLER = ["the", "of", "and", "to", "in", "is", "that"]


class Bag:
    """An encoder that counts the words of each theme, and how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Texts) -> Vectors:
        self.asked += texts
        rows = [[sum(word in theme.split() for word in text.split()) for theme in THEMES] for text in texts]
        spread = [[(hash_of(text) >> shift & 255) / 900 for shift in (0, 8, 16, 24)] for text in texts]
        return np.array(rows, dtype=np.float32) + np.array(spread, dtype=np.float32).reshape(-1, 4) + 0.01


def hash_of(text: str) -> int:
    return sum((i + 1) * 2654435761 * ord(letter) for i, letter in enumerate(text)) & 0xFFFFFFFF


def planted(count: int, seed: int = 0) -> tuple[list[str], Ints]:
    """Return texts of six words of one theme among words of none, and the themes."""
    random = np.random.default_rng(seed)
    themes = random.integers(0, len(THEMES), count)
    texts = []
    for number, theme in enumerate(themes):
        own = random.choice(THEMES[theme].split(), 6)
        texts.append(" ".join([*random.permutation([*own, *random.choice(FILLER, 8)]), f"n{number}"]))
    return texts, themes
