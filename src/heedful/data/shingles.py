"""A text as a set of word 3-grams, exactly: numbers instead of hashes, so that nothing can collide."""

import re
import unicodedata
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from heedful.types import Ints

WORDS = 3
SPACELESS = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")  # Thai, Lao, kana, Han


class Folding(dict[int, str]):
    """A table for str.translate that fills itself: what stands between words becomes a space."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        kind = unicodedata.category(letter)
        between = kind[0] in "PZC" or kind == "Sk"  # punctuation, spaces, control and format characters, ` ^
        self[code] = " " if between else f" {letter} " if SPACELESS.match(letter) else letter
        return self[code]


FOLDING = Folding()


def normalised(text: str) -> str:
    """Fold a text so that case, punctuation, spaces and Unicode's double forms (NFKC) make no difference.

    Symbols (emoji, $, +) stay; scripts without spaces are cut into letters; a text of punctuation stays.
    """
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.translate(FOLDING).split()) or " ".join(text.split())


@dataclass(frozen=True)
class ShingleSets:
    """D sets of shingles as rows of a sparse matrix: row d is `shingles[starts[d]:starts[d + 1]]`, ascending.

    Shingles are numbered from the rarest to the most frequent.
    """

    starts: Ints
    shingles: Ints

    @property
    def sizes(self) -> Ints:
        """Return the number of shingles of each row: (D,)."""
        return np.diff(self.starts)

    def first(self, rows: int) -> "ShingleSets":
        """Return the first rows alone."""
        return ShingleSets(self.starts[: rows + 1], self.shingles[: self.starts[rows]])


class Numbering(dict[str, int]):
    """Numbers words in the order of their first appearance."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def shingle_sets(texts: Iterable[str]) -> ShingleSets:
    """Return the sets of word 3-grams of normalised texts; one of under 3 words is one shingle as a whole."""
    numbers = Numbering()
    words, lengths = array("q"), array("q")
    for text in texts:
        found = text.split()
        found += [""] * (WORDS - len(found))
        words.extend(map(numbers.__getitem__, found))
        lengths.append(len(found))
    tokens = np.frombuffer(words, dtype=np.int64) if words else np.zeros(0, np.int64)
    counts = np.frombuffer(lengths, dtype=np.int64) if lengths else np.zeros(0, np.int64)
    return ranked(*grams(tokens, counts, len(numbers)), len(counts))


def grams(tokens: Ints, lengths: Ints, vocabulary: int) -> tuple[Ints, Ints]:
    """Return a number for the 3-gram that starts at each word, and the row it is in."""
    rows = np.repeat(np.arange(len(lengths)), lengths)
    whole = rows[: -WORDS + 1] == rows[WORDS - 1 :]
    pairs = np.unique(tokens[:-1] * vocabulary + tokens[1:], return_inverse=True)[1][:-1]
    triples = pairs * vocabulary + tokens[2:]
    return np.unique(triples[whole], return_inverse=True)[1].astype(np.int64), rows[: -WORDS + 1][whole]


def ranked(shingles: Ints, rows: Ints, total: int) -> ShingleSets:
    """Return the sets with shingles renumbered by frequency, each once per row."""
    kinds = int(shingles.max()) + 1 if len(shingles) else 1
    once = np.sort(rows * kinds + shingles)
    once = once[np.diff(once, prepend=-1) != 0]
    rows, shingles = once // kinds, once % kinds
    frequency = np.bincount(shingles, minlength=kinds)
    rank = np.empty(kinds, dtype=np.int64)
    rank[np.argsort(frequency, kind="stable")] = np.arange(kinds)
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=total))])
    return ShingleSets(starts.astype(np.int64), np.sort(rows * kinds + rank[shingles]) % kinds)


def first_of(keys: Sequence[str]) -> Ints:
    """Return for each text the index of the first one equal to it: (N,)."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(key, i) for i, key in enumerate(keys)], dtype=np.int64)
