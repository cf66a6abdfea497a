"""Building from tables: what is read, what a kill leaves, what comes of the same command again."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hashed import Hashed

from heedful.errors import DataError
from heedful.search.build import build
from heedful.search.check import check
from heedful.search.index import Index
from heedful.search.rows import open_source
from heedful.search.view import Row
from heedful.search.windows import Windowed
from heedful.types import Texts, Vectors


class Counting(Hashed):
    """Counts what it encodes, and can break down after so many texts."""

    def __init__(self, most: int = 10**9) -> None:
        super().__init__()
        self.seen, self.most = 0, most

    def encode(self, texts: Texts) -> Vectors:
        self.seen += len(texts)
        if self.seen > self.most:
            raise KeyboardInterrupt
        return super().encode(texts)


def rows(count: int, changed: str = "") -> Iterator[Row]:
    for number in range(count):
        yield Row(str(number), f"text {number} {changed if number == 3 else ''}", {"year": str(number % 7)})


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heedful.search.intake.PART_ROWS", 10)


def test_a_build_that_died_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with pytest.raises(KeyboardInterrupt):
        build(folder, rows(60), Counting(40), columns=["year"])
    assert not folder.exists()
    encoder, seen = Counting(), list[int]()
    index, counts = build(folder, rows(50, "new"), encoder, columns=["year"], watch=seen.append)
    # of the 30 rows that were there, row 3 had changed, and of 60 rows there are 50 now
    assert (counts.unchanged, counts.replaced, counts.added) == (29, 1, 20)
    assert encoder.seen < 50 and seen[-1] == 50 == len(index)
    assert index.search(["text 3 new"], 1)[0][0].id == "3"
    assert [one.name for one in tmp_path.iterdir()] == ["index"]


def test_other_settings_begin_anew(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "index", rows(60), Counting(40), columns=["year"])
    _, counts = build(tmp_path / "index", rows(60), Counting(), columns=["year"], model="another")
    assert (counts.unchanged, counts.added) == (0, 60)


def test_what_stands_there_is_replaced_only_when_asked_and_only_at_the_end(tmp_path: Path) -> None:
    build(tmp_path / "index", rows(5), Hashed())
    with pytest.raises(DataError, match=r"an index already\. Use `heedful index add`, or give --replace"):
        build(tmp_path / "index", rows(9), Hashed())
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "index", rows(60), Counting(40), replace=True)
    assert len(Index.open(tmp_path / "index")) == 5
    build(tmp_path / "index", rows(60), Hashed(), replace=True)
    assert len(Index.open(tmp_path / "index")) == 60
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    for folder in (tmp_path / "mine", tmp_path / "mine" / "thesis.txt"):
        with pytest.raises(DataError, match=r"is no index\. Name another"):
            build(folder, rows(5), Hashed(), replace=True)
    with pytest.raises(DataError, match="no row with a text"):
        build(tmp_path / "empty", iter([Row("1", " ", {})]), Hashed())
    assert not (tmp_path / "empty").exists()


def test_tables_are_read_with_their_columns(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text('id,body,year\nx,"a long text, of words",2001\n,"no id here, you see",2002\ny,,\n')
    source = open_source(table, "body", "id", ["year"])
    assert list(source.read()) == [
        Row("x", "a long text, of words", {"year": "2001"}),
        Row("", "no id here, you see", {"year": "2002"}),
        Row("y", "", {"year": None}),
    ]
    assert [row.id for row in open_source(table, "body").read(first=7)] == ["7", "8", "9"]
    lines = tmp_path / "lines.txt"
    lines.write_text("first of all\nsecond of two\n")
    assert [row.text for row in open_source(lines).read()] == ["first of all", "second of two"]
    for asked, says in (({"id": "nr"}, "nr"), ({"keep": ["yaer"]}, "yaer"), ({"keep": ["id"]}, "'id'")):
        with pytest.raises(DataError, match=says):
            open_source(table, "body", **asked)  # type: ignore[arg-type]


def test_windows_see_all_of_a_text() -> None:
    windowed = Windowed(Hashed(), words=10, overlap=2)
    words = [f"w{number}" for number in range(25)]
    windows = windowed.windows(" ".join(words))
    assert [window.split()[0] for window in windows] == ["w0", "w8", "w16"]
    assert windows[-1].split()[-1] == "w24" and all(len(window.split()) <= 10 for window in windows)
    long = " ".join(["extraordinarily"] * 100)  # 200 characters is where Hashed cuts
    halved = Windowed(Hashed(), words=50, overlap=0)
    assert all(len(window) <= 200 for window in halved.windows(long))
    assert " ".join(halved.windows(long)) == long
    assert Hashed().truncated([long]) == 1 and halved.truncated([long]) == 0
    assert np.allclose(windowed.encode(["short text"]) / 2, Windowed(Hashed()).encode(["short text"]) / 2)
    assert not np.allclose(windowed.encode([" ".join(words)]), windowed.encode([" ".join(words[:10])]))


def test_check_finds_a_flipped_bit_and_counts_recall(tmp_path: Path) -> None:
    index, _ = build(tmp_path / "index", rows(200), Hashed(), columns=["year"])
    told = check(index, queries=20, where="year > 3")
    assert told["recall@10"] == 1.0 and told["queries"] == 20 and 0 < told["p50_ms"] <= told["p95_ms"]
    assert told["searched"] == sum(number % 7 > 3 for number in range(200))

    class Deaf:
        name = "deaf"

        def nearest(self, queries: Vectors, top: int, among: object) -> object:
            found = exact.nearest(queries, top, among)
            return found[0][:, ::2], found[1][:, ::2]

    exact = index.prepare()
    index._engine = Deaf()  # type: ignore[assignment]
    assert check(index, queries=20)["recall@10"] == 0.5
    index._engine = exact
    path = next((tmp_path / "index").glob("part-*/rows.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="SHA-256"):
        check(index)
