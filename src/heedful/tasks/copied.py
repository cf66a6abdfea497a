"""How much of a summary is copied from its document, and which of its words stand nowhere in it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from heedful.errors import DataError
from heedful.intervals import bounded
from heedful.tasks.rouge import grams, rouge_words
from heedful.types import Floats, Texts

LENGTHS = (1, 2, 3, 4)  # words of an n-gram


@dataclass(frozen=True)
class Copied:
    """What N summaries took over: `shares` (N, 4) of their n-grams of 1 to 4 words stand in the document.

    A share is NaN where the summary has no such n-gram. `words` are those of each summary that stand nowhere
    in its document, each once, in order. Another form of a word ("cats" for "cat") is another word.
    """

    shares: Floats
    words: list[list[str]]

    @property
    def invented(self) -> Floats:
        """The share of each summary's words that stand nowhere in its document: (N,), NaN for no word."""
        return 1.0 - self.shares[:, 0]

    def figures(self) -> dict[str, Any]:
        """Return the means over the summaries that have such n-grams, with their 95 % intervals."""
        columns = {f"copied{n}": self.shares[:, place] for place, n in enumerate(LENGTHS)}
        columns["invented"] = self.invented
        known = {name: column[~np.isnan(column)] for name, column in columns.items()}
        return {name: bounded(column) for name, column in known.items() if len(column)}


def copied(summaries: Texts, documents: Texts) -> Copied:
    """Compare N summaries with the N documents they are of (as in See et al. 2017, figure 6)."""
    if isinstance(summaries, str) or isinstance(documents, str) or len(summaries) != len(documents):
        raise DataError("expected lists of as many summaries as documents. Wrap a single one in a list.")
    shares, words = [], []
    for summary, document in zip(summaries, documents, strict=True):
        ours, theirs = rouge_words(summary), rouge_words(document)
        known = set(theirs)
        shares.append([share(ours, theirs, n) for n in LENGTHS])
        words.append(list(dict.fromkeys(word for word in ours if word not in known)))
    return Copied(np.array(shares, dtype=np.float64).reshape(-1, len(LENGTHS)), words)


def share(ours: list[str], theirs: list[str], n: int) -> float:
    """Return the share of our n-grams, each as often as it stands there, that are among theirs."""
    mine, known = grams(ours, n), grams(theirs, n)
    kept = sum(count for gram, count in mine.items() if gram in known)
    return kept / mine.total() if mine else float("nan")
