"""The different texts of a fit, in an order that depends on nothing but them."""

from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import scipy.sparse as sp

from heedful.errors import DataError
from heedful.report.figures import clean
from heedful.topics.terms import Terms
from heedful.types import Floats, Ints, Texts, Vectors

EMPTY = -1


@dataclass(frozen=True)
class Texted:
    """U different texts in the order of their digests; `places` (N,): which of them a row is, -1: empty."""

    texts: list[str]
    digests: list[bytes]
    places: Ints
    rows: Ints  # (U,) the first row of each


@dataclass(frozen=True)
class Documents:
    """The texts of a fit and what is known of each: in memory only, for scores and pages."""

    told: Texted
    raw: Vectors  # (U, W) as the encoder gave them
    vectors: Vectors  # (U, W) centred, of length 1
    terms: Terms
    labels: Ints  # (U,)
    cosines: Floats  # (U,) with the nearest topic
    weights: Floats = field(repr=False)  # (K, V)


def digest(text: str) -> bytes:
    """Return 16 bytes that stand for a text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def check_texts(texts: Texts) -> None:
    """Raise DataError unless these are texts."""
    if isinstance(texts, str):
        raise DataError("expected a list of texts; found one string. Wrap it in a list.")
    wrong = next((i for i, text in enumerate(texts) if not isinstance(text, str)), None)
    if wrong is not None:
        raise DataError(f"text {wrong} is a {type(texts[wrong]).__name__}; expected str. Convert or drop it.")


def check_vectors(vectors: Vectors, texts: int) -> Vectors:
    """Return vectors (N, W) as float32; DataError unless there is one of finite numbers for each text."""
    try:
        found = np.asarray(vectors, dtype=np.float32)
    except (TypeError, ValueError):
        raise DataError("the vectors are not numbers; expected an array (texts, width).") from None
    if found.ndim != 2 or len(found) != texts or found.shape[1] < 2:
        raise DataError(f"vectors have the shape {found.shape}; expected one row for each of {texts} texts.")
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise DataError(f"vector {row} has numbers that are not finite. Make the vectors again.")
    return found


def distinct(texts: Texts) -> Texted:
    """Return the different texts that are not empty."""
    first: dict[bytes, int] = {}
    digests = [digest(text) if text.strip() else b"" for text in texts]
    for row, name in enumerate(digests):
        if name:
            first.setdefault(name, row)
    order = sorted(first)
    place = {name: i for i, name in enumerate(order)}
    rows = np.array([first[name] for name in order], dtype=np.int64)
    places = np.array([place.get(name, EMPTY) for name in digests], dtype=np.int64)
    return Texted([texts[row] for row in rows], order, places, rows)


def means(vectors: Vectors, places: Ints) -> Vectors:
    """Return the mean vector (U, W) of the rows of each different text."""
    rows = np.flatnonzero(places >= 0)
    shape = (int(places.max()) + 1, len(places))
    member = sp.csr_matrix((np.ones(len(rows)), (places[rows], rows)), shape=shape)
    return np.asarray((member @ vectors) / np.asarray(member.sum(axis=1)), dtype=np.float32)


def short(text: str, room: int) -> str:
    """Return the beginning of a text in one line."""
    line = " ".join(clean(text[: 4 * room]).split())
    return line if len(line) <= room and len(text) <= 4 * room else line[: room - 1] + "…"
