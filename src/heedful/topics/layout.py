"""A map of the documents: neighbours near each other, topics apart."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from heedful.topics.graph import neighbours, reduced
from heedful.types import Ints, Vectors

EPOCHS = 300
PULLS = 2  # neighbours that pull a document in each epoch
PUSHES = 3  # random documents that push it away, for each pull
PUSH = 8.0  # their strength, beside that of a pull
STEP = 4.0  # the furthest that one goes
SPREAD = 1.0  # of the documents at the start
WIDTH = 50
FEW = 5  # documents below which there is nothing to map


def layout(vectors: Vectors, labels: Ints, seed: int = 0, epochs: int = EPOCHS) -> Vectors:
    """Return a place on the map for each of N unit vectors: (N, 2).

    Neighbours attract and sampled others repel each other under a Cauchy kernel, as in UMAP (McInnes, Healy
    and Melville 2018) and t-SNE; all move at once. The start is the plane of the topics' means.
    """
    if len(vectors) < FEW:
        return np.eye(FEW, 2, dtype=np.float32)[: len(vectors)]
    random = np.random.default_rng(seed)
    order = random.permutation(len(vectors))
    x = normalize(reduced(vectors, WIDTH, seed))[order].astype(np.float32)
    near = np.ascontiguousarray(neighbours(x, seed=seed).T)
    here = [np.ascontiguousarray(part) for part in start(x, labels[order], random).T]
    for epoch in range(epochs):
        here = moved(here, near, np.float32(1 - epoch / epochs), random)
    places = np.empty((len(x), 2), dtype=np.float32)
    places[order] = PCA(2).fit_transform(np.stack(here, axis=1))  # the long side lies across
    return places


def start(x: Vectors, labels: Ints, random: np.random.Generator) -> Vectors:
    """Return the first places: where each vector falls on the principal plane of the topics' means."""
    topics = [x[labels == topic].mean(axis=0) for topic in np.unique(labels[labels >= 0])]
    means = np.array(topics) if len(topics) > 2 else x
    centre = means.mean(axis=0)
    _, _, axes = np.linalg.svd(means - centre, full_matrices=False)
    plane = (x - centre) @ axes[:2].T
    plane = plane / np.maximum(plane.std(axis=0), 1e-6) * SPREAD
    return np.asarray(plane + random.normal(scale=0.1, size=plane.shape), dtype=np.float32)


def moved(here: list[Vectors], near: Ints, pace: np.float32, random: np.random.Generator) -> list[Vectors]:
    """Return the places (two arrays of N) after one step: pulled by neighbours (k, N), pushed by others."""
    x, y = here
    total = len(x)
    force = [np.zeros(total, dtype=np.float32), np.zeros(total, dtype=np.float32)]
    for row in random.choice(len(near), min(PULLS, len(near)), replace=False):
        other = near[row]
        across, up = x[other] - x, y[other] - y
        weight = 2 / (1 + across * across + up * up)
        for axis, part in enumerate((across * weight, up * weight)):
            force[axis] += part - np.bincount(other, part, total).astype(np.float32)
    for turn in random.integers(1, total, PULLS * PUSHES):  # the order is random, so any turn pairs at random
        across, up = x - np.roll(x, turn), y - np.roll(y, turn)
        square = across * across + up * up
        weight = np.minimum(2 * np.float32(PUSH) / ((np.float32(0.01) + square) * (1 + square)), 4)
        force[0] += across * weight
        force[1] += up * weight
    steps = (np.clip(part / np.float32(PULLS), -STEP, STEP).astype(np.float32) for part in force)
    return [place + pace * step for place, step in zip(here, steps, strict=True)]
