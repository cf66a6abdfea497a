"""Summaries of a text's own sentences, without training: the first, the central or the best linked ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from heedful.core.config import check_numbers, check_sizes
from heedful.data.documents import BETWEEN
from heedful.errors import ConfigError, DataError
from heedful.search.order import unit
from heedful.tasks.embed import SentenceEncoder
from heedful.text.sentences import sentences
from heedful.types import Encoder, Floats, Texts, Vectors

METHODS = ("lexrank", "centroid", "lead")
LONGEST = 1000  # characters of a sentence; a longer one counts as several
MOST = 3000  # sentences of one text that are compared, each with each: 72 MB
GROUP = 1024  # sentences that are encoded at a time, or those of one text
DAMPING, TOLERANCE, STEPS = 0.85, 1e-10, 1000
DIGITS = 6  # of a score, beside the best one: what is closer counts as equal

Split: TypeAlias = tuple[list[str], int]  # the sentences of a text, and how many were cut


@dataclass(frozen=True)
class Extract:
    """The sentences chosen from a text, in its order; `places` are their numbers among its `total`, from 0.

    `cut` of the text's own sentences were too long and count as several; its last `unread` were not compared.
    """

    sentences: list[str]
    places: list[int]
    total: int
    cut: int = 0
    unread: int = 0

    @property
    def text(self) -> str:
        """The summary, on one line."""
        return " ".join(self.sentences)


def split(text: str) -> Split:
    """Return the sentences of a text, each on one line, and how many were longer than LONGEST.

    Such a one counts as several. Blank lines end a sentence too; without a letter or a digit there is none.
    """
    found: list[str] = []
    cut = 0
    for paragraph in BETWEEN["paragraph"].split(text):
        for sentence in sentences(paragraph):
            pieces = list(parts(" ".join(sentence.split())))
            cut += len(pieces) > 1
            found += [piece for piece in pieces if any(map(str.isalnum, piece))]
    return found, cut


def parts(sentence: str) -> Iterator[str]:
    """Yield a sentence in parts of at most LONGEST characters, cut between words where there are any."""
    start = 0
    while len(sentence) - start > LONGEST:
        end = sentence.rfind(" ", start + LONGEST // 2, start + LONGEST + 1)
        end = end if end >= 0 else start + LONGEST
        yield sentence[start:end].strip()
        start = end
    yield sentence[start:].strip()


def centroid(vectors: Vectors) -> Floats:
    """Return the cosine of each of S sentences (S, W) with their mean: (S,).

    As in Rossiello, Basile and Semeraro (2017, section 3), over vectors of sentences instead of words.
    """
    near = unit(vectors).astype(np.float64)
    middle = near.sum(axis=0)
    return np.asarray(near @ middle / max(float(np.linalg.norm(middle)), 1e-12))


def lexrank(
    vectors: Vectors, threshold: float = 0.0, damping: float = DAMPING, tolerance: float = TOLERANCE
) -> Floats:
    """Return how central each of S sentences (S, W) is in the graph of their cosines: (S,), of sum 1.

    Continuous LexRank (Erkan and Radev 2004, section 3.3): so often is there who walks from sentence to
    sentence, choosing the next by cosine, and with probability 1 - `damping` any of them. Cosines below
    `threshold` are no links. Iterated until all changes together are at most `tolerance`.

    Without damping and threshold it is `centroid` up to a factor: a walk ends up where the sum of cosines is
    large. So both mostly rank alike, until a threshold takes links away.
    """
    size = len(vectors)
    near = unit(vectors).astype(np.float64)
    links = near @ near.T
    links[links < threshold] = 0.0
    np.fill_diagonal(links, 1.0)
    links /= links.sum(axis=1, keepdims=True)
    ranks = np.full(size, 1.0 / max(size, 1))
    for _ in range(STEPS):
        before, ranks = ranks, (1.0 - damping) / max(size, 1) + damping * (ranks @ links)
        if np.abs(ranks - before).sum() <= tolerance:
            break
    return ranks


def choose(scores: Floats, vectors: Vectors, count: int, redundancy: float) -> list[int]:
    """Return the places of at most `count` of S sentences, ascending: those of the highest scores (S,).

    One whose cosine with a chosen one is `redundancy` or more is passed over, so there may be fewer
    (Rossiello et al. 2017, section 3). Of equal scores the earlier sentence is taken.
    """
    near = unit(vectors)
    ranks = np.round(scores / max(float(np.abs(scores).max(initial=0.0)), 1e-12), DIGITS)
    closest = np.full(len(scores), -np.inf)
    chosen: list[int] = []
    for place in np.argsort(-ranks, kind="stable").tolist():
        if len(chosen) < count and closest[place] < redundancy - 10.0**-DIGITS:
            chosen.append(place)
            closest = np.maximum(closest, near @ near[place])
    return sorted(chosen)


class Extractor:
    """Summaries of at most `sentences` sentences of the text itself.

    `method` is "lexrank", "centroid" or "lead" (the first ones, which needs no encoder). `encoder` is what
    SentenceEncoder.load takes, or anything that encodes; it is loaded when it is first needed. Sentences
    whose cosine is `redundancy` or more do not stand in one summary (1: only repeated ones do not), except
    that "lead" takes them as they come. `threshold` is LexRank's.
    """

    def __init__(
        self,
        method: str = "lexrank",
        sentences: int = 3,
        encoder: str | Path | Encoder = "minilm",
        redundancy: float = 0.9,
        threshold: float = 0.0,
    ) -> None:
        self.method = method
        self.sentences = sentences
        self.encoder = encoder
        self.redundancy = redundancy
        self.threshold = threshold
        if method not in METHODS:
            raise ConfigError(f"method is {method!r:.100}; expected one of {', '.join(METHODS)}.")
        check_sizes(self, "sentences")
        check_numbers(self, "threshold", least=0, below=1)
        if not isinstance(redundancy, (int, float)) or not 0 < redundancy <= 1:
            raise ConfigError(f"redundancy is {redundancy!r:.100}; expected a number above 0, at most 1.")

    def summarize(self, texts: Texts) -> list[str]:
        """Return the summary of each of N texts, on one line; that of a text without a sentence is empty."""
        return [found.text for found in self.extract(texts)]

    def extract(self, texts: Texts, say: Callable[[int], None] = lambda _: None) -> list[Extract]:
        """Return which sentences make the summary of each of N texts; `say` is told how many are done."""
        if isinstance(texts, str):
            raise DataError("expected a list of texts; found one string. Wrap it in a list.")
        found: list[Extract] = []
        for group in grouped(texts):
            found += self._group(group)
            say(len(found))
        return found

    def truncated(self, texts: Texts) -> int:
        """Count the sentences whose end the encoder does not see."""
        count = None if self.method == "lead" else getattr(self._opened(), "truncated", None)
        return 0 if count is None else sum(int(count(split(text)[0][:MOST])) for text in texts)

    def _group(self, texts: list[Split]) -> list[Extract]:
        """Choose from texts that are split; their sentences are encoded together."""
        if self.method == "lead":
            return [taken(own, list(range(min(self.sentences, len(own)))), cut) for own, cut in texts]
        read = [own[:MOST] for own, _ in texts]
        flat = [sentence for own in read for sentence in own]
        vectors = self._opened().encode(flat) if flat else np.zeros((0, 1), np.float32)
        ends = np.cumsum([len(own) for own in read])[:-1]
        return [
            taken(own, self._choose(part), cut, len(own) - len(part))
            for (own, cut), part in zip(texts, np.split(vectors, ends), strict=True)
        ]

    def _choose(self, vectors: Vectors) -> list[int]:
        scores = centroid(vectors) if self.method == "centroid" else lexrank(vectors, self.threshold)
        return choose(scores, vectors, self.sentences, self.redundancy)

    def _opened(self) -> Encoder:
        if not hasattr(self, "encoder_"):
            given = self.encoder
            self.encoder_: Encoder = SentenceEncoder.load(given) if isinstance(given, (str, Path)) else given
        return self.encoder_


def grouped(texts: Texts) -> Iterator[list[Split]]:
    """Yield the texts, split, in groups of about GROUP sentences."""
    group: list[Split] = []
    size = 0
    for text in texts:
        group.append(split(text))
        size += 1 + min(len(group[-1][0]), MOST)
        if size >= GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def taken(own: list[str], places: list[int], cut: int, unread: int = 0) -> Extract:
    """Return the chosen sentences of a text."""
    return Extract([own[place] for place in places], places, len(own), cut, unread)
