"""Pairs for next-sentence prediction (Devlin et al. 2019, section 3.1, task 2)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heedful.data.chunks import PART, Chunks, Places, numbers
from heedful.errors import ConfigError, DataError
from heedful.types import Ints


@dataclass(frozen=True)
class Parts:
    """A text, what follows it, and a text from another document."""

    first: Ints
    following: Ints
    another: Ints


class Pairs:
    """The chunks of documents, each cut in two, with a text of another document beside it.

    With `full_stop` (V) a chunk is cut after a sentence where it has several, and the other text begins after
    one. That text is as long as what follows, where its document has enough: so the length tells nothing.
    Chunks of `length - 3` tokens make examples of at most `length`.
    """

    def __init__(self, chunks: Chunks, full_stop: NDArray[np.bool_] | None = None) -> None:
        if len(chunks.tokens.ends) < 2:
            raise DataError(
                "next-sentence prediction needs two documents; the corpus has one."
                " Take lines or paragraphs as documents."
            )
        self.chunks, self.full_stop, self.seed = chunks, full_stop, chunks.seed

    def epoch(self, epoch: int) -> "PairPlaces":
        """Return the pairs of an epoch in shuffled order."""
        return PairPlaces(self, self.chunks.epoch(epoch), epoch)


class PairPlaces:
    """The pairs of one epoch."""

    def __init__(self, pairs: Pairs, places: Places, epoch: int) -> None:
        self.pairs, self.places, self.number = pairs, places, epoch

    def __len__(self) -> int:
        return len(self.places)

    def take(self, number: int) -> Parts:
        """Return the parts of an example, the same whenever it is asked for; nothing follows one token."""
        random = numbers(self.pairs.seed, PART, self.number, number)
        ids = self.places.take(number)
        cut = self._cut(ids, random)
        wanted = max(len(ids) - cut, 1)
        return Parts(ids[:cut], ids[cut:], self._another(self.places[number][0], wanted, random))

    def _cut(self, ids: Ints, random: np.random.Generator) -> int:
        places = self._after_stops(ids[:-1])
        if len(places):
            return int(random.choice(places))
        return int(random.integers(1, max(len(ids), 2)))

    def _another(self, place: int, wanted: int, random: np.random.Generator) -> Ints:
        tokens = self.pairs.chunks.tokens
        own = int(np.searchsorted(tokens.ends, place, "right"))
        document = int(random.integers(len(tokens.ends) - 1))
        document += document >= own
        begin, end = (int(tokens.ends[document - 1]) if document else 0), int(tokens.ends[document])
        start = begin + int(random.integers(max(end - begin - wanted, 0) + 1))
        if start > begin:
            ahead = self._after_stops(tokens.ids[start : min(start + wanted, end) - 1])
            start += int(ahead[0]) if len(ahead) else 0
        return tokens.ids[start : min(start + wanted, end)].astype(np.int64)

    def _after_stops(self, ids: NDArray[np.integer]) -> Ints:
        stops = self.pairs.full_stop
        return np.flatnonzero(stops[ids]) + 1 if stops is not None else np.zeros(0, np.int64)


def next_sentence(
    parts: Parts, cls: int, sep: int, length: int, random: np.random.Generator
) -> tuple[Ints, Ints, bool]:
    """Return ids `[CLS] A [SEP] B [SEP]` of at most `length`, their segments, and whether B really follows A.

    Half of the time it does, else B comes from another document, as always where nothing follows. What is too
    much goes from the longer of the two, from its beginning or its end by chance, token by token.
    """
    if length < 5:
        raise ConfigError(f"length is {length}; a pair needs at least 5 tokens.")
    follows = bool(random.random() < 0.5) and len(parts.following) > 0
    a, b = parts.first, parts.following if follows else parts.another
    sizes = shortened(len(a), len(b), length - 3)
    a, b = (cut_ends(part, size, random) for part, size in zip((a, b), sizes, strict=True))
    ids = np.concatenate([[cls], a, [sep], b, [sep]])
    return ids, np.repeat([0, 1], [len(a) + 2, len(b) + 1]), follows


def shortened(a: int, b: int, most: int) -> tuple[int, int]:
    """Return the lengths left when token by token goes from the longer text, of equals from the second."""
    over = max(a + b - most, 0)
    step = min(over, abs(a - b))
    a, b, over = a - step * (a > b), b - step * (b > a), over - step
    return a - over // 2, b - (over + 1) // 2


def cut_ends(ids: Ints, size: int, random: np.random.Generator) -> Ints:
    """Return `size` tokens of a text: each of the others goes from its beginning or its end by chance."""
    front = int(random.binomial(len(ids) - size, 0.5))
    return ids[front : front + size]
