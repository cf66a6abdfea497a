"""Sentences of words as windows of tokens, in which each word is asked once: at its first token."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from heedful.errors import ConfigError
from heedful.text.tokenizer import Tokenizer, legal, told
from heedful.types import Ints

CHUNK = 512  # sentences cut into tokens at a time


@dataclass(frozen=True)
class Window:
    """T tokens of sentence number `row`; those at `places` are the first of the words number `words`."""

    row: int
    ids: Ints  # (T,)
    places: Ints  # (M,)
    words: Ints  # (M,)


class Cutter:
    """Cuts sentences into windows of at most `window` tokens; neighbours share at least `overlap` of them.

    Words are joined by spaces. A word is asked in the window whose edges are farther from it; one that has no
    token (a mark that the tokenizer drops) is in none.
    """

    def __init__(self, tokenizer: Tokenizer, window: int, overlap: int) -> None:
        self.engine = tokenizer.engine
        self.room = window - len(tokenizer.around)
        self.overlap = overlap
        if not 0 <= overlap < self.room:
            raise ConfigError(
                f"the overlap is {overlap}; expected less than the {self.room} tokens of a window."
            )
        bare = len(self.engine.encode("a", add_special_tokens=False).ids)
        whole = self.engine.encode("a")
        front = next((i for i, special in enumerate(whole.special_tokens_mask) if not special), 0)
        self.front, self.back = whole.ids[:front], whole.ids[front + bare :]

    def windows(self, sentences: Sequence[Sequence[str]]) -> Iterator[Window]:
        """Yield the windows of each sentence in order; one without a token has none."""
        for begin in range(0, len(sentences), CHUNK):
            part = [[legal(word) for word in words] for words in sentences[begin : begin + CHUNK]]
            with told("the tokenizer cannot cut a sentence into tokens"):
                found = self.engine.encode_batch(
                    [" ".join(words) for words in part], add_special_tokens=False
                )
            for row, (words, one) in enumerate(zip(part, found, strict=True), begin):
                yield from self.cut(row, np.array(one.ids, dtype=np.int64), *firsts(words, one.offsets))

    def cut(self, row: int, ids: Ints, places: Ints, words: Ints) -> Iterator[Window]:
        """Yield the windows of one sentence; `places` are the first tokens of `words`."""
        starts = begins(len(ids), self.room, self.overlap)
        middles = [(left + self.room + right) // 2 for left, right in pairwise(starts)]
        for start, (low, high) in zip(starts, pairwise([0, *middles, len(ids)]), strict=True):
            own = (places >= low) & (places < high)
            if own.any():
                inner = ids[start : start + self.room]
                yield Window(
                    row, np.concatenate([self.front, inner, self.back]).astype(np.int64),
                    places[own] - start + len(self.front), words[own],
                )  # fmt: skip


def begins(count: int, room: int, overlap: int) -> list[int]:
    """Return where windows of `room` tokens begin, so that each of `count` is in one; the last is full."""
    last = max(0, count - room)
    return [*range(0, last, room - overlap), last]


def firsts(words: Sequence[str], offsets: Sequence[tuple[int, int]]) -> tuple[Ints, Ints]:
    """Return the first token of each word that has one, and that word: (M,) each.

    `offsets` are the characters of each token in the words joined by spaces. A token belongs to the word of
    its last character: some tokenizers count the space before a word to it.
    """
    starts = np.cumsum([0, *(len(word) + 1 for word in words[:-1])]) if words else np.zeros(0, np.int64)
    ends = np.array([end for _, end in offsets], dtype=np.int64)
    some = np.flatnonzero(ends > np.array([start for start, _ in offsets], dtype=np.int64))
    owners = np.searchsorted(starts, ends[some] - 1, side="right") - 1
    found, where = np.unique(owners, return_index=True)
    return some[where], found
