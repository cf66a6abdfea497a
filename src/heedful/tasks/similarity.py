"""How alike texts are: the cosine of their vectors, their dot product, and what sets the two apart."""

from dataclasses import dataclass

import numpy as np

from heedful.core.config import check_choice
from heedful.errors import DataError
from heedful.search.order import unit
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.modules import Normalize
from heedful.types import Floats, Texts, Vectors

KINDS = ("cosine", "dot")


def similarity(one: Vectors, other: Vectors, kind: str = "cosine") -> Floats:
    """Return how alike each of N vectors (N, W) is to each of M (M, W): (N, M).

    "cosine" looks at directions alone; "dot" is the cosine times both lengths.
    """
    check_choice("kind", kind, KINDS)
    one, other = np.atleast_2d(one), np.atleast_2d(other)
    if one.shape[1] != other.shape[1]:
        raise DataError(f"vectors have {one.shape[1]} and {other.shape[1]} dimensions; expected as many.")
    if kind == "cosine":
        one, other = unit(one), unit(other)
    return np.asarray(one.astype(np.float64) @ other.astype(np.float64).T)


@dataclass(frozen=True)
class Compared:
    """Two texts under one encoder: `lengths` are those of their vectors, before any are made 1.

    `normalized` says whether the model itself divides by the length, so that its dot product is the cosine.
    """

    cosine: float
    lengths: tuple[float, float]
    tokens: tuple[int, int]
    truncated: tuple[bool, bool]
    normalized: bool

    @property
    def dot(self) -> float:
        """The dot product of the vectors as they are before any division."""
        return self.cosine * self.lengths[0] * self.lengths[1]

    @property
    def angle(self) -> float:
        """The angle between the vectors, in degrees."""
        return float(np.degrees(np.arccos(np.clip(self.cosine, -1.0, 1.0))))


def compare_texts(encoder: SentenceEncoder, one: str, other: str) -> Compared:
    """Return what the encoder makes of two texts."""
    texts = [one, other]
    found = unscaled(encoder).encode(texts)
    read = encoder.tokenizer.encode(texts)
    first, second = (float(length) for length in np.linalg.norm(found, axis=1))
    return Compared(
        cosine=float(similarity(found[:1], found[1:])[0, 0]),
        lengths=(first, second),
        tokens=(len(read.ids[0]), len(read.ids[1])),
        truncated=(read.cut[0], read.cut[1]),
        normalized=any(isinstance(module, Normalize) for module in encoder.after),
    )


def unscaled(encoder: SentenceEncoder) -> SentenceEncoder:
    """Return the encoder without the modules that divide vectors by their lengths."""
    after = [module for module in encoder.after if not isinstance(module, Normalize)]
    plain = SentenceEncoder(
        encoder.transformer, encoder.form, encoder.tokenizer, encoder.pooling, after, encoder.precision
    )
    return plain.eval()


def lengths_and_tokens(encoder: SentenceEncoder, texts: Texts) -> tuple[Floats, Floats]:
    """Return the length of each text's vector before any division, and its tokens: (N,) each."""
    vectors = unscaled(encoder).encode(texts)
    tokens = [len(ids) for ids in encoder.tokenizer.encode(texts).ids]
    return np.linalg.norm(vectors.astype(np.float64), axis=1), np.array(tokens, dtype=np.float64)
