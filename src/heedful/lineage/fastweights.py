"""Linear attention is a fast weight memory (Schlag, Irie and Schmidhuber 2021; Schmidhuber 1992).

Without the softmax, the sum over all places before is a matrix that each place adds to. Shapes: T places,
K width of a key, V width of a value, W (V, K).
"""

from collections.abc import Callable

import numpy as np

from heedful.types import Floats

Rule = Callable[[Floats, Floats, Floats], Floats]  # memory, key, value -> memory


def feature(x: Floats) -> Floats:
    """Return phi(x) = elu(x) + 1, positive (Katharopoulos et al. 2020, equation 7)."""
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def parallel(query: Floats, key: Floats, value: Floats) -> Floats:
    """Return attention with scores phi(q) phi(k) in place of the softmax, nothing from later places."""
    scores = np.tril(feature(query) @ feature(key).T)  # (T, T)
    return scores @ value / scores.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


def recurrent(query: Floats, key: Floats, value: Floats) -> Floats:
    """Return the same by W_i = W_{i-1} + v_i phi(k_i)^T, z_i = z_{i-1} + phi(k_i): equations 12 to 14."""
    memory, total, read = np.zeros((value.shape[1], key.shape[1])), np.zeros(key.shape[1]), []
    for q, k, v in zip(feature(query), feature(key), value, strict=True):
        memory = memory + np.outer(v, k)
        total = total + k
        read.append(memory @ q / (total @ q))
    return np.array(read)


def gap(seed: int, places: int = 64, width: int = 16) -> float:
    """Return how far the two forms are apart at most, on drawn queries, keys and values."""
    query, key, value = np.random.default_rng(seed).normal(size=(3, places, width))
    return float(np.abs(parallel(query, key, value) - recurrent(query, key, value)).max())


def identity_gap(seed: int, places: int = 64, width: int = 16) -> float:
    """Return how far V^T (K q) and (V^T K) q are apart, as a share of the largest number."""
    random = np.random.default_rng(seed)
    (key, value), query = random.normal(size=(2, places, width)), random.normal(size=width)
    attended, read = value.T @ (key @ query), (value.T @ key) @ query
    return float(np.abs(attended - read).max() / np.abs(read).max())


def add(memory: Floats, key: Floats, value: Floats) -> Floats:
    """Add v k^T: what the key held before stays."""
    return memory + np.outer(value, key)


def replace(memory: Floats, key: Floats, value: Floats) -> Floats:
    """Add (v - W k) k^T, the delta rule (Widrow and Hoff 1960; Schlag's equation 24 with beta = 1)."""
    return memory + np.outer(value - memory @ key, key)


def kept(seed: int, rule: Rule, keys: int = 16, writes: int = 64) -> float:
    """Return the mean squared error of reading the last value of each key that was written several times.

    Keys are orthonormal, values normal: 0 is exact, 1 is what a guess of 0 has.
    """
    random = np.random.default_rng(seed)
    names, values = np.linalg.qr(random.normal(size=(keys, keys)))[0], np.zeros((keys, keys))
    memory = np.zeros((keys, keys))
    for number in random.integers(0, keys, writes):
        values[number] = random.normal(size=keys)
        memory = rule(memory, names[number], values[number])
    return float((((memory @ names.T).T - values) ** 2).mean())
