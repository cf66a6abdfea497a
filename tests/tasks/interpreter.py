"""A language of twelve words and its translation, word by word, for tests that train a translator."""

from pathlib import Path

import numpy as np

ENGLISH = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
GERMAN = ["eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"]
RECIPE = "width: 32\n{}vocab: 360\ncontext: 32\nbatch_tokens: 400\nrate: 0.01\ndropout: 0\naverage: 2\n"
DEPTHS = {"transformer": "depth: 2\nheads: 2\n"}


def spoken(count: int, seed: int) -> list[tuple[str, str]]:
    """Return pairs of sentences of three to six words."""
    random = np.random.default_rng(seed)
    rows = [random.integers(0, 12, random.integers(3, 7)) for _ in range(count)]
    return [(" ".join(ENGLISH[i] for i in row), " ".join(GERMAN[i] for i in row)) for row in rows]


def table(path: Path, pairs: list[tuple[str, str]]) -> Path:
    """Write pairs as a table."""
    path.write_text("en\tde\n" + "".join(f"{source}\t{target}\n" for source, target in pairs), "utf-8")
    return path


def recipe(folder: Path, method: str, more: str = "") -> str:
    """Write the recipe of a model that learns this in seconds."""
    path = folder / f"{method}.yaml"
    path.write_text(RECIPE.format(DEPTHS.get(method, "depth: 1\n")) + more)
    return str(path)
