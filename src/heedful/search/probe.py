"""Do these vectors come from that encoder? Told by what it makes of a few texts, whatever it is called."""

import base64

import numpy as np

from heedful.errors import ConfigError, DataError
from heedful.search.order import unit
from heedful.types import Encoder, Texts, Vectors

TEXTS = (
    "How long does a battery last?",
    "A method for welding two plates, comprising the steps of heating, pressing and cooling them slowly.",
    "Der Zug nach Zürich fährt heute nicht.",
)
SAME = 0.999  # mean cosine: bf16 and fp32 of one encoder agree to that, two encoders do not


def encoded(encoder: Encoder, texts: Texts) -> Vectors:
    """Return the vectors (N, W) of N texts, each of length 1; what is no such table is refused."""
    vectors = np.asarray(encoder.encode(texts), dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts) or not vectors.shape[1]:
        raise DataError(
            f"the encoder gave an array of {vectors.shape} for {len(texts):,} texts; expected a row for each."
        )
    if not np.isfinite(vectors).all():
        raise DataError("the encoder gave vectors with values that are no numbers. Use another encoder.")
    return unit(vectors)


def probe(encoder: Encoder) -> dict[str, int | str]:
    """Return the width of an encoder's vectors, and its fingerprint."""
    vectors = encoded(encoder, TEXTS)
    return {
        "width": vectors.shape[1],
        "probe": base64.b64encode(vectors.astype("<f2").tobytes()).decode(),
    }


def check_encoder(encoder: Encoder, width: int, fingerprint: str, model: str) -> None:
    """Raise ConfigError unless the encoder makes the vectors that the index was made with."""
    told = f"the index was made with {model or 'another encoder'}"
    found = encoded(encoder, TEXTS)
    if found.shape[1] != width:
        raise ConfigError(
            f"{told}, whose vectors have {width} numbers; this encoder's have {found.shape[1]}. Use that one."
        )
    known = np.frombuffer(base64.b64decode(fingerprint), "<f2").astype(np.float32).reshape(found.shape)
    cosine = float((found * unit(known)).sum(axis=1).mean())
    if cosine < SAME:
        raise ConfigError(
            f"{told}; this encoder gives other vectors (cosine {cosine:.3f} on the same texts). Use that "
            "one, or build the index anew."
        )
