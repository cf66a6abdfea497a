"""Milvus Lite as the engine: equal to exact search, mended when it is not, its errors told in a sentence."""

import builtins
import fcntl
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hashed import Hashed

from heedful.errors import ConfigError, ServiceError
from heedful.search import milvus
from heedful.search.check import check
from heedful.search.index import Index

pytest.importorskip("milvus_lite", reason="the extra heedful[search] is not installed")
WORDS = ["red", "green", "blue", "cat", "dog", "fish", "bird", "tree", "stone", "river", "cloud", "sun"]


def texts(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, 4)) + f" n{number}" for number in range(count)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index of 3,000 rows whose collection was made."""
    folder = tmp_path_factory.mktemp("milvus") / "index"
    with Index.create(folder, Hashed(16), columns=["number"], store="milvus") as index:
        index.add(list(range(3000)), texts(3000), {"number": list(range(3000))})
        index.prepare()
    return folder


@pytest.fixture
def index(made: Path, tmp_path: Path) -> Iterator[Index]:
    """Return a copy of it, opened."""
    shutil.copytree(made, tmp_path / "index")
    with Index.open(tmp_path / "index", Hashed(16)) as opened:
        yield opened


def held(index: Index) -> list[int]:
    engine: Any = index.prepare()
    rows = engine._client.query(
        engine.collection, filter="serial >= 0", output_fields=["serial"], limit=16384
    )
    return sorted(row["serial"] for row in rows)


def test_it_finds_what_exact_search_finds(index: Index, capfd: pytest.CaptureFixture[str]) -> None:
    assert check(index, queries=50)["recall@10"] >= 0.99
    hit = index.search([texts(3000)[1234]], top=1)[0][0]
    assert (hit.id, hit.score) == ("1234", pytest.approx(1.0, abs=1e-5))
    assert len(index.search(["cat"], top=4000)[0]) == 3000
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("where", ["number < 30", "number < 600", "number >= 300"])
def test_filters_cost_no_recall(index: Index, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus, "EXACT_ROWS", 100)  # so that the wider search is tried too
    assert check(index, queries=50, where=where)["recall@10"] >= 0.95


def test_changes_reach_the_collection_alone(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    index.prepare()
    monkeypatch.setattr(milvus.Milvus, "_create", None)  # nothing is made anew
    index.add(["5", "new"], ["a zebra crossing", "a zebra"])
    index.delete(["7"])
    queries = ["a zebra", "a zebra crossing"]
    assert [hits[0].id for hits in index.search(queries, top=2)] == ["new", "5"]
    assert held(index) == sorted(index.view.serials[index.view.live].tolist())
    index.close()
    again = Index.open(index.home, Hashed(16))
    assert [hits[0].id for hits in again.search(queries, top=2)] == ["new", "5"]
    again.close()


def test_a_collection_that_differs_is_mended(index: Index) -> None:
    engine: Any = index.prepare()
    engine._client.delete(engine.collection, ids=[3, 4])
    index.close()
    assert held(index) == list(range(3000))  # told by the count, although the stamp says that all is well
    engine = index.prepare()
    engine._client.delete(engine.collection, ids=[3])
    engine._client.insert(engine.collection, [{"serial": 9999, "vector": np.ones(16, dtype=np.float32)}])
    index.close()
    engine.stamp.unlink()  # as after a death: told by the ids
    assert held(index) == list(range(3000))


def test_a_log_that_outlived_its_flush_is_told_and_the_collection_made_anew(tmp_path: Path) -> None:
    with Index.create(tmp_path / "index", Hashed(16), store="milvus") as index:
        index.add(list(range(500)), texts(500))
        engine: Any = index.prepare()
        log = next((tmp_path / "index/cache/milvus.db").rglob("wal"))
        shutil.copytree(log, tmp_path / "log")
        engine._client.flush(engine.collection)
    shutil.rmtree(log)
    shutil.copytree(tmp_path / "log", log)  # killed between its manifest and the end of its log
    engine.client = engine._connect(tmp_path / "index/cache")
    assert engine._count() == 1000  # each row twice
    engine.close()
    with Index.open(tmp_path / "index", Hashed(16)) as index:
        assert held(index) == list(range(500))
        hits = index.search([texts(500)[3]], top=500)[0]
        assert len({hit.id for hit in hits}) == len(hits) == 500


def test_a_lost_or_foreign_cache_is_made_again(index: Index) -> None:
    shutil.rmtree(index.home / "cache")
    assert index.search([texts(3000)[7]], top=1)[0][0].id == "7"
    assert held(index) == list(range(3000))


def test_a_folder_in_use_by_another_process_is_told(index: Index) -> None:
    place = index.home / "cache" / "milvus.db"
    with (place / "LOCK").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(ServiceError, match=r"milvus\.db is open in another process"):
            index.search(["cat"])
    assert index.search(["cat"], top=1)[0]


def test_a_server_out_of_reach_is_tried_three_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(milvus, "TIMEOUT_SECONDS", 0.5)
    tries: list[str] = []
    opened = milvus.Milvus._opened
    monkeypatch.setattr(milvus.Milvus, "_opened", lambda self, uri: (tries.append(uri), opened(self, uri))[1])
    with Index.create(tmp_path / "index", Hashed(16), store="http://127.0.0.1:9") as index:
        index.add(["1"], ["a cat"])
        with pytest.raises(ServiceError, match=r"Milvus at http://127\.0\.0\.1:9 failed: .* is whole"):
            index.search(["cat"])
    assert len(tries) == 3


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name == "pymilvus":
            raise ImportError("no", name=name)
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    monkeypatch.delitem(sys.modules, "pymilvus", raising=False)
    with pytest.raises(ConfigError, match=r"pymilvus is not installed.*pip install 'heedful\[search\]'"):
        Index.create(tmp_path / "index", Hashed(16), store="milvus")
    assert not (tmp_path / "index").exists()
