"""What a topic model is worth: its words beside those of NMF and LDA, and whether it comes out again."""

import time
import warnings
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import adjusted_rand_score

from heedful.errors import NotFittedError
from heedful.topics.coherence import TOP, WINDOW, diversity, npmi
from heedful.topics.documents import Documents
from heedful.topics.model import TopicModel
from heedful.types import Ints

MOST = 5_000  # texts on which rivals and repetitions are fitted
SHARE = 0.8  # of the texts, for a repetition on a part of them
RUNS = 3

Words = Sequence[Sequence[str]]
Say = Callable[[str], None]


def scores(
    model: TopicModel, runs: int = RUNS, rivals: bool = True, say: Say = lambda _: None
) -> dict[str, Any]:
    """Return NPMI, diversity and stability of a model just fitted, and the first two of NMF and LDA.

    The rivals have as many topics, the same words, and at most 5,000 of the texts; so have the repetitions,
    `runs` of each kind (0: none).
    """
    known = model.documents_
    if known is None:
        raise NotFittedError("scores need the texts of the fit, which are not saved: fit again.")
    words = [topic.words for topic in model.topics_]
    each = npmi(words, known.terms.documents)
    found: dict[str, Any] = {
        "window": WINDOW, "top": TOP, **quality(words, known.terms.documents),
        "npmi_by_topic": [round(float(score), 4) if np.isfinite(score) else None for score in each],
        "covered": float((model.labels_ >= 0).sum() / max(1, (~model.empty_).sum())),
    }  # fmt: skip
    if rivals:
        found["rivals"] = {name: beside(name, model, known, say) for name in RIVALS}
    if runs:
        found["stability"] = stability(model, known, runs, say)
    return found


def quality(words: Words, documents: Words) -> dict[str, float]:
    """Return mean NPMI and diversity."""
    each = npmi(words, documents)
    mean = float(np.nanmean(each)) if np.isfinite(each).any() else 0.0
    return {"npmi": mean, "diversity": diversity(words)}


def nmf(counts: sp.csr_matrix, topics: int, seed: int) -> Any:
    """Return the weights of words in topics by non-negative matrix factorisation of TF-IDF: (K, V)."""
    fitted = NMF(topics, random_state=seed, init="nndsvd", max_iter=200)
    return fitted.fit(TfidfTransformer().fit_transform(counts)).components_


def lda(counts: sp.csr_matrix, topics: int, seed: int) -> Any:
    """Return the weights of words in topics by latent Dirichlet allocation (online): (K, V)."""
    fitted = LatentDirichletAllocation(topics, random_state=seed, learning_method="online", max_iter=10)
    return fitted.fit(counts).components_


RIVALS = {"NMF": nmf, "LDA": lda}


def beside(name: str, model: TopicModel, known: Documents, say: Say) -> dict[str, float]:
    """Return what a rival comes to with as many topics on the same words."""
    say(f"{name} on the same words")
    begin = time.perf_counter()
    counts = known.terms.counts[:MOST]
    topics = min(len(model.topics_), *counts.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # near enough for words
        weights = RIVALS[name](counts, topics, model.seed)
    seconds = time.perf_counter() - begin
    order = np.argsort(-weights, axis=1, kind="stable")[:, :TOP]
    words = [[known.terms.vocabulary[column] for column in row] for row in order]
    return {**quality(words, known.terms.documents), "seconds": seconds, "texts": counts.shape[0]}


def stability(
    model: TopicModel, known: Documents, runs: int = RUNS, say: Say = lambda _: None
) -> dict[str, Any]:
    """Return how alike repeated fits are: with other seeds and orders, and on other 80 % of the texts.

    The adjusted Rand index (Hubert and Arabie 1985) compares where shared texts went, 1 is the same and 0 is
    chance, outliers being a group; `words` is the mean Jaccard similarity of the words of matched topics.
    """
    texts, vectors = known.told.texts[:MOST], known.raw[:MOST]
    random = np.random.default_rng(model.seed)
    parts = {"seeds_and_orders": 1.0, "samples": SHARE}
    told: dict[str, Any] = {"runs": runs, "texts": len(texts), "share": SHARE}
    for kind, share in parts.items():
        fits = []
        for run in range(runs + (kind == "samples" or runs == 1)):
            say(f"fit again, {kind.replace('_', ' ')}, {run + 1}")
            rows = random.permutation(len(texts))[: max(2, round(share * len(texts)))]
            settings = {**model.get_params(deep=False), "encoder": None, "seed": model.seed + run + 1}
            other = TopicModel(**settings).fit([texts[row] for row in rows], vectors[rows])
            fits.append((rows, other))
        pairs = [alike(one, two, len(texts)) for one, two in combinations(fits, 2)]
        told[kind] = {
            "rand": float(np.mean([rand for rand, _ in pairs])),
            "words": float(np.mean([words for _, words in pairs])),
            "topics": [len(other.topics_) for _, other in fits],
        }
    return told


def alike(one: tuple[Ints, TopicModel], two: tuple[Ints, TopicModel], total: int) -> tuple[float, float]:
    """Return the adjusted Rand index over shared texts, and the Jaccard of matched topics' words."""
    labels = []
    for rows, model in (one, two):
        mine = np.full(total, -2, dtype=np.int64)
        mine[rows] = model.labels_
        labels.append(mine)
    shared = (labels[0] > -2) & (labels[1] > -2)
    rand = adjusted_rand_score(labels[0][shared], labels[1][shared])
    left, right = ([{*topic.words} for topic in model.topics_] for _, model in (one, two))
    jaccard = np.array([[len(a & b) / max(1, len(a | b)) for b in right] for a in left])
    matched = linear_sum_assignment(-jaccard)
    return float(rand), float(jaccard[matched].sum() / max(len(left), len(right)))
