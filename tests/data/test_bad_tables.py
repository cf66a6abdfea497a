"""Bad tables end in one clear sentence, quickly and in bounded memory."""

import gzip
import os
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heedful.data import inspect, read_table, read_texts, write_columns
from heedful.errors import DataError

GOOD = "text,label\n" + "".join(f"this is text number {i},{i % 2}\n" for i in range(40))


@contextmanager
def bounded(seconds: float, megabytes: float) -> Iterator[None]:
    """Fail if the block takes longer or holds more Python memory."""
    tracemalloc.start()
    start = time.monotonic()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
    took = time.monotonic() - start
    assert took < seconds, f"took {took:.1f} s"
    assert peak < megabytes, f"held {peak:.0f} MB"


def refused(source: object, *facts: str, seconds: float = 5, megabytes: float = 50, **named: str) -> None:
    """Assert that reading and checking end in one line that states the facts."""
    with bounded(seconds, megabytes), pytest.raises(DataError) as caught:
        inspect(read_table(source, **named))
    message = str(caught.value)
    assert "\n" not in message
    for fact in facts:
        assert fact in message, message


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_missing_column_lists_the_nearest_first(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", GOOD)
    refused(path, "no column 'labell'", "it has label, text", label="labell")
    refused(path, "two columns", text="label", label="label")


def test_what_cannot_be_learned_from(tmp_path: Path) -> None:
    refused(put(tmp_path / "one.csv", "text,label\na b c,x\nd e f,x\ng h i,x\nj k,x\n"), "'x'", "2 classes")
    refused(put(tmp_path / "row.csv", "text,label\na b c,x\n"), "1 usable row;", "at least 4")
    refused(put(tmp_path / "empty.csv", "text,label\n,x\n ,y\n"), "all 2 rows are bad", "row 2: empty text")
    refused(put(tmp_path / "head.csv", "text,label\n"), "no rows")
    many = "text,label\n" + "".join(f"text number {i},{i}\n" for i in range(60))
    refused(put(tmp_path / "many.csv", many), "60 distinct labels", "--label")


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    refused(tmp_path, "is a folder")
    refused(tmp_path / "tabel.csv", "no file")
    put(tmp_path / "table.csv", GOOD)
    refused(tmp_path / "tabel.csv", "the folder has table.csv")
    refused(tmp_path / ("x" * 5000), "cannot be opened")
    refused("a\0b", "cannot be opened")
    refused(put(tmp_path / "e.csv", ""), "is empty")
    refused(put(tmp_path / "blank.csv", "\n \n\n"), "blank lines")
    refused(put(tmp_path / "x.xlsx", b"PK\x03\x04" + b"x" * 100), "Excel", "CSV")
    refused(put(tmp_path / "x.csv", b"%PDF-1.7"), "PDF")
    refused(put(tmp_path / "x.bin", bytes(range(256)) * 50), "is no text")
    refused(put(tmp_path / "x.html", "<!DOCTYPE html><p>no</p>"), "web page")
    refused("/dev/zero", "device")
    refused("minilm", "model of the catalogue")


def test_a_pipe_that_never_speaks(tmp_path: Path) -> None:
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    refused(path, "named pipe", "regular file", seconds=1)


def test_ragged_rows_only(tmp_path: Path) -> None:
    refused(
        put(tmp_path / "a.csv", "text,label\n" + "a,b,c\n" * 5),
        "all 5 rows are bad",
        "row 2: too many columns",
    )


def test_nul_bytes_and_broken_utf8_are_mended(tmp_path: Path) -> None:
    data = (
        GOOD.encode()
        .replace(b"number 3,", b"n\0umber \xff3,")
        .replace(b"number 5,", b"num\0ber \xc3\xa95\xc3\xa9,")
    )
    table = read_table(put(tmp_path / "a.csv", data))
    assert len(table.texts) == 40
    assert "\0" not in "".join(table.texts)
    assert any("2 NUL" in note for note in table.notes)
    assert any("1 broken character" in note for note in table.notes)


def test_a_word_of_a_megabyte_is_a_text(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", GOOD + "w" * 1_000_000 + ",1\n")
    with bounded(5, 60):
        table = read_table(path)
        found = inspect(table)
    assert len(table.texts[-1]) == 1_000_000
    assert found.rows == 41


def test_parquet_cut_short_or_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_columns(path, {"text": [f"text {i}" for i in range(999)], "label": [i % 2 for i in range(999)]})
    whole = path.read_bytes()
    refused(put(path, whole[: len(whole) // 2]), "cut short", "Copy it again")
    refused(put(path, whole[:4] + os.urandom(len(whole) - 8) + whole[-4:]), "no whole Parquet")
    refused(put(path, whole[:50] + bytes(200) + whole[250:]), str(path))


def test_parquet_that_stands_for_far_more_than_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.parquet"
    with duckdb.connect(config={"threads": 1}) as connection:
        text = "CASE i % 2 WHEN 0 THEN repeat('a b ', 250000) ELSE repeat('c d ', 250000) END"
        connection.execute(
            f"COPY (SELECT {text} AS text, i % 2 AS label FROM range(400) t(i)) TO '{path}' "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
    assert path.stat().st_size < 10_000
    with bounded(5, 20), pytest.raises(DataError, match="unpacks to 400,000,400 bytes"):
        read_table(path, limit=100_000_000)
    monkeypatch.setattr("heedful.data.parquet.MOST_ROWS", 399)
    refused(path, "claims 400 rows", "Take a part")


def test_a_gzip_bomb(tmp_path: Path) -> None:
    member = gzip.compress(bytes(10 << 20))
    path = put(tmp_path / "bomb.csv.gz", member * 1000)
    assert path.stat().st_size < 11_000_000
    refused(path, "unpacks to more than 200 times its size", seconds=10)
    refused(put(tmp_path / "cut.csv.gz", gzip.compress(GOOD.encode())[:-20]), "damaged gzip")
    refused(put(tmp_path / "junk.csv.gz", b"\x1f\x8b\x08" + bytes(range(200))), "damaged gzip")


def test_the_limit_on_bytes(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", GOOD)
    with pytest.raises(DataError, match="more than 500 bytes"):
        read_table(path, limit=500)
    packed = put(tmp_path / "a.csv.gz", gzip.compress(GOOD.encode()))
    with pytest.raises(DataError, match="more than 500 bytes"):
        read_table(packed, limit=500)


def test_a_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as handle:
        for _ in range(70):
            handle.write(b"x" * (1 << 20))
    refused(path, "line 1 has more than", seconds=10, megabytes=400)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".jsonl", ".json", ".parquet", ".gz"])
@given(data=st.binary(max_size=200) | st.text('",;\t|\n\r{}[]ab1 :', max_size=80).map(str.encode))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = put(tmp_path / f"a{suffix}", data)
    with suppress(DataError):
        inspect(read_table(path))
    with suppress(DataError):
        read_texts(path)


def test_quotes_that_open_on_every_line_end_quickly(tmp_path: Path) -> None:
    with bounded(10, 100):
        try:
            table = read_table(
                put(tmp_path / "a.csv", "text,label\n" + 'x,"never closed "" at all\n' * 30_000)
            )
        except DataError as problem:
            assert "quote" in str(problem)
        else:
            assert len(table.texts) <= 30_000
