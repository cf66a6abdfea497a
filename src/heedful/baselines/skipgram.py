"""Word vectors by skip-gram with negative sampling (Mikolov et al. 2013, `Distributed Representations`)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from heedful.estimator import Clock
from heedful.types import Ints, Vectors

BATCH = 128  # pairs that share one draw of negative words; far larger ones make frequent words diverge
DRAWN = 32  # negative words in a draw
CHUNK = 2000  # sentences whose pairs are in memory at a time


@dataclass(frozen=True, kw_only=True)
class WordVectors:
    """One vector per word, words sorted: `vectors` is (V, W); `epochs` says how many were trained."""

    vocabulary: list[str]
    vectors: Vectors
    epochs: float

    def nearest(self, word: str, count: int = 10) -> list[tuple[str, float]]:
        """Return the words with the largest cosine to `word`, without itself."""
        unit = self.vectors / np.maximum(np.linalg.norm(self.vectors, axis=1, keepdims=True), 1e-12)
        itself = self.vocabulary.index(word)
        cosines = unit @ unit[itself]
        order = [i for i in np.argsort(-cosines, kind="stable") if i != itself][:count]
        return [(self.vocabulary[i], float(cosines[i])) for i in order]


def train_vectors(
    sentences: Sequence[Sequence[str]],
    *,
    width: int = 100,
    window: int = 5,
    negatives: int = 5,
    epochs: int = 10,
    min_count: int = 2,
    subsample: float = 1e-3,
    rate: float = 0.05,
    seed: int = 0,
    seconds: float | None = None,
) -> WordVectors:
    """Learn to tell the words within a window of a word from words drawn by frequency^0.75 (equation 4).

    Frequent words are skipped with probability 1 - sqrt(subsample / frequency) (equation 5), the window is
    drawn from 1..window for each word, and the rate falls linearly to 0. A batch shares its negative words
    (Ji et al. 2016), weighted so that the expected loss is that of `negatives` draws for each pair.
    `seconds` ends the training early.
    """
    corpus = Corpus(sentences, min_count, subsample, np.random.default_rng(seed))
    clock = Clock(seconds)
    start = (corpus.random.random((len(corpus.vocabulary), width), dtype=np.float32) - 0.5) / width
    centre, context = torch.from_numpy(start), torch.zeros(start.shape)
    weight = negatives / DRAWN
    done, total = 0.0, float(epochs * len(corpus.sentences))
    while done < total and clock.left() > 0:
        for words, neighbours, read in corpus.batches(window):
            step(centre, context, words, neighbours, corpus.draw(DRAWN), weight, rate * (1 - done / total))
            done += read
            if clock.left() < 0:
                break
    reached = epochs * min(1.0, done / max(1.0, total))
    return WordVectors(vocabulary=corpus.vocabulary, vectors=centre.numpy(), epochs=reached)


def step(
    centre: Tensor, context: Tensor, words: Tensor, neighbours: Tensor, drawn: Tensor, weight: float, rate: float
) -> None:
    """Go up the gradient of log s(v.u) + weight * sum over the drawn of log s(-v.u), in place.

    A word that stands many times in the batch moves at most as far as one step of rate 1 would take it.
    """
    v, u, others = centre[words], context[neighbours], context[drawn]  # (B, W) (B, W) (D, W)
    pull = rate * (1 - torch.sigmoid((v * u).sum(dim=1)))  # (B,)
    push = rate * weight * torch.sigmoid(v @ others.T) * (drawn != neighbours[:, None])  # (B, D)
    moves = pull[:, None] * u - push @ others
    centre.index_add_(0, words, moves * share(words, pull + push.sum(dim=1), len(centre)))
    rows, mass = torch.cat([neighbours, drawn]), torch.cat([pull, push.sum(dim=0)])
    moves = torch.cat([pull[:, None] * v, -push.T @ v])
    context.index_add_(0, rows, moves * share(rows, mass, len(context)))


def share(rows: Tensor, mass: Tensor, size: int) -> Tensor:
    """Return by how much each move must shrink so that no row is moved by a mass above 1: (N, 1)."""
    total = torch.zeros(size).index_add_(0, rows, mass)
    return 1 / total[rows].clamp(min=1)[:, None]


class Corpus:
    """Sentences as word numbers, and the draws that skip-gram makes from them."""

    def __init__(
        self, sentences: Sequence[Sequence[str]], min_count: int, subsample: float, random: np.random.Generator
    ) -> None:
        counts = Counter(word for sentence in sentences for word in sentence)
        self.random = random
        self.vocabulary = sorted(w for w, n in counts.items() if n >= min_count) or sorted(counts)
        columns = {word: i for i, word in enumerate(self.vocabulary)}
        known = ([columns[word] for word in sentence if word in columns] for sentence in sentences)
        self.sentences = [np.array(numbers, dtype=np.int64) for numbers in known if len(numbers) > 1]
        frequency = np.array([counts[word] for word in self.vocabulary], dtype=np.float64)
        self.kept = np.minimum(1.0, np.sqrt(subsample * frequency.sum() / np.maximum(1.0, frequency)))
        self.odds = np.cumsum(frequency**0.75)
        self.batch = min(BATCH, max(16, len(self.vocabulary) // 8))

    def draw(self, count: int) -> Tensor:
        """Return `count` words drawn by frequency^0.75."""
        points = self.random.random(count) * self.odds[-1]
        return torch.from_numpy(np.searchsorted(self.odds, points, side="right"))

    def batches(self, window: int) -> Iterator[tuple[Tensor, Tensor, float]]:
        """Yield one epoch: words (B,), their neighbours (B,), and how many sentences that accounts for."""
        order = self.random.permutation(len(self.sentences))
        for start in range(0, len(order), CHUNK):
            chunk = order[start : start + CHUNK]
            words, neighbours = self.pairs([self.sentences[i] for i in chunk], window)
            shuffled = torch.from_numpy(self.random.permutation(len(words)))
            words, neighbours = torch.from_numpy(words)[shuffled], torch.from_numpy(neighbours)[shuffled]
            parts = max(1, -(-len(words) // self.batch))
            for part in range(parts):
                cut = slice(part * self.batch, (part + 1) * self.batch)
                yield words[cut], neighbours[cut], len(chunk) / parts

    def pairs(self, sentences: list[Ints], window: int) -> tuple[Ints, Ints]:
        """Return every word with each neighbour inside its own drawn window."""
        owner = np.repeat(np.arange(len(sentences)), [len(sentence) for sentence in sentences])
        words = np.concatenate(sentences)
        kept = self.random.random(len(words)) < self.kept[words]
        owner, words = owner[kept], words[kept]
        reach = self.random.integers(1, window + 1, len(words))
        found: list[Ints] = []
        for distance in range(1, window + 1):
            left = np.flatnonzero(owner[distance:] == owner[:-distance])
            right = left + distance
            for here, there in ((left, right), (right, left)):
                inside = reach[here] >= distance
                found.append(np.stack([words[here[inside]], words[there[inside]]]))
        first, second = np.concatenate(found, axis=1)
        return first, second
