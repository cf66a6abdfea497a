"""Texts, and pairs of them, as overlapping windows of tokens: what is too long for one is never cut off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from heedful.errors import ConfigError, DataError
from heedful.text.tokenizer import UNCUT, Tokenizer, legal, told
from heedful.types import Floats, Ints, Texts

OVERLAP = 4  # a window reads the last 1 / OVERLAP of the one before it again
CHUNK = 1024  # texts tokenised at a time

Pair: TypeAlias = tuple[str, str]
Given: TypeAlias = Texts | Sequence[Pair]
Span = tuple[int, int]
Window = tuple[list[int], list[int]]  # token ids, and the segment of each


@dataclass(frozen=True)
class Windows:
    """M windows of N texts: ids and segments of each (None: all 0), its text (M,), windows of a text (N,)."""

    ids: list[list[int]]
    segments: list[list[int]] | None
    owners: Ints
    counts: Ints

    def mean(self, values: Floats) -> Floats:
        """Return the mean over the windows of each text: (M, C) -> (N, C)."""
        sums = np.zeros((len(self.counts), values.shape[1]))
        np.add.at(sums, self.owners, values)
        return sums / self.counts[:, None]


def whole(ids: list[list[int]]) -> Windows:
    """Return texts that are one window each."""
    return Windows(ids, None, np.arange(len(ids)), np.ones(len(ids), dtype=np.int64))


class Slicer:
    """Turns texts into windows of as many tokens as the tokenizer's model reads.

    `segments` is the size of the model's table of them; with less than 2 none are given.
    """

    def __init__(self, tokenizer: Tokenizer, segments: int = 0) -> None:
        self.engine = Tokenizer(tokenizer.text, UNCUT).engine
        self.most = tokenizer.max_tokens
        self.segments = segments
        around = self.engine.num_special_tokens_to_add(is_pair=True)
        if self.most < around + 4:
            raise ConfigError(
                f"the model reads {self.most} tokens; expected {around + 4} or more for a pair."
            )

    def cut(self, texts: Given) -> Windows:
        """Return the windows of N texts, or of N pairs."""
        found = list(self._each(texts))
        made = [window for windows in found for window in windows]
        counts = np.array([len(windows) for windows in found], dtype=np.int64)
        paired = self.segments > 1 and len(texts) > 0 and not isinstance(texts[0], str)
        segments = [segments for _, segments in made] if paired else None
        return Windows([ids for ids, _ in made], segments, np.repeat(np.arange(len(counts)), counts), counts)

    def _each(self, texts: Given) -> Iterator[list[Window]]:
        for start in range(0, len(texts), CHUNK):
            part = [item(text) for text in texts[start : start + CHUNK]]
            with told("the tokenizer cannot cut a text into tokens"):
                encodings = self.engine.encode_batch(part)
            for encoding in encodings:
                if len(encoding.ids) <= self.most:
                    yield [(encoding.ids, encoding.type_ids)]
                else:
                    yield list(windows(encoding, self.most))


def item(text: Any) -> Any:
    """Return a text or a pair as the tokenizer takes it."""
    return legal(text) if isinstance(text, str) else tuple(map(legal, text))


def windows(encoding: Any, most: int) -> Iterator[Window]:
    """Yield windows of at most `most` tokens, each with the special tokens of the whole around it.

    Of a pair, the shorter text stands in all of them if it takes at most half of the room; else both move on,
    side by side, so that each token of either is in some window.
    """
    ids, segments, sequence = encoding.ids, encoding.type_ids, encoding.sequence_ids
    first = extent(sequence, 0, 0)
    second = extent(sequence, 1, first[1])
    sizes = first[1] - first[0], second[1] - second[0]
    rooms = shared(*sizes, most - (len(ids) - sum(sizes)))
    parts = [spans(size, room) for size, room in zip(sizes, rooms, strict=True)]
    count = max(map(len, parts))
    for k in range(count):
        (a, b), (c, d) = (part[k * len(part) // count] for part in parts)
        kept = (
            *range(first[0]), *range(first[0] + a, first[0] + b), *range(first[1], second[0]),
            *range(second[0] + c, second[0] + d), *range(second[1], len(ids)),
        )  # fmt: skip
        yield [ids[i] for i in kept], [segments[i] for i in kept]


def extent(sequence: Sequence[int | None], number: int, default: int) -> Span:
    """Return where the tokens of a text begin and end among special ones; an empty one lies at `default`."""
    places = [i for i, one in enumerate(sequence) if one == number]
    return (places[0], places[-1] + 1) if places else (default, default)


def shared(first: int, second: int, room: int) -> tuple[int, int]:
    """Return how many of `room` tokens each of two texts gets in a window; the shorter no more than half."""
    if first <= second:
        own = min(first, room // 2)
        return own, room - own
    own = min(second, room // 2)
    return room - own, own


def spans(size: int, room: int) -> list[Span]:
    """Return overlapping spans of at most `room` tokens that cover all `size` of them."""
    if size <= room:
        return [(0, size)]
    step = room - room // OVERLAP
    starts = range(0, size - room + step, step)
    return [(start, min(start + room, size)) for start in starts]


def as_form(texts: Any, pairs: bool) -> list[Any]:
    """Return N texts, or N pairs, as a list; DataError if it is the other."""
    if isinstance(texts, str):
        raise DataError("expected a list of texts; found one string. Wrap it in a list.")
    found = list(texts)
    wrong = next((i for i, text in enumerate(found) if is_pair(text) != pairs), None)
    if wrong is not None:
        kinds = {True: "a pair of texts", False: "a single text"}
        raise DataError(
            f"row {wrong} is {kinds[not pairs]}; expected {kinds[pairs]}, as in row 0 of training."
        )
    return found


def is_pair(text: Any) -> bool:
    """Is it a pair of texts, rather than one?"""
    return isinstance(text, tuple | list) and len(text) == 2
