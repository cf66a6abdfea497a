"""A question and its context as overlapping windows of tokens, and the spans of whole words in them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.errors import ConfigError, DataError
from heedful.text.tokenizer import UNCUT, Tokenizer, legal, told
from heedful.text.words import IDEOGRAMS, MARKS
from heedful.types import Floats, Ints, Texts

NONE = -1  # no answer begins or ends at this token
NULL = 0  # the place that stands for no answer: the first token, which is never one of the context
NUMBER = r"\d+(?:[.,:]\d+)+(?!\w)"  # 1,024.5 and 12:30 are whole
WORD = re.compile(rf"{NUMBER}|[{IDEOGRAMS}]|(?:[^\W{IDEOGRAMS}]|[{MARKS}])+(?:['’]t\b)?|\S")
CHUNK = 64  # questions whose windows are made at a time

Span = tuple[int, int]
Spans = Sequence[Sequence[Span]]


@dataclass(frozen=True)
class Window:
    """T tokens of question number `row` and a part of its context.

    `starts` (T,) holds the character of the context at which an answer may begin with this token, `ends` (T,)
    that after which it may end with it; NONE where a word would be cut, or the token is not of the context.
    """

    row: int
    ids: NDArray[np.int32]
    segments: NDArray[np.uint8]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    def target(self, answer: Span | None) -> Span:
        """Return the first and last token of an answer, up to whole words; NULL if a part is missing."""
        if answer is None:
            return NULL, NULL
        begins, closes = self.starts[self.starts <= answer[0]], self.ends[self.ends >= answer[1]]
        begin = int(begins.max(initial=NONE))
        if begin == NONE or not len(closes):
            return NULL, NULL
        return int(np.argmax(self.starts == begin)), int(np.flatnonzero(self.ends == closes.min())[-1])

    def spans(self, start: Floats, end: Floats, longest: int, top: int) -> list[tuple[float, Span]]:
        """Return the `top` spans of at most `longest` tokens with their scores, the best first.

        `start` and `end` (T,) are the scores of each token; that of a span is their sum.
        """
        first, last = np.flatnonzero(self.starts != NONE), np.flatnonzero(self.ends != NONE)
        apart = last[None, :] - first[:, None]
        total = np.where((apart >= 0) & (apart < longest), start[first][:, None] + end[last], -np.inf)
        if not total.size:
            return []
        best = np.argpartition(-total, min(top, total.size) - 1, axis=None)[:top]
        best = best[np.argsort(-total.flat[best], kind="stable")]
        rows, columns = np.unravel_index(best, total.shape)
        return [
            (float(total[i, j]), (int(self.starts[first[i]]), int(self.ends[last[j]])))
            for i, j in zip(rows, columns, strict=True)
            if total[i, j] > -np.inf
        ]


class Cutter:
    """Cuts pairs of question and context into windows of at most `window` tokens.

    Neighbouring windows share `stride` tokens of the context. The question stands in each of them, whole.
    """

    def __init__(self, tokenizer: Tokenizer, window: int, stride: int) -> None:
        self.tokenizer = tokenizer
        self.engine = Tokenizer(tokenizer.text, UNCUT).engine
        around = self.engine.num_special_tokens_to_add(is_pair=True)
        self.most = window // 2 - around  # tokens of a question
        if self.most < 1 or stride >= window // 2:
            raise ConfigError(
                f"stride is {stride}, window {window}; expected a window of {2 * around + 2} or more and a "
                "stride below half of it."
            )
        self.engine.enable_truncation(window, stride=stride, strategy="only_second")

    def too_long(self, questions: Texts) -> dict[int, int]:
        """Return the places of questions that take more than half of a window, and their tokens."""
        lengths = [len(ids) - self.tokenizer.special_tokens for ids in self.tokenizer.encode(questions).ids]
        return {place: length for place, length in enumerate(lengths) if length > self.most}

    def check(self, questions: Texts) -> None:
        """Raise DataError for an empty question, or one that is too long."""
        empty = next((place for place, one in enumerate(questions) if not one.strip()), None)
        if empty is not None:
            raise DataError(f"question {empty + 1} is empty; expected some words. Leave it out.")
        for place, length in self.too_long(questions).items():
            raise DataError(
                f"question {place + 1} has {length} tokens; at most {self.most} leave room for its context. "
                "Shorten it."
            )

    def windows(self, questions: Texts, contexts: Texts) -> Iterator[list[Window]]:
        """Yield the windows of each question, in order; a context without a word gives none."""
        for begin in range(0, len(questions), CHUNK):
            part = slice(begin, begin + CHUNK)
            pairs = [(legal(q), legal(c)) for q, c in zip(questions[part], contexts[part], strict=True)]
            with told("the tokenizer cannot cut a text into tokens"):
                found = self.engine.encode_batch(pairs)
            for row, (pair, first) in enumerate(zip(pairs, found, strict=True), begin):
                edges = word_edges(pair[1])
                made = [window(row, one, *edges) for one in (first, *first.overflowing)]
                yield [one for one in made if (one.starts != NONE).any()]


def word_edges(text: str) -> tuple[Ints, Ints]:
    """Return where words begin and where they end, in characters; signs are words of their own."""
    spans = np.array([found.span() for found in WORD.finditer(text)], dtype=np.int64).reshape(-1, 2)
    return spans[:, 0], spans[:, 1]


def window(row: int, encoding: Any, begins: Ints, closes: Ints) -> Window:
    """Return the window of an encoding, with the edges of words that lie within each token."""
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
    inside = np.array([one == 1 for one in encoding.sequence_ids]) & (offsets[:, 0] < offsets[:, 1])
    from_, to = offsets[:, 0], offsets[:, 1]
    starts = edge(begins, np.searchsorted(begins, from_), from_, to - 1, inside)
    ends = edge(closes, np.searchsorted(closes, to, side="right") - 1, from_ + 1, to, inside)
    ids = np.array(encoding.ids, dtype=np.int32)
    return Window(row, ids, np.array(encoding.type_ids, dtype=np.uint8), starts, ends)


def edge(edges: Ints, places: Ints, low: Ints, high: Ints, inside: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the edge at its place in `edges` where it lies from `low` to `high`, else NONE: (T,)."""
    if not len(edges):
        return np.full(len(places), NONE, dtype=np.int32)
    known = inside & (places >= 0) & (places < len(edges))
    found = edges[np.clip(places, 0, len(edges) - 1)]
    return np.where(known & (low <= found) & (found <= high), found, NONE).astype(np.int32)


def check_asked(questions: Texts, contexts: Texts, answers: Spans) -> None:
    """Raise DataError unless there is a list of answers within each context."""
    check_pairs(questions, contexts)
    if len(answers) != len(questions):
        raise DataError(
            f"found {len(questions)} questions and {len(answers)} lists of answers; expected as many of each."
        )
    for row, (text, spans) in enumerate(zip(contexts, answers, strict=True)):
        for one in spans:
            if len(one) != 2 or not 0 <= one[0] < one[1] <= len(text) or not text[one[0] : one[1]].strip():
                raise DataError(
                    f"answer {tuple(one)!r:.100} of question {row + 1} is no part of its context of "
                    f"{len(text)} characters; expected (start, end)."
                )


def check_pairs(questions: Texts, contexts: Texts) -> None:
    """Raise DataError unless there is a context for each question."""
    if isinstance(questions, str) or isinstance(contexts, str):
        raise DataError("expected lists of questions and contexts; found one string. Wrap it in a list.")
    if len(questions) != len(contexts):
        raise DataError(
            f"found {len(questions)} questions and {len(contexts)} contexts; expected as many of each."
        )
