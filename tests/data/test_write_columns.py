"""What write_columns writes, read_texts and read_table read back."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heedful.data import read_table, read_texts, write_columns
from heedful.errors import DataError

AWKWARD = ['"', '""', "a,b", "x\ty", "l\nm", "p\rq", "r\r\ns", " ", ";", "'", "\\", '\\"', "NA"]
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.lists(
    st.text(letters) | st.sampled_from(AWKWARD),
    min_size=1,
    max_size=8,
)  # fmt: skip


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
@given(values=texts)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_texts_come_back(tmp_path: Path, suffix: str, values: list[str]) -> None:
    path = tmp_path / f"a{suffix}"
    write_columns(
        path,
        {"text": values, "label": [f"class {i % 2}" for i in range(len(values))], "p": [0.5] * len(values)},
    )
    assert read_texts(path, text="text").texts == values
    usable = [value for value in values if value.strip()]
    if usable:
        assert read_table(path, text="text", label="label").texts == usable


def test_parquet_keeps_kinds(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    values = ["a", "", " ", "l\nm", 'q"q', "\u2028é", "NULL", None]
    write_columns(path, {"text": values, "p": [0.5, 1] * 4, "n": list(range(8)), "yes": [True, False] * 4})
    found = duckdb.sql(f"FROM '{path}'")
    assert [str(kind) for kind in found.types] == ["VARCHAR", "DOUBLE", "BIGINT", "BOOLEAN"]
    assert [row[0] for row in found.fetchall()] == values
    assert read_texts(path, text="text").texts == [*values[:-1], ""]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_one_column_alone(tmp_path: Path, suffix: str) -> None:
    values = ["a, b", "plain", 'q"q', "", "\ufffd"]
    write_columns(tmp_path / f"a{suffix}", {"text": [*values[:-1], "\ud800"]})
    assert read_texts(tmp_path / f"a{suffix}").texts == values


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(DataError, match="lengths"):
        write_columns(path, {"a": [1], "b": []})
    with pytest.raises(DataError, match=r"\.csv, \.tsv"):
        write_columns(tmp_path / "a.xlsx", {"a": [1]})
    with pytest.raises(DataError, match="cannot be written"):
        write_columns(tmp_path / "none" / "a.csv", {"a": [1]})
    with pytest.raises(TypeError):
        write_columns(tmp_path / "a.jsonl", {"a": [object()]})
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
