"""ROUGE: how much a summary shares with the one that was wanted (Lin 2004), with intervals over the pairs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heedful.errors import DataError
from heedful.intervals import bounded
from heedful.text.words import plain_words
from heedful.types import Floats, Texts

METRICS = ("rouge1", "rouge2", "rougeL")
SIDES = ("precision", "recall", "f1")


def rouge_words(text: str) -> list[str]:
    """Split into the words that ROUGE counts: runs of letters and digits, lower-cased, not stemmed.

    For ASCII these are the words of Google's `rouge_score`. That knows a-z and 0-9 only: it cuts "naïve" into
    "na" and "ve" and finds no word in Greek, so values differ there. Here the letters of every script count,
    however their accents are written, and each sign of Chinese and Japanese is a word.
    """
    return plain_words(text)


def grams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """Count the runs of `n` words."""
    return Counter(zip(*(words[start:] for start in range(n)), strict=False))


def common(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return the length of the longest common subsequence of two lists of words.

    The rows of the table are bits of one number (Hyyrö 2004): one step for each word of `theirs`.
    """
    places: dict[str, int] = {}
    for place, word in enumerate(ours):
        places[word] = places.get(word, 0) | 1 << place
    full = (1 << len(ours)) - 1
    row = full
    for word in theirs:
        met = row & places.get(word, 0)
        row = (row + met | row - met) & full
    return len(ours) - row.bit_count()


def rates(shared: int, found: int, wanted: int) -> tuple[float, float, float]:
    """Return precision, recall and F1 of `shared` things among those found and those wanted."""
    return shared / max(found, 1), shared / max(wanted, 1), 2 * shared / max(found + wanted, 1)


def pair(found: str, wanted: str) -> list[tuple[float, float, float]]:
    """Return precision, recall and F1 of one summary by each of METRICS; 0 where there is nothing to count.

    Lin (2004): equations 1 (n-grams) and 2 to 4 (longest common subsequence over the whole text, beta = 1).
    """
    ours, theirs = rouge_words(found), rouge_words(wanted)
    scored = []
    for n in (1, 2):
        mine, yours = grams(ours, n), grams(theirs, n)
        scored.append(rates((mine & yours).total(), mine.total(), yours.total()))
    return [*scored, rates(common(ours, theirs), len(ours), len(theirs))]


@dataclass(frozen=True)
class RougeScores:
    """What N summaries score: `values` (N, 3, 3) by METRICS and by precision, recall and F1."""

    values: Floats

    def of(self, metric: str, side: str = "f1") -> Floats:
        """Return one figure of each summary: (N,)."""
        return self.values[:, METRICS.index(metric), SIDES.index(side)]

    def figures(self) -> dict[str, Any]:
        """Return the means with their 95 % bootstrap intervals, by metric and side."""
        means = {metric: {side: bounded(self.of(metric, side)) for side in SIDES} for metric in METRICS}
        return {"pairs": len(self.values), **means}

    def beyond(self, other: "RougeScores") -> dict[str, dict[str, float]]:
        """Return by how much F1 is above another system's on the same N rows, with paired 95 % intervals."""
        if len(self.values) != len(other.values):
            sizes = f"{len(self.values):,} and {len(other.values):,}"
            raise DataError(f"the systems have {sizes} summaries; expected as many, of the same rows.")
        return {metric: bounded(self.of(metric) - other.of(metric)) for metric in METRICS}


def rouge(found: Texts, wanted: Texts) -> RougeScores:
    """Score N summaries against N references by ROUGE-1, ROUGE-2 and ROUGE-L."""
    if isinstance(found, str) or isinstance(wanted, str) or len(found) != len(wanted):
        raise DataError("expected lists of as many summaries as references. Wrap a single one in a list.")
    scored = [pair(ours, theirs) for ours, theirs in zip(found, wanted, strict=True)]
    return RougeScores(np.array(scored, dtype=np.float64).reshape(-1, len(METRICS), len(SIDES)))
