"""Hard negatives: texts that look like the answer and are not, to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heedful.core.config import check_choice, check_numbers, check_sizes
from heedful.data.likes import Likes
from heedful.data.parallel import folded
from heedful.errors import DataError
from heedful.search.order import unit
from heedful.tasks.score_embed import Search, nearest
from heedful.types import Encoder

WAYS = ("semantic", "bm25", "both")
Triplet = tuple[str, str, str]


@dataclass(frozen=True)
class Mined:
    """Triplets (text, what belongs to it, what does not), and the candidates left out, by reason."""

    triplets: list[Triplet]
    rows: list[int]
    left_out: dict[str, int]


@dataclass(frozen=True)
class Mining:
    """How negatives are found: `count` for a pair, among the `top` second texts likest its first.

    A candidate whose cosine is above `most` times that of the text that belongs there is left out: it may
    well belong there too (Moreira et al. 2024, "TopK-PercPos"). `way` says by what they are alike.
    """

    count: int = 1
    top: int = 50
    most: float = 0.95
    way: str = "semantic"

    def __post_init__(self) -> None:
        check_sizes(self, "count", "top")
        check_numbers(self, "most", least=0.01, below=10)
        check_choice("way", self.way, WAYS)

    def mine(self, likes: Likes, encoder: Encoder) -> Mined:
        """Return triplets for the rows of `likes`, in their order; a row may find fewer than `count`."""
        search = Search.of(likes)
        if len(search.documents) < 2:
            raise DataError(f"{likes.source} has one second text; expected several, to be negatives.")
        queries, documents = (unit(encoder.encode(texts)) for texts in (search.queries, search.documents))
        found: list[list[int]] = [[] for _ in search.queries]
        if self.way != "bm25":
            found = nearest(queries, documents, self.top)
        if self.way != "semantic":
            found = [merged(*pair) for pair in zip(found, search.by_words(self.top), strict=True)]
        places = {folded(text): place for place, text in enumerate(search.queries)}
        texts = {folded(text): place for place, text in enumerate(search.documents)}
        triplets, rows = [], []
        left_out = {"belongs to it": 0, "too like what belongs there": 0, "the text itself": 0}
        for number, row in zip(likes.rows, likes.texts, strict=True):
            query = places[folded(row[0])]
            limit = self.most * float(queries[query] @ documents[texts[folded(row[1])]])
            kept = 0
            for place in found[query]:
                reason = self._reason(search, query, place, float(queries[query] @ documents[place]), limit)
                if reason:
                    left_out[reason] += 1
                elif kept < self.count:
                    triplets.append((row[0], row[1], search.documents[place]))
                    rows.append(number)
                    kept += 1
        return Mined(triplets, rows, left_out)

    def _reason(self, search: Search, query: int, place: int, cosine: float, limit: float) -> str:
        """Return why a candidate is none."""
        if place in search.judged[query]:
            return "belongs to it"
        if folded(search.documents[place]) == folded(search.queries[query]):
            return "the text itself"
        return "too like what belongs there" if cosine > limit else ""


def merged(one: Sequence[int], other: Sequence[int]) -> list[int]:
    """Return what stands in either list, by turns, each once."""
    by_turns = [place for pair in zip(one, other, strict=False) for place in pair]
    return list(dict.fromkeys([*by_turns, *one, *other]))


def columns(mined: Mined, likes: Likes) -> dict[str, Sequence[Any]]:
    """Return the triplets as columns named as in the table, and the row of each."""
    names = [likes.columns["text"], likes.columns["pair"], "negative"]
    parts = zip(*mined.triplets, strict=True) if mined.triplets else ((), (), ())
    return {**dict(zip(names, map(list, parts), strict=True)), "row": mined.rows}
