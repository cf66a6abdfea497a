"""Documents as words, and which of the words say what a text is about: no list of any language."""

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from heedful.baselines.terms import count, numbered
from heedful.text.words import IDEOGRAMS, vocabulary, words
from heedful.types import Floats, Texts, Vectors

MOST = 50_000  # words in the vocabulary
AT_LEAST = 5  # documents that a word stands in, fewer where there are few documents
SAYING = 0.04  # what a word must say about its documents' vectors, as a share of their variance
LUCK = 1.5  # times what is expected by chance, that says nothing
SIGN = re.compile(f"[{IDEOGRAMS}]")


@dataclass(frozen=True)
class Terms:
    """N documents as words in order, and as counts (N, V) of the V words that a topic can be told by."""

    documents: list[list[str]]
    vocabulary: list[str]
    counts: sp.csr_matrix


def spoken(text: str) -> list[str]:
    """Return the words that have a letter, without endings such as 's; signs of Chinese go in pairs."""
    found: list[str] = []
    signs: list[str] = []
    for word in [*words(text), ""]:
        if SIGN.match(word):
            signs.append(word)
            continue
        if signs:
            found += [left + right for left, right in pairwise(signs)] or signs
            signs = []
        if len(word) > 1 and word[0] != "'" and word != "n't" and any(map(str.isalpha, word)):
            found.append(word)
    return found


def terms(texts: Texts, vectors: Vectors) -> Terms:
    """Return the documents as words; those that say nothing about the vectors (N, W) are left out."""
    documents = [spoken(text) for text in texts]
    at_least = max(1, min(AT_LEAST, len(texts) // 100))
    known = vocabulary(documents, at_least, MOST)
    counts = count(documents, numbered(known)).astype(np.float32)
    kept = np.flatnonzero(saying(counts, vectors) >= SAYING)[: len(known)]
    if not len(kept):
        kept = np.arange(len(known))
    return Terms(documents, [known[column] for column in kept], counts[:, kept].tocsr())


def saying(counts: sp.csr_matrix, vectors: Vectors) -> Floats:
    """Return, for each of V words, what it says about the vectors (N, W) of the documents that have it.

    That is the squared distance of their mean from the mean of all, beyond 1.5 times what as many documents
    drawn at random would have, as a share of the variance. Words that stand everywhere have about 0 or less.
    """
    centred = vectors - vectors.mean(axis=0)
    variance = float((centred**2).sum(axis=1).mean()) or 1.0
    present = counts.copy()
    present.data[:] = 1.0
    frequency = np.maximum(np.asarray(present.sum(axis=0)).ravel(), 1.0)
    means = (present.T @ centred) / frequency[:, None]
    total = len(vectors)
    chance = (1.0 / frequency) * (total - frequency) / max(1, total - 1)
    return np.asarray((means**2).sum(axis=1) / variance - LUCK * chance, dtype=np.float64)
