"""Which words tell a topic: class-based TF-IDF, variety, and a name."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from heedful.types import Floats, Ints

CLOSENESS = 6.0  # a document counts by this power of its cosine with its topic
EXCLUSIVE = 0.15  # the power by which words of several topics step back
CANDIDATES = 30  # words among which varied ones are chosen
JOINED = 0.3  # two words of a name are one term where so many of the rarer one's uses are side by side


def class_tf_idf(counts: sp.csr_matrix, labels: Ints, topics: int, close: Floats | None = None) -> Floats:
    """Return what each of V words weighs in each of K topics: (K, V) (Grootendorst 2022, equation 1).

    tf(w, k) log(1 + A / f(w)), A the mean number of words per topic. A word counts once in a document, and
    one of the N documents the more the closer it is to its topic (`close`: the cosine). Outliers count not.
    """
    rows = np.flatnonzero(labels >= 0)
    weight = np.ones(len(rows)) if close is None else np.maximum(close[rows], 1e-3) ** CLOSENESS
    member = sp.csr_matrix((weight, (labels[rows], rows)), shape=(topics, len(labels)))
    present = counts.copy()
    present.data[:] = 1.0
    told = np.asarray((member @ present).todense(), dtype=np.float64)
    everywhere = told.sum(axis=0)
    mean = told.sum() / max(1, topics)
    share = told / np.maximum(told.sum(axis=1, keepdims=True), 1e-12)
    return np.asarray(share * np.log1p(mean / np.maximum(everywhere, 1e-12)))


def exclusive(weights: Floats) -> Floats:
    """Return the weights (K, V) times a small power of each word's share in a topic of its weight in all.

    Words of several topics step back for those of one, as in FREX (Bischof and Airoldi 2012).
    """
    share = weights / np.maximum(weights.sum(axis=0, keepdims=True), 1e-12)
    return np.asarray(weights * share**EXCLUSIVE)


def top(weights: Floats, vocabulary: Sequence[str], count: int, variety: float) -> list[tuple[str, float]]:
    """Return the `count` words of greatest weight that do not repeat each other, with their weights.

    Maximal marginal relevance (Carbonell and Goldstein 1998): each next word has the greatest
    (1 - variety) weight - variety likeness to one before it; words are alike that are spelt alike.
    """
    best = np.argsort(-weights, kind="stable")[: max(CANDIDATES, count)]
    waiting = [int(column) for column in best if weights[column] > 0]
    largest = float(weights[waiting[0]]) if waiting else 1.0
    likeness = dict.fromkeys(waiting, 0.0)
    found: list[tuple[str, float]] = []
    while waiting and len(found) < count:
        chosen = max(waiting, key=lambda c: (1 - variety) * weights[c] / largest - variety * likeness[c])
        waiting.remove(chosen)
        found.append((vocabulary[chosen], float(weights[chosen])))
        for column in waiting:
            likeness[column] = max(likeness[column], alike(vocabulary[chosen], vocabulary[column]))
    return found


def alike(one: str, other: str) -> float:
    """Return how alike two words are spelt: Dice's coefficient of their three-letter parts, ends marked."""
    left, right = ({f" {word} "[i : i + 3] for i in range(len(word))} for word in (one, other))
    return 2 * len(left & right) / max(1, len(left) + len(right))


def names(topics: Sequence[Sequence[str]], documents: Sequence[Sequence[str]], labels: Ints) -> list[str]:
    """Return a name for each topic, no two alike: three words, those joined that stand side by side."""
    firsts = [set(words[:5]) for words in topics]
    alone: list[Counter[str]] = [Counter() for _ in topics]
    beside: list[Counter[tuple[str, str]]] = [Counter() for _ in topics]
    for document, label in zip(documents, labels, strict=True):
        if label < 0:
            continue
        mine = firsts[label]
        alone[label].update(word for word in document if word in mine)
        beside[label].update(pair for pair in pairwise(document) if mine.issuperset(pair))
    given: list[str] = []
    for words, single, pairs in zip(topics, alone, beside, strict=True):
        parts = joined(words, single, pairs)
        size = min(3, len(parts))
        while size < len(parts) and ", ".join(parts[:size]) in given:
            size += 1
        name = ", ".join(parts[:size]) or "no words"
        given.append(name if name not in given else f"{name} ({given.count(name) + len(given)})")
    return given


def joined(words: Sequence[str], alone: Counter[str], beside: Counter[tuple[str, str]]) -> list[str]:
    """Return the words in order, two of them as one where they mostly stand side by side."""
    parts: list[str] = []
    used: set[str] = set()
    for word in words:
        if word in used:
            continue
        pairs = [pair for pair in beside if word in pair and pair[0] != pair[1] and not used & {*pair}]
        best = max(pairs, key=lambda pair: (beside[pair], pair), default=None)
        if best and beside[best] >= JOINED * min(alone[best[0]], alone[best[1]]) and beside[best] > 1:
            parts.append(" ".join(best))
            used |= {*best}
        else:
            parts.append(word)
            used.add(word)
    return parts
