"""Answers without learning: the chunk of the sentence that has the most words of the question."""

import re
from dataclasses import dataclass

from heedful.errors import DataError
from heedful.text.sentences import sentences
from heedful.text.words import WORD, words
from heedful.types import Texts

USUAL = """
a an the of in on at to for from by with and or as is are was were be been being it its this that these
those who whom whose what which when where why how do does did has have had many much name called s"""
COMMON = frozenset(USUAL.split())
SIGN = re.compile(r"\W+")


@dataclass(frozen=True)
class Chunk:
    """A part of the context, `context[start:end]`, and the share of the question's words in its sentence."""

    text: str
    start: int
    end: int
    share: float


class Overlap:
    """Answers with a chunk of the sentence that shares the most words with the question.

    The chunk is the longest run of words between signs and words of the question. Below a share of
    `threshold` there is no answer: an empty text.
    """

    def __init__(self, threshold: float = 0.0) -> None:
        self.threshold = threshold

    def answer(self, questions: Texts, contexts: Texts) -> list[Chunk]:
        """Return the answer to each of N questions in its context."""
        if isinstance(questions, str) or isinstance(contexts, str) or len(questions) != len(contexts):
            raise DataError("expected lists of as many questions as contexts. Wrap a single one in a list.")
        found = [chunk(question, context) for question, context in zip(questions, contexts, strict=True)]
        return [one if one.share >= self.threshold else Chunk("", 0, 0, one.share) for one in found]


def chunk(question: str, context: str) -> Chunk:
    """Return the best chunk of a context; empty where it has no word."""
    wanted = {word for word in words(question) if word not in COMMON and not SIGN.fullmatch(word)}
    best, at, most, begin = "", 0, -1, 0
    for sentence in sentences(context):
        shared = len(wanted & set(words(sentence)))
        if shared > most:
            best, at, most = sentence, begin, shared
        begin += len(sentence)
    start, end = longest_run(best, wanted)
    return Chunk(best[start:end], at + start, at + end, max(most, 0) / max(1, len(wanted)))


def longest_run(sentence: str, wanted: set[str]) -> tuple[int, int]:
    """Return where the longest run of words stands that has no sign and no wanted word in it.

    Common words at either end do not belong to it. Of equal runs the first counts.
    """
    best: list[re.Match[str]] = []
    run: list[re.Match[str]] = []
    for match in [*WORD.finditer(sentence), None]:
        word = match.group().lower() if match else ""
        if match is None or word in wanted or SIGN.fullmatch(word):
            while run and run[-1].group().lower() in COMMON:
                run.pop()
            best, run = max(best, run, key=len), []
        elif run or word not in COMMON:
            run.append(match)
    return (best[0].start(), best[-1].end()) if best else (0, 0)
