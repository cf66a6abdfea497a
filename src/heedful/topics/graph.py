"""The neighbour graph of documents: who is near whom, and the smooth directions along it."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from heedful.types import Floats, Ints, Vectors

NEIGHBOURS = 15  # of a document, a tenth of all where there are few, but not less than
FEWEST = 4
BLOCK = 512  # documents compared with all others at a time
EXACT = 20_000  # documents up to which all pairs are compared
PROBED = 8  # cells in which the neighbours are looked for, beyond that
DENSE = 500  # documents up to which all eigenvectors are computed
WIDTH = 50  # of the vectors between which neighbours are looked for in cells


def neighbours(vectors: Vectors, count: int = NEIGHBOURS, seed: int = 0) -> Ints:
    """Return the rows of the `count` nearest other documents by cosine, of unit vectors (N, W): (N, count).

    Beyond 20,000 documents they are looked for in the nearest cells of a k-means only, after PCA.
    """
    count = min(count, max(FEWEST, len(vectors) // 10), len(vectors) - 1)
    if len(vectors) <= EXACT:
        everyone = np.arange(len(vectors))
        found = [
            nearest(vectors, everyone[i : i + BLOCK], everyone, count) for i in range(0, len(vectors), BLOCK)
        ]
        return np.concatenate(found)
    return in_cells(vectors, count, seed)


def nearest(vectors: Vectors, rows: Ints, among: Ints, count: int) -> Ints:
    """Return the nearest of `among` for each of the rows, itself left out: (R, count)."""
    cosines = vectors[rows] @ vectors[among].T
    cosines[rows[:, None] == among[None, :]] = -np.inf
    return np.asarray(among[np.argpartition(-cosines, count - 1, axis=1)[:, :count]])


def in_cells(vectors: Vectors, count: int, seed: int) -> Ints:
    """Return neighbours found in the cells around a document's own."""
    x = vectors if vectors.shape[1] <= WIDTH else reduced(vectors, WIDTH, seed)
    x = normalize(x)
    cells = round(len(x) ** 0.5)
    kmeans = MiniBatchKMeans(cells, random_state=seed, batch_size=4096, n_init=1, max_iter=20).fit(x)
    order = np.argsort(kmeans.labels_, kind="stable")
    ends = np.searchsorted(kmeans.labels_[order], np.arange(cells + 1))
    members = [order[ends[cell] : ends[cell + 1]] for cell in range(cells)]
    centres = normalize(kmeans.cluster_centers_)
    ranked = np.argsort(-(centres @ centres.T), axis=1)
    found = np.empty((len(x), count), dtype=np.int64)
    for cell, rows in enumerate(members):
        probed = PROBED
        among = np.concatenate([members[other] for other in ranked[cell, :probed]])
        while len(among) <= count:
            probed *= 2
            among = np.concatenate([members[other] for other in ranked[cell, :probed]])
        for start in range(0, len(rows), BLOCK):
            part = rows[start : start + BLOCK]
            found[part] = nearest(x, part, among, count)
    return found


def reduced(vectors: Vectors, width: int, seed: int) -> Vectors:
    """Return the principal components: (N, width), or fewer where there are not so many."""
    width = min(width, *vectors.shape)
    return np.asarray(PCA(width, random_state=seed).fit_transform(vectors), dtype=np.float32)


def smooth(near: Ints, width: int, seed: int) -> Floats:
    """Return the smoothest directions along a neighbour graph (N, k): (N, width), the constant one left out.

    Eigenvectors of the normalised Laplacian (Belkin and Niyogi 2003; Ng, Jordan and Weiss 2002), each times
    the square root of its eigenvalue of the random walk, so that what changes fast counts for less.
    """
    total, count = near.shape
    rows = np.repeat(np.arange(total), count)
    graph = sp.csr_matrix((np.ones(total * count), (rows, near.ravel())), shape=(total, total))
    graph = graph.maximum(graph.T)
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    root = sp.diags(1.0 / np.sqrt(degrees))
    walk = root @ graph @ root
    constant = np.sqrt(degrees / degrees.sum())
    width = min(width, total - 2)
    if total <= DENSE:
        values, directions = np.linalg.eigh(walk.toarray() - np.outer(constant, constant))
    else:
        start = np.random.default_rng(seed).normal(size=total)
        rest = LinearOperator(walk.shape, lambda x: walk @ x - constant * (constant @ x), dtype=float)
        values, directions = eigsh(rest, k=width, which="LA", v0=start, tol=1e-9)
    order = np.argsort(-values)[:width]
    return np.asarray(directions[:, order] * np.sqrt(np.maximum(values[order], 0.0)))
