"""What finds the nearest vectors: one small protocol, and the engine that compares them all."""

from pathlib import Path
from typing import Protocol

from heedful.search.exact import nearest
from heedful.search.view import View
from heedful.search.where import Mask
from heedful.types import Floats, Ints, Vectors

EXACT = "exact"


class Engine(Protocol):
    """Finds rows by their vectors. What it holds can always be made again from the folder of the index."""

    name: str

    def follow(self, view: View, cache: Path) -> None:
        """Hold exactly the rows that count in `view` from now on; `cache` is a folder for what it needs."""
        ...

    def nearest(self, queries: Vectors, top: int, among: Mask) -> tuple[Ints, Floats]:
        """Return rows and cosines (Q, top) nearest to Q vectors of length 1, -1 and -inf where fewer are."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...


class Exact:
    """Compares every vector: nothing to build, nothing missed; meant for up to about 100,000 rows."""

    name = EXACT
    view: View

    def follow(self, view: View, cache: Path) -> None:  # noqa: ARG002
        """Search these rows from now on."""
        self.view = view

    def nearest(self, queries: Vectors, top: int, among: Mask) -> tuple[Ints, Floats]:
        """Return rows and cosines (Q, top) of the nearest."""
        return nearest(self.view.blocks(among), queries, top, among)

    def close(self) -> None:
        """Nothing is held."""


def engine(store: str) -> Engine:
    """Return the engine of a store: `exact`, `milvus` (embedded), or the URI of a Milvus server."""
    if store == EXACT:
        return Exact()
    from heedful.search.milvus import Milvus

    return Milvus(store)
