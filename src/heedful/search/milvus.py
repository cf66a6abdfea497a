"""Milvus, embedded or a server: a collection that can always be made again from the folder of the index."""

import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from heedful.errors import ConfigError, ServiceError
from heedful.search.engine import Exact
from heedful.search.order import nothing
from heedful.search.view import View
from heedful.search.where import Mask
from heedful.storage import locked, replacing
from heedful.types import Floats, Ints, Vectors

if TYPE_CHECKING:
    from pymilvus import MilvusClient

EMBEDDED = "milvus"
TOKEN = "HEEDFUL_MILVUS_TOKEN"  # the environment variable that has the password: never in a file
LINKS, BUILD_WIDTH = 32, 200  # of the HNSW graph: M and efConstruction
SEARCH_WIDTH = 128  # ef, at least; twice the limit where that is more
LIMIT = 16_384  # rows that Milvus gives at once
EXACT_ROWS = 100_000  # a filter that leaves no more rows is answered exactly
LISTED = 8192  # ids compared at a time
SENT_BYTES = 4 << 20
FLUSHED = 1000  # new rows that are worth a flush
TRIES, TIMEOUT_SECONDS, PAUSE_SECONDS = 3, 10.0, 1.0


class Milvus:
    """Approximate search by HNSW and inner product. Filters never reach it: they are ours, and exact."""

    name = EMBEDDED

    def __init__(self, store: str) -> None:
        self.store = store
        if store != EMBEDDED:
            check_uri(store)
        self.client_class = imported()
        self.client: MilvusClient | None = None
        self.place = Path()

    def follow(self, view: View, cache: Path) -> None:
        """Hold exactly the live rows of `view`: compared by count and ids, and mended where they differ."""
        self.view, self.exact = view, Exact()
        self.exact.follow(view, cache)
        self.collection = f"heedful_{view.state.name}"
        self.stamp = cache / "milvus.json"
        if self.client is None:
            self.client = self._connect(cache)
        with self._told():
            if not self._trusted():
                self._sync(cache)

    def _connect(self, cache: Path) -> "MilvusClient":
        if self.store == EMBEDDED:
            self.place = cache / "milvus.db"
            check_free(self.place)
            return self._opened(str(self.place))
        for left in range(TRIES, 0, -1):
            try:
                return self._opened(self.store)
            except ServiceError:
                if left == 1:
                    raise
                time.sleep(PAUSE_SECONDS)
        raise AssertionError

    def _opened(self, uri: str) -> "MilvusClient":
        with self._told():
            return self.client_class(uri, token=os.environ.get(TOKEN, ""), timeout=TIMEOUT_SECONDS)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raise what Milvus says as a ServiceError that names the store."""
        from pymilvus.exceptions import MilvusException

        try:
            yield
        except MilvusException as problem:
            place = self.place if self.store == EMBEDDED else self.store
            told = " ".join(str(getattr(problem, "message", problem)).split())[:200]
            raise ServiceError(
                f"Milvus at {place} failed: {told}. The index itself is whole: see that Milvus runs and can "
                "be reached, or build the index with --store exact."
            ) from None

    @property
    def _client(self) -> "MilvusClient":
        assert self.client is not None
        return self.client

    def _count(self) -> int:
        told = self._client.query(
            self.collection, filter="", output_fields=["count(*)"], consistency_level="Strong"
        )
        return int(told[0]["count(*)"])

    def _trusted(self) -> bool:
        """Was the collection left as this generation, with as many rows as there should be?"""
        if not self._client.has_collection(self.collection):
            return False
        self._client.load_collection(self.collection)
        try:
            known = json.loads(self.stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        now = {"collection": self.collection, "generation": self.view.state.generation}
        return bool(known == now) and self._count() == len(self.view.live)

    def _sync(self, cache: Path) -> None:
        """Insert what is missing and delete what is too much; a collection that is odd is made anew."""
        cache.mkdir(exist_ok=True)
        with locked(cache):
            self.stamp.unlink(missing_ok=True)
            wanted = np.sort(self.view.serials[self.view.live])
            held = self._held(wanted) if self._client.has_collection(self.collection) else None
            if held is None or len(np.setxor1d(held, wanted)) > len(wanted) // 2:
                self._create()
                held = np.zeros(0, dtype=np.int64)
            surplus = np.setdiff1d(held, wanted)
            for start in range(0, len(surplus), LISTED):
                self._client.delete(self.collection, ids=surplus[start : start + LISTED].tolist())
            self._insert(np.setdiff1d(wanted, held))
            if self._count() != len(wanted):
                raise ServiceError(
                    f"{self.collection} has {self._count():,} rows, not {len(wanted):,}. Remove {cache}, "
                    "or build the index with --store exact."
                )
            now = {"collection": self.collection, "generation": self.view.state.generation}
            with replacing(self.stamp) as fresh:
                fresh.write_text(json.dumps(now), encoding="utf-8")

    def _held(self, wanted: Ints) -> Ints | None:
        """Return the serials that the collection has, None where one is there twice."""
        edges = [0, *wanted[LISTED::LISTED].tolist(), 1 << 62]
        found: list[int] = []
        for low, high in pairwise(edges):
            span = f"serial >= {low} and serial < {high}"
            rows = self._client.query(self.collection, filter=span, output_fields=["serial"], limit=LIMIT,
                                      consistency_level="Strong")  # fmt: skip
            found += [int(row["serial"]) for row in rows]
        held = np.unique(np.array(found, dtype=np.int64))
        return held if len(held) == len(found) == self._count() else None

    def _create(self) -> None:
        """Make the collection anew, without rows."""
        from pymilvus import DataType

        client = self._client
        if client.has_collection(self.collection):
            client.drop_collection(self.collection)
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("serial", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self.view.state.settings["width"])
        graph = client.prepare_index_params()
        graph.add_index(
            "vector", index_type="HNSW", metric_type="IP",
            params={"M": LINKS, "efConstruction": BUILD_WIDTH},
        )  # fmt: skip
        client.create_collection(
            self.collection, schema=schema, index_params=graph, consistency_level="Strong"
        )

    def _insert(self, serials: Ints) -> None:
        step = max(1, SENT_BYTES // (4 * self.view.state.settings["width"]))
        for start in range(0, len(serials), step):
            some = serials[start : start + step]
            vectors = self.view.vectors(self.view.rows_of(some))
            rows: list[dict[str, Any]] = [
                {"serial": serial, "vector": vector}
                for serial, vector in zip(some.tolist(), vectors, strict=True)
            ]
            self._client.upsert(self.collection, rows)
        if len(serials) >= FLUSHED:
            self._client.flush(self.collection)
        self._client.load_collection(self.collection)

    def nearest(self, queries: Vectors, top: int, among: Mask) -> tuple[Ints, Floats]:
        """Return rows and inner products (Q, top). A filter is answered exactly, or by a wider search."""
        live, left = len(self.view.live), int(among.sum())
        wider = top if left == live else 2 * top * live // max(left, 1) + 50
        if (left < live and left <= EXACT_ROWS) or wider > LIMIT:
            return self.exact.nearest(queries, top, among)
        rows, scores = nothing(len(queries), top)
        with self._told():
            for number, (found, values) in enumerate(self._search(queries, wider)):
                kept = among[found]
                found, values = found[kept][:top], values[kept][:top]
                rows[number, : len(found)], scores[number, : len(found)] = found, values
        few = np.flatnonzero(rows[:, min(top, left) - 1] < 0) if left else np.zeros(0, dtype=np.int64)
        if len(few):
            rows[few], scores[few] = self.exact.nearest(queries[few], top, among)
        return rows, scores

    def _search(self, queries: Vectors, limit: int) -> Iterator[tuple[Ints, Floats]]:
        """Yield the rows that were found for each query, best first, and their scores."""
        some = max(1, LIMIT // limit)
        for start in range(0, len(queries), some):
            told = self._client.search(
                self.collection, data=list(queries[start : start + some]), limit=limit,
                output_fields=["serial"], consistency_level="Strong",
                search_params={"metric_type": "IP", "params": {"ef": max(SEARCH_WIDTH, 2 * limit)}},
            )  # fmt: skip
            for hits in told:
                serials = np.array([int(hit["serial"]) for hit in hits], dtype=np.int64)
                scores = np.round(np.array([float(hit["distance"]) for hit in hits]), 6)
                found = self.view.rows_of(serials)
                order = np.lexsort((found, -scores))
                order = order[found[order] >= 0]
                yield found[order], scores[order]

    def close(self) -> None:
        """Leave the server, or end the embedded one and let others in."""
        if self.client is None:
            return
        self.client.close()
        self.client = None
        if self.store == EMBEDDED:
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(str(self.place))


def imported() -> "type[MilvusClient]":
    """Return the client's class, its chatter on stderr turned off."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        import milvus_lite  # noqa: F401
        from pymilvus import MilvusClient
    except ImportError as problem:
        raise ConfigError(
            f"{problem.name} is not installed, which a Milvus store needs. Give: pip install "
            "'heedful[search]', or use --store exact."
        ) from None
    for name in ("pymilvus", "milvus_lite"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    client: type[MilvusClient] = MilvusClient
    return client


def check_uri(store: str) -> None:
    """Raise ConfigError unless a store is the URI of a server, without a password in it."""
    parts = urlsplit(store)
    if parts.scheme not in ("http", "https", "tcp", "unix") or not (parts.netloc or parts.path):
        raise ConfigError(
            f"there is no store {store!r}; expected exact, milvus, or a URI such as http://localhost:19530."
        )
    if parts.username or parts.password:
        raise ConfigError(f"the URI of the store has a password in it. Put it into {TOKEN} instead.")


def check_free(place: Path) -> None:
    """Raise ServiceError if another process has the embedded database open."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / "LOCK").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ServiceError(
                f"{place} is open in another process, and Milvus Lite lets only one in. Wait for it, or "
                "build the index with --store exact."
            ) from None
