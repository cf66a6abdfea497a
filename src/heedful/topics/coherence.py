"""How good topics are by their words: do they stand together (NPMI), are they of one topic (diversity)?"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import scipy.sparse as sp

from heedful.types import Floats, Ints

WINDOW = 10  # words that count as standing together
TOP = 10  # words of a topic that are scored
TINY = 1e-12  # the share of windows that is added, so that two words which never meet have a score
WINDOWS = 1 << 20  # counted at a time

Words = Sequence[Sequence[str]]


def npmi(topics: Words, documents: Words, window: int | None = WINDOW, top: int = TOP) -> Floats:
    """Return the normalised pointwise mutual information of each topic, the mean over pairs of `top` words.

    log(P(a, b) / P(a) P(b)) / -log P(a, b) (Bouma 2009; Lau et al. 2014): -1 never together, 1 always.
    P is the share of windows of `window` words, slid over the documents word by word; None: of documents.
    With 10 these are the figures of OCTIS and of `c_npmi` in gensim. NaN for a topic of fewer than 2 words.
    """
    chosen = [list(dict.fromkeys(words))[:top] for words in topics]
    columns = {word: i for i, word in enumerate(sorted({word for words in chosen for word in words}))}
    shares = together(documents, columns, window)
    alone = np.diag(shares)
    scores = np.full(len(chosen), np.nan)
    for row, words in enumerate(chosen):
        pairs = np.array(list(combinations([columns[word] for word in words], 2)), dtype=np.int64)
        if len(pairs):
            left, right = pairs.T
            both = shares[left, right] + TINY
            expected = np.maximum(alone[left] * alone[right], TINY**2)
            scores[row] = np.mean(np.log(both / expected) / -np.log(np.minimum(both, 1 - TINY)))
    return scores


def together(documents: Words, columns: dict[str, int], window: int | None) -> Floats:
    """Return the share of windows that have both of two words, or, on the diagonal, the word: (V, V)."""
    size = max(1, len(columns))
    met, total = np.zeros((size, size)), 0
    rows: list[Ints] = []
    found: list[Ints] = []
    begun = 0
    for number, document in enumerate(documents, 1):
        places, words = known(document, columns)
        count = 1 if window is None else max(1, len(document) - window + 1)
        if len(document):
            hit, word = windows(places, words, count, window)
            rows.append(begun + hit)
            found.append(word)
            begun += count
        if rows and (begun >= WINDOWS or number == len(documents)):
            met += meetings(np.concatenate(rows), np.concatenate(found), begun, size)
            total, begun, rows, found = total + begun, 0, [], []
    return met / max(1, total)


def known(document: Sequence[str], columns: dict[str, int]) -> tuple[Ints, Ints]:
    """Return where in a document scored words stand, and which."""
    pairs = [(place, columns[word]) for place, word in enumerate(document) if word in columns]
    places, words = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return places, words


def windows(places: Ints, words: Ints, count: int, window: int | None) -> tuple[Ints, Ints]:
    """Return the windows that each word stands in, of the `count` windows of its document."""
    if window is None or count == 1:
        return np.zeros(len(places), dtype=np.int64), words
    hit = (places[:, None] - np.arange(window)[None, :]).ravel()
    inside = (hit >= 0) & (hit < count)
    return hit[inside], np.repeat(words, window)[inside]


def meetings(rows: Ints, words: Ints, count: int, size: int) -> Floats:
    """Return in how many of `count` windows two words meet: (V, V)."""
    present = sp.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, words)), shape=(count, size))
    present.data[:] = 1.0
    return np.asarray((present.T @ present).toarray(), dtype=np.float64)


def diversity(topics: Words, top: int = TOP) -> float:
    """Return the share of different words among the `top` words of all topics (Dieng et al. 2020)."""
    listed = [word for words in topics for word in words[:top]]
    return len(set(listed)) / len(listed) if listed else float("nan")
