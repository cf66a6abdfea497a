"""Augmented SBERT (Thakur et al. 2021): new pairs of texts, which a cross-encoder grades."""

from collections.abc import Sequence

import numpy as np

from heedful.core.config import check_choice
from heedful.data.likes import Likes
from heedful.data.parallel import folded
from heedful.search.order import unit
from heedful.search.words import Words
from heedful.tasks.mine import WAYS
from heedful.tasks.score_embed import nearest
from heedful.types import Encoder

Pair = tuple[str, str]


def candidates(
    gold: Likes, more: Sequence[str], encoder: Encoder, way: str, top: int, most: int
) -> list[Pair]:
    """Return new pairs of the texts of `gold` and `more`: each with the `top` likest others (section 3.1).

    `way` is "bm25", "semantic" or "both". Pairs that are gold are left out, in either order. Where there are
    more than `most`, a random sample is taken.
    """
    check_choice("way", way, WAYS)
    own = [one for row in gold.texts for one in row[:2]]
    texts = list({folded(text): text for text in [*own, *more]}.values())
    known = {pair_of(*row[:2]) for row in gold.texts}
    found: dict[tuple[str, str], Pair] = {}
    for lists in likest(texts, encoder, way, top + 1):
        for place, others in enumerate(lists):
            for other in [one for one in others if one not in (place, -1)][:top]:
                key = pair_of(texts[place], texts[other])
                if key not in known:
                    found.setdefault(key, (texts[place], texts[other]))
    pairs = list(found.values())
    if len(pairs) > most:
        chosen = np.random.default_rng(0).permutation(len(pairs))[:most]
        pairs = [pairs[place] for place in sorted(chosen.tolist())]
    return pairs


def likest(texts: Sequence[str], encoder: Encoder, way: str, top: int) -> list[list[list[int]]]:
    """Return for each of the ways, for each text, the places of the `top` likest texts, itself among them."""
    found = []
    if way != "bm25":
        vectors = unit(encoder.encode(texts))
        found.append(nearest(vectors, vectors, top))
    if way != "semantic":
        found.append(Words().fit(texts).search(texts, top)[0].tolist())
    return found


def pair_of(one: str, other: str) -> tuple[str, str]:
    """Return a key that is the same in either order."""
    first, second = sorted((folded(one), folded(other)))
    return first, second
