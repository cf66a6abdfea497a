"""Word vectors: skip-gram with negative sampling (Mikolov et al. 2013) and GloVe (Pennington et al. 2014).

Words that stand in like company get like vectors; to one-hot vectors all words are equally strange. The mean
of word vectors does not know the order of words. Shapes: V words, the most frequent first, W width.
"""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import torch
from torch import nn

from heedful.baselines.skipgram import train_vectors
from heedful.lineage import glove
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.lineage.pictures import named
from heedful.lineage.prose import frequent, sentences
from heedful.types import Floats, Ints

Cosine = Callable[[Ints, Ints], Floats]
WIDTH, WINDOW = 50, 5
DRAWS = 200  # random pairs for each related one
GROUPS = {
    "countries": "france germany italy spain russia japan china greece austria poland india egypt",
    "months": "january february march april june july august september october november december",
    "numbers": "one two three four five six seven eight nine ten",
    "family": "father mother brother sister son daughter wife king queen prince",
    "colours": "red blue green yellow white black brown",
    "languages": "french german english spanish italian russian japanese chinese greek latin",
    "sciences": "physics chemistry biology mathematics astronomy geology",
    "directions": "north south east west northern southern eastern western",
    "metals": "iron copper gold silver lead zinc",
    "artists": "writer poet novelist actor actress singer composer",
}
DRAWN = ("countries", "numbers", "family")
ANALOGIES = (  # a is to b as c is to d, for any two pairs of a line
    "france paris germany berlin italy rome spain madrid russia moscow japan tokyo greece athens",
    "france french germany german italy italian spain spanish russia russian japan japanese",
    "he she his her man woman king queen father mother brother sister",
    "large larger small smaller high higher long longer",
    "large largest small smallest high highest long longest",
)
SENTENCES = ("man", "became", "king"), ("king", "became", "man")


class Vectors:
    """A table of vectors (V, W) with their words; cosines are those of the vectors off their mean."""

    def __init__(self, vocabulary: Sequence[str], table: Floats) -> None:
        self.words, self.table = list(vocabulary), table
        self.place = {word: i for i, word in enumerate(self.words)}
        centred = table - table.mean(axis=0)
        self.unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)

    def cosine(self, one: Ints, other: Ints) -> Floats:
        """Return the cosines of words with words, place by place."""
        return np.einsum("...w,...w->...", self.unit[one], self.unit[other])  # type: ignore[no-any-return]

    def analogies(self, within: int) -> float:
        """Return how often d is among the nearest to b - a + c, those three left out."""
        right = []
        for line in ANALOGIES:
            flat = line.split()
            pairs = [p for p in zip(flat[::2], flat[1::2], strict=True) if set(p) <= self.place.keys()]
            for (a, b), (c, d) in combinations(pairs, 2):
                one, other, third, wanted = (self.place[word] for word in (a, b, c, d))
                cosines = self.unit @ (self.unit[other] - self.unit[one] + self.unit[third])
                cosines[[one, other, third]] = -np.inf
                right.append((cosines > cosines[wanted]).sum() < within)
        return float(np.mean(right)) if right else float("nan")

    def bag(self, text: Sequence[str]) -> Floats:
        """Return the mean vector of a text, from how often it has each word: (W,)."""
        counts = np.bincount([self.place[word] for word in text], minlength=len(self.words))
        return counts @ self.table / len(text)


def one_hot(one: Ints, other: Ints) -> Floats:
    """Return the cosines of one-hot vectors: 1 of a word with itself, 0 of any two words."""
    return np.equal(one, other).astype(np.float64)


def nearer(words: Ints, size: int, cosine: Cosine, random: np.random.Generator) -> float:
    """Return how often two of these words are nearer than two random ones of like frequency (ties half).

    A random word has a rank of 0.8 to 1.25 times that of the word it stands for, and is another word.
    """
    pairs = np.array(list(combinations(words, 2)))
    ranks = (pairs[:, None] + 1) * random.uniform(0.8, 1.25, (len(pairs), DRAWS, 2))
    drawn = np.minimum(ranks.astype(np.int64), size - 1)
    two, chance = drawn[..., 0] != drawn[..., 1], cosine(drawn[..., 0], drawn[..., 1])
    related = cosine(pairs[:, 0], pairs[:, 1])[:, None]
    return float(((related > chance) + 0.5 * (related == chance))[two].mean())


def by_group(vocabulary: Sequence[str], cosine: Cosine, seed: int) -> list[float]:
    """Return `nearer` for each group of which the text has three words or more."""
    random, place = np.random.default_rng(seed), {word: i for i, word in enumerate(vocabulary)}
    known = (np.array([place[w] for w in group.split() if w in place]) for group in GROUPS.values())
    return [nearer(words, len(vocabulary), cosine, random) for words in known if len(words) > 2]


def read_in_order(vectors: Vectors, text: Sequence[str], seed: int) -> Floats:
    """Return the last state of an untrained LSTM that reads the vectors one by one."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        reader = nn.LSTM(vectors.table.shape[1], 16).double()
    with torch.inference_mode():
        rows = torch.tensor(np.array([vectors.table[vectors.place[word]] for word in text]))
        return reader(rows.double())[0][-1].numpy()  # type: ignore[no-any-return]


def apart(one: Floats, other: Floats) -> float:
    """Return how far two vectors are apart, as a share of their length."""
    return float(np.linalg.norm(one - other) / np.linalg.norm(one))


def plane_of(vectors: Vectors) -> str:
    """Draw some groups by the two directions in which they spread most (PCA)."""
    known = {name: [w for w in GROUPS[name].split() if w in vectors.place] for name in DRAWN}
    rows = vectors.unit[[vectors.place[word] for words in known.values() for word in words]]
    centred = rows - rows.mean(axis=0)
    points = iter(centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T)
    groups = [(name, [(word, next(points)) for word in words]) for name, words in known.items()]
    return named(groups, "Words in a plane", "groups of words by the company they keep")


def run(effort: Effort) -> Outcome:
    """Learn both kinds of vectors from one text; related words, analogies, and what a mean forgets."""
    texts = sentences(effort, effort.choose(2_000_000, 130_000))
    at_least = effort.choose(10, 4)
    vocabulary = frequent(texts, at_least)
    trained = train_vectors(
        texts, width=WIDTH, window=WINDOW, epochs=effort.choose(3, 2), min_count=at_least, seed=effort.seed
    )
    order = np.argsort([vocabulary.index(word) for word in trained.vocabulary])
    skipgram = Vectors(vocabulary, trained.vectors[order].astype(np.float64))
    counts = glove.together(texts, vocabulary, WINDOW)
    factors = glove.factorise(counts, WIDTH, effort.seed, effort.choose(10, 6))[0]
    factored = Vectors(vocabulary, factors.astype(np.float64))
    one, other = SENTENCES
    read = [read_in_order(skipgram, text, effort.seed) for text in SENTENCES]
    company, none = "shown by examples, not by a figure", "no pair is nearer than another"
    told = " for each group of related words, how often a pair is nearer than a random one"
    bags = [apart(vectors.bag(one), vectors.bag(other)) for vectors in (skipgram, factored)]
    gates = [
        Gate(f"skip-gram:{told}", company, by_group(vocabulary, skipgram.cosine, effort.seed),
             least=0.85, by="mean"),
        Gate(f"GloVe:{told}", company, by_group(vocabulary, factored.cosine, effort.seed),
             least=0.65, by="mean"),
        Gate(f"one-hot:{told}", none, by_group(vocabulary, one_hot, effort.seed), least=0.5, most=0.5),
        Gate("man became king, king became man: how far the means are apart", "0", bags, most=0),
        Gate("the same, states of a recurrent net", "not 0", [apart(*read)], least=0.01),
    ]  # fmt: skip
    gates += [
        Gate(f"analogies, {name}: right among the {within} nearest", paper, [vectors.analogies(within)])
        for name, vectors, paper in (
            ("skip-gram", skipgram, "61 % at best, from a billion words (unverified)"),
            ("GloVe", factored, "75 % from 42 billion words (unverified)"),
        )
        for within in (1, 10)
    ]
    return Outcome(
        gates,
        [Picture("Words in a plane", "Skip-gram; nobody told it what a country is.", plane_of(skipgram))],
    )
