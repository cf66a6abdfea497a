"""`Index`: texts that are found by what they mean, by their words, or both; a change that returned stays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np

from heedful.errors import ConfigError, DataError
from heedful.search.change import Change
from heedful.search.engine import EXACT, Engine, engine
from heedful.search.folder import CACHE, fresh_state, read_state, write_state
from heedful.search.fusion import fuse
from heedful.search.intake import Added, Intake, Watch, rows_of
from heedful.search.probe import check_encoder, encoded, probe
from heedful.search.tables import Tables
from heedful.search.view import Row, View
from heedful.search.where import Mask
from heedful.search.wording import words_of
from heedful.search.words import Words
from heedful.storage import locked
from heedful.types import Encoder, Floats, Ints, Texts, Vectors

FUSED = 100  # of each ranking, so many are fused
RERANKED = 50  # so many are read by a scorer


class Scorer(Protocol):
    """Says how well texts answer queries, reading both at once."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Return one score per pair of query and text, the higher the better: (N,)."""
        ...


@dataclass(frozen=True)
class Hit:
    """A text that was found. `score` is a cosine, a sum of 1 / (60 + rank) (hybrid), or the scorer's."""

    id: str
    text: str
    score: float
    columns: dict[str, str | None]


@dataclass(frozen=True)
class Deleted:
    """How many rows were deleted, and how many ids were not there."""

    deleted: int
    unknown: int


class Index:
    """The folder of an index, opened.

    Every change is whole or absent, and on the disk when the call returns. One writer at a time; readers see
    the changes of others at their next search.
    """

    def __init__(self, home: Path, encoder: Encoder | None = None) -> None:
        self.home, self.encoder = home, encoder
        self.tables = Tables()
        self.view = View(home, read_state(home), self.tables)
        self._engine: Engine | None = None
        self._words: Words | None = None

    @classmethod
    def create(
        cls, folder: str | Path, encoder: Encoder, *, model: str = "", columns: Sequence[str] = (),
        store: str = EXACT, about: Mapping[str, Any] | None = None,
    ) -> Self:  # fmt: skip
        """Make an empty index that keeps `columns`; `model` is the name under which the encoder is loaded."""
        home = Path(folder)
        if home.exists() and (not home.is_dir() or any(one.name != ".lock" for one in home.iterdir())):
            raise DataError(f"{home} is there already; expected a new folder. Name another one.")
        if "id" in columns or len(set(columns)) < len(columns):
            raise ConfigError(
                f"the columns {list(columns)} cannot be kept: 'id' is taken, and none may be twice."
            )
        engine(store).close()  # a store that cannot be had is told before anything is written
        settings = {**probe(encoder), "model": model, "columns": list(columns), "store": store}
        with locked(home):
            write_state(home, fresh_state({**settings, "about": dict(about or {})}))
        return cls(home, encoder)

    @classmethod
    def open(cls, folder: str | Path, encoder: Encoder | None = None) -> Self:
        """Open an index; without an encoder it can tell of itself and delete, nothing else."""
        index = cls(Path(folder))
        if encoder is not None:
            index.use(encoder)
        return index

    def use(self, encoder: Encoder) -> None:
        """Take an encoder, which must be the one that the index was made with."""
        check_encoder(encoder, self.settings["width"], self.settings["probe"], self.settings["model"])
        self.encoder = encoder

    @property
    def settings(self) -> dict[str, Any]:
        """What the index was made with."""
        return self.view.state.settings

    def __len__(self) -> int:
        return self.view.state.live

    def add(
        self, ids: Sequence[str | int], texts: Texts, columns: Mapping[str, Sequence[object]] | None = None
    ) -> Added:
        """Add rows, all or none; one whose id is there takes its place, one without a text is left out."""
        return self.add_rows(rows_of(ids, texts, columns, self.view.columns), Added())

    def add_rows(self, rows: Iterable[Row], counts: Added, watch: Watch | None = None) -> Added:
        """Add a stream of rows, all or none; `watch` is told how many have gone by."""
        encoder = self._encoder()
        with locked(self.home):
            self.refresh()
            change = Change(self.view)
            Intake(self.view, change, encoder, counts).take(rows, watch)
            change.commit()
        self.refresh()
        return counts

    def delete(self, ids: Iterable[str | int]) -> Deleted:
        """Delete rows by their ids, all or none."""
        if isinstance(ids, str):
            raise DataError("delete expects a list of ids; found one string. Wrap it in a list.")
        wanted = set(map(str, ids))
        with locked(self.home):
            self.refresh()
            change = Change(self.view)
            rows = [self.view.rows[one] for one in wanted if one in self.view.rows]
            change.gone.update(self.view.serials[rows].tolist())
            change.commit()
        self.refresh()
        return Deleted(len(rows), len(wanted) - len(rows))

    def ids(self, where: str | None = None) -> list[str]:
        """Return the ids of the rows that fit a filter."""
        fitting = self.view.where(where)
        return [one for one, row in self.view.rows.items() if fitting[row]]

    def search(
        self, queries: Texts, top: int = 10, *, where: str | None = None, hybrid: bool = False,
        rerank: Scorer | None = None,
    ) -> list[list[Hit]]:  # fmt: skip
        """Return for each query the texts that answer it, best first.

        `where` filters (see search/where.py), `hybrid` fuses with BM25, `rerank` reads the best 50 again.
        """
        if isinstance(queries, str):
            raise DataError("search expects a list of queries; found one string. Wrap it in a list.")
        if top < 1:
            raise ConfigError(f"top is {top}; expected at least 1.")
        self.refresh()
        depth = max(top, RERANKED) if rerank is not None else top
        rows, scores = self.ranked(queries, depth, self.view.where(where), hybrid)
        found = self._hits(rows, scores)
        if rerank is not None:
            found = [reranked(rerank, *pair) for pair in zip(queries, found, strict=True)]
        return [hits[:top] for hits in found]

    def ranked(self, queries: Texts, top: int, among: Mask, hybrid: bool = False) -> tuple[Ints, Floats]:
        """Return rows of the view and scores (Q, top)."""
        if not len(self):
            return np.full((len(queries), top), -1, dtype=np.int64), np.full((len(queries), top), -np.inf)
        depth = max(top, FUSED) if hybrid else top
        rows, scores = self.nearest(encoded(self._encoder(), queries), depth, among)
        if not hybrid:
            return rows, scores
        return fuse([rows, self.by_words(queries, depth, among)[0]], top)

    def nearest(self, vectors: Vectors, top: int, among: Mask) -> tuple[Ints, Floats]:
        """Return rows and cosines (Q, top) of what is nearest to vectors of length 1."""
        return self.prepare().nearest(vectors, min(top, max(1, len(self))), among)

    def prepare(self) -> Engine:
        """Return the engine, which holds all rows."""
        if self._engine is None:
            started = engine(self.settings["store"])
            started.follow(self.view, self.home / CACHE)
            self._engine = started
        return self._engine

    def by_words(self, queries: Texts, top: int, among: Mask) -> tuple[Ints, Floats]:
        """Return rows and BM25 scores (Q, top)."""
        if self._words is None:
            self._words = words_of(self.view, self.home / CACHE)
        live = self.view.live
        rows, scores = self._words.search(queries, top, among[live])
        return np.where(rows >= 0, live[rows], -1), scores

    def _hits(self, rows: Ints, scores: Floats) -> list[list[Hit]]:
        known = self.view.fetch(rows[rows >= 0])
        return [
            [
                Hit(known[row].id, known[row].text, score, known[row].columns)
                for row, score in zip(*pair, strict=True)
                if row >= 0
            ]
            for pair in zip(rows.tolist(), scores.tolist(), strict=True)
        ]

    def _encoder(self) -> Encoder:
        if self.encoder is None:
            raise ConfigError(
                "no encoder was given to this index. Open it with the one that it was made with."
            )
        return self.encoder

    def refresh(self) -> None:
        """Take up what others changed."""
        state = read_state(self.home)
        if (state.name, state.generation) != (self.view.state.name, self.view.state.generation):
            before = self.view if state.name == self.view.state.name else None
            self.view = View(self.home, state, self.tables, before)
            self._words = None
            if self._engine is not None:
                self._engine.follow(self.view, self.home / CACHE)

    def info(self) -> dict[str, Any]:
        """Return counts, sizes and settings."""
        state = self.view.state
        shown = {name: value for name, value in self.settings.items() if name != "probe"}
        sizes = [seal["bytes"] for part in state.parts for seal in part.files.values()]
        return {
            "rows": state.live, "deleted": len(self.view.gone), "parts": len(state.parts),
            "bytes": sum(sizes), "generation": state.generation, **shown,
        }  # fmt: skip

    def close(self) -> None:
        """Let go of the engine and the tables."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        self.tables.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def reranked(scorer: Scorer, query: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return hits in the order of a scorer, with its scores; of equal ones the first stays first."""
    scores: Sequence[float] | Floats = scorer.score([(query, hit.text) for hit in hits]) if hits else []
    told = [Hit(hit.id, hit.text, float(score), hit.columns) for hit, score in zip(hits, scores, strict=True)]
    return sorted(told, key=lambda hit: -hit.score)
