"""The unigram model of pieces (Kudo 2018, section 3.2): many pieces, EM, and the least missed ones taken out.

The tokenizers library can train one too, but gives another model at each run, and takes ten times as long.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from heedful.text.words import MARKS
from heedful.types import Floats, Ints

BLANK = "▁"
LONGEST_WORD, LONGEST_PIECE = 24, 16  # characters; longer words are cut
MOST_WORDS = 200_000  # the most frequent; each takes some kilobytes while pieces are learned
COVERAGE = 0.9995  # of all characters; the rarest others are unknown, as in SentencePiece
SEEDS, SHRINK, PASSES = 10, 0.75, 2  # seeds per piece asked for; share kept in each round; EM steps in each
LEAST = 1e-3  # expected count of a piece that is never used: keeps probabilities above zero
WORD = re.compile(rf"{BLANK}?[\w{MARKS}]+|{BLANK}?[^\w\s{MARKS}{BLANK}]+|\s|{BLANK}")


class Words:
    """The distinct words of texts, each with the blank before it, end to end: P positions, W words."""

    def __init__(self, texts: Iterable[str]) -> None:
        found: Counter[str] = Counter()
        for text in texts:
            found.update(WORD.findall(BLANK + text.replace(" ", BLANK)))
        characters: Counter[str] = Counter({BLANK: 0})
        for word, count in found.items():
            characters.update({one: count * word.count(one) for one in set(word)})
        self.alphabet = covering(characters)
        counts: Counter[str] = Counter()
        for word, count in found.items():
            for start in range(0, len(word), LONGEST_WORD):
                counts[word[start : start + LONGEST_WORD]] += count
        known = [word for word in counts if self.alphabet.issuperset(word)]
        words = sorted(sorted(known, key=lambda word: (-counts[word], word))[:MOST_WORDS])
        self.text = "".join(words)
        self.counts = np.array([counts[word] for word in words], np.float64)  # W
        self.lengths = np.array([len(word) for word in words], np.int64)


def covering(characters: Counter[str]) -> set[str]:
    """Return the most frequent characters, as many as make up nearly all of a text."""
    ranked = sorted(characters, key=lambda one: (-characters[one], one))
    total = np.cumsum([characters[one] for one in ranked])
    return {BLANK, *ranked[: int(np.searchsorted(total, COVERAGE * total[-1])) + 1]}


@dataclass(frozen=True)
class Spans:
    """Where pieces are in the words, S spans of K pieces: piece k is text[first[k] : first[k] + size[k]]."""

    start: Ints  # S: position
    piece: Ints  # S
    first: Ints  # K
    size: Ints  # K
    count: Floats  # K: occurrences in all texts

    def keep(self, kept: NDArray[np.bool_]) -> "Spans":
        """Return the spans of some pieces, in the order they have; `kept` is over K."""
        mine, number = kept[self.piece], np.cumsum(kept) - 1
        start, piece = self.start[mine], number[self.piece[mine]]
        return Spans(start, piece, self.first[kept], self.size[kept], self.count[kept])


class Sums:
    """Sums, or maxima, of products along all ways through a lattice whose nodes have levels."""

    def __init__(self, source: Ints, target: Ints, level: Ints, piece: Ints) -> None:
        order = np.lexsort((target, level))
        self.source, self.piece = source[order], piece[order]
        self.target, self.level = target[order], level[order]

    def keep(self, kept: NDArray[np.bool_]) -> "Sums":
        """Return the lattice with the edges of some pieces alone, renumbered."""
        fewer, mine = object.__new__(Sums), kept[self.piece]
        fewer.source, fewer.target, fewer.level = self.source[mine], self.target[mine], self.level[mine]
        fewer.piece = (np.cumsum(kept) - 1)[self.piece[mine]]
        return fewer

    def run(self, chances: Floats, values: Floats, join: np.ufunc = np.add) -> Floats:
        """Fill `values` (nodes; set where ways begin) level by level."""
        firsts = np.flatnonzero(np.diff(self.target, prepend=-1))
        bounds = [*np.flatnonzero(np.diff(self.level[firsts], prepend=-1)), len(firsts)]
        edges = np.append(firsts, len(self.target))
        for low, high in pairwise(bounds):
            mine = slice(edges[low], edges[high])
            ways = values[self.source[mine]] * chances[self.piece[mine]]
            values[self.target[firsts[low:high]]] = join.reduceat(ways, firsts[low:high] - edges[low])
        return values


class Lattice:
    """All ways to cut each word into pieces; a node before each character and one after the last."""

    def __init__(self, words: Words, spans: Spans) -> None:
        word = np.repeat(np.arange(len(words.lengths)), words.lengths)
        ends = np.cumsum(words.lengths)
        mine, size = word[spans.start], spans.size[spans.piece]
        source = spans.start + mine
        left = ends[mine] - spans.start
        self.words, self.starts = words, ends - words.lengths + np.arange(len(ends))
        self.forward = Sums(source, source + size, words.lengths[mine] - left + size, spans.piece)
        self.backward = Sums(source + size, source, left, spans.piece)

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Take all but some pieces out."""
        self.forward, self.backward = self.forward.keep(kept), self.backward.keep(kept)

    def expected(self, chances: Floats) -> Floats:
        """Return how often each piece is expected in the texts: K."""
        after, before = np.zeros((2, self.words.lengths.sum() + len(self.starts)))
        after[self.starts] = 1.0
        ends = self.starts + self.words.lengths
        before[ends] = 1.0
        self.forward.run(chances, after)
        self.backward.run(chances, before)
        share = np.repeat(self.words.counts / after[ends], self.words.lengths + 1)
        edges = self.forward
        ways = after[edges.source] * chances[edges.piece] * before[edges.target] * share[edges.source]
        found: Floats = np.bincount(edges.piece, ways, minlength=len(chances)).astype(np.float64)
        return found


def learn_pieces(words: Words, most: int) -> list[tuple[str, float]]:
    """Return at most `most` pieces and their log probabilities, the likeliest first."""
    unseen = sorted(words.alphabet.difference(words.text))
    most -= len(unseen)
    spans = seeds(words, SEEDS * most)
    lattice = Lattice(words, spans)
    chances = shares(spans.count)
    while True:
        for _ in range(PASSES):
            chances = shares(lattice.expected(chances))
        if len(chances) <= most:
            break
        kept = needed(spans, chances, max(most, int(SHRINK * len(chances))))
        spans = spans.keep(kept)
        lattice.keep(kept)
        chances = shares(chances[kept])
    pieces = [words.text[a : a + n] for a, n in zip(spans.first.tolist(), spans.size.tolist(), strict=True)]
    scores = dict(zip(pieces, np.log(chances).tolist(), strict=True))
    lowest = min(scores.values())
    scores |= dict.fromkeys(unseen, lowest)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def shares(counts: Floats) -> Floats:
    """Return the probabilities of pieces from their counts."""
    counts = np.maximum(counts, LEAST)
    result: Floats = counts / counts.sum()
    return result


def seeds(words: Words, most: int) -> Spans:
    """Return all characters, and the strings within words that cover most text of those that occur twice."""
    _, codes = np.unique(np.frombuffer(words.text.encode("utf-32-le"), np.uint32), return_inverse=True)
    weight = np.repeat(words.counts, words.lengths)
    left = np.repeat(np.cumsum(words.lengths), words.lengths) - np.arange(len(codes))
    places, rank, letters = np.arange(len(codes)), codes, int(codes.max()) + 1
    found: list[tuple[Ints, ...]] = []
    counted: list[Floats] = []
    total = 0
    for size in range(1, LONGEST_PIECE + 1):
        if size > 1:  # what occurs twice begins with what occurs twice
            longer = left[places] >= size
            places, rank = places[longer], rank[longer]
            rank = rank * letters + codes[places + size - 1]
        _, first, rank = np.unique(rank, return_index=True, return_inverse=True)
        count: Floats = np.bincount(rank, weight[places]).astype(np.float64)
        often = (count >= 2) | (size == 1)
        first, count = places[first[often]], count[often]
        places, rank = places[often[rank]], (np.cumsum(often) - 1)[rank[often[rank]]]
        found.append((places, rank + total, first, np.full(len(first), size)))
        counted.append(count)
        total += len(first)
    start, piece, first, length = (np.concatenate(parts) for parts in zip(*found, strict=True))
    spans = Spans(start, piece, first, length, np.concatenate(counted))
    return spans.keep(highest(spans.count * length, length == 1, most))


def highest(values: Floats, always: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    """Return which `most` values to keep: those that must be kept, then the highest; of equals the first."""
    order = np.lexsort((np.arange(len(values)), -values, ~always))
    kept = np.zeros(len(values), np.bool_)
    kept[order[: max(most, int(always.sum()))]] = True
    return kept


def needed(spans: Spans, chances: Floats, most: int) -> NDArray[np.bool_]:
    """Return which pieces to keep: without which the texts would be least likely, and all characters."""
    best = without(spans, chances)
    used = chances * np.log(chances / np.maximum(best, np.finfo(np.float64).tiny))
    return highest(used, spans.size == 1, most)


def without(spans: Spans, chances: Floats) -> Floats:
    """Return the probability of the best way to write each piece with the others: K; 0 for characters."""
    order = np.lexsort((spans.piece, spans.start))
    begins, pieces = spans.start[order], spans.piece[order]
    wide = LONGEST_PIECE + 1
    edges: list[tuple[Ints, ...]] = []
    for offset in range(LONGEST_PIECE):
        whole = np.flatnonzero(spans.size > max(offset, 1))
        low, high = (np.searchsorted(begins, spans.first[whole] + offset, side) for side in ("left", "right"))
        number = high - low
        owner = np.repeat(whole, number)
        part = pieces[np.arange(number.sum()) + np.repeat(low - np.cumsum(number) + number, number)]
        end = offset + spans.size[part]
        fits = (end <= spans.size[owner]) & (part != owner)
        owner, part, end = owner[fits], part[fits], end[fits]
        edges.append((owner * wide + offset, owner * wide + end, end, part))
    values = np.zeros(len(chances) * wide)
    values[::wide] = 1.0
    Sums(*(np.concatenate(parts) for parts in zip(*edges, strict=True))).run(chances, values, np.maximum)
    return np.where(spans.size > 1, values[np.arange(len(chances)) * wide + spans.size], 0.0)
