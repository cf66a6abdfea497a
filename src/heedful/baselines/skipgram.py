"""Word vectors by skip-gram with negative sampling (Mikolov et al. 2013, `Distributed Representations`)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from heedful.estimator import Clock
from heedful.train.cores import pool
from heedful.types import Ints, Vectors

BATCH = 512  # pairs that share one draw of negative words
DRAWN = 64  # negative words in a draw
LONGEST = 4.0  # length at which a vector is read: words that stand often in one batch would diverge
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
    epochs: int = 15,
    min_count: int = 2,
    subsample: float = 3e-4,
    rate: float = 0.2,
    seed: int = 0,
    seconds: float | None = None,
) -> WordVectors:
    """Learn to tell the words within a window of a word from words drawn by frequency^0.75 (equation 4).

    Frequent words are skipped with probability 1 - sqrt(subsample / frequency) (equation 5), the window is
    drawn from 1..window for each word, and the rate falls linearly to 0. A batch shares its negative words
    (Ji et al. 2016), weighted so that the expected loss is that of `negatives` draws for each pair.
    `seconds` ends the training early. One thread: the steps are small, and so the seed alone decides.
    """
    corpus = Corpus(sentences, min_count, subsample, np.random.default_rng(seed))
    start = (corpus.random.random((len(corpus.vocabulary), width), dtype=np.float32) - 0.5) / width
    centre, context = torch.from_numpy(start), torch.zeros(start.shape)
    clock, weight = Clock(seconds), negatives / DRAWN
    done, total = 0.0, float(epochs * len(corpus.sentences))
    with pool():
        for words, neighbours, share in corpus.batches(window, epochs):
            if clock.left() < 0:
                break
            step(centre, context, words, neighbours, corpus.draw(DRAWN), weight, rate * (1 - done / total))
            done += share
    return WordVectors(
        vocabulary=corpus.vocabulary,
        vectors=torch.renorm(centre, 2, 0, LONGEST).numpy(),
        epochs=epochs if done > total - 0.5 else epochs * done / total,
    )


def step(
    centre: Tensor,
    context: Tensor,
    words: Tensor,
    neighbours: Tensor,
    drawn: Tensor,
    weight: float,
    rate: float,
) -> None:
    """Go up the gradient of log s(v.u) + weight * sum over the drawn of log s(-v.u), in place."""
    v, u, others = (
        torch.renorm(matrix[rows], 2, 0, LONGEST)
        for matrix, rows in ((centre, words), (context, neighbours), (context, drawn))
    )  # (B, W) (B, W) (D, W)
    pull = 1 - torch.sigmoid((v * u).sum(dim=1, keepdim=True))  # (B, 1)
    push = weight * torch.sigmoid(v @ others.T) * (drawn != neighbours[:, None])  # (B, D)
    centre.index_add_(0, words, pull * u - push @ others, alpha=rate)
    context.index_add_(0, neighbours, pull * v, alpha=rate)
    context.index_add_(0, drawn, push.T @ v, alpha=-rate)


class Corpus:
    """Sentences as word numbers, and the draws that skip-gram makes from them."""

    def __init__(
        self,
        sentences: Sequence[Sequence[str]],
        min_count: int,
        subsample: float,
        random: np.random.Generator,
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

    def batches(self, window: int, epochs: int) -> Iterator[tuple[Tensor, Tensor, float]]:
        """Yield words (B,), their neighbours (B,), and how many sentences' worth of pairs that is."""
        for _ in range(epochs):
            order = self.random.permutation(len(self.sentences))
            for start in range(0, len(order), CHUNK):
                chunk = order[start : start + CHUNK]
                pairs = self.pairs([self.sentences[i] for i in chunk], window)  # (2, P)
                words, neighbours = torch.from_numpy(self.random.permutation(pairs, axis=1))
                parts = -(-len(words) // self.batch) or 1
                for part in range(parts):
                    cut = slice(part * self.batch, (part + 1) * self.batch)
                    yield words[cut], neighbours[cut], len(chunk) / parts

    def pairs(self, sentences: list[Ints], window: int) -> Ints:
        """Return every word with each neighbour inside its own drawn window: (2, P)."""
        owner = np.repeat(np.arange(len(sentences)), [len(sentence) for sentence in sentences])
        words = np.concatenate(sentences)
        kept = self.random.random(len(words)) < self.kept[words]
        owner, words = owner[kept], words[kept]
        reach = self.random.integers(1, window + 1, len(words))
        found: list[Ints] = []
        for distance in range(1, min(window, len(words) - 1) + 1):
            left = np.flatnonzero(owner[distance:] == owner[:-distance])
            right = left + distance
            for here, there in ((left, right), (right, left)):
                inside = reach[here] >= distance
                found.append(np.stack([words[here[inside]], words[there[inside]]]))
        return np.concatenate(found, axis=1) if found else np.zeros((2, 0), dtype=np.int64)
