"""What inspect finds, on made-up rows and on the published sets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from heedful.data import Table, inspect, read_table
from heedful.errors import DataError


def table(*rows: tuple[str, str]) -> Table:
    return read_table({"text": [text for text, _ in rows], "label": [label for _, label in rows]})


TRAIN = table(
    ("the cat sat on the mat", "a"),
    ("The cat sat on the mat!", "b"),
    ("the cat sat on the mat today", "a"),
    ("a wholly different sentence here", "b"),
    ("yes", "a"),
    ("", "a"),
    ("Yes.", "a"),
    ("no", "b"),
)


def test_everything_that_is_wrong_with_a_small_table() -> None:
    test = table(
        ("the cat sat on the mat", "a"), ("YES", "a"), ("a wholly different sentence", "b"), ("new", "z")
    )
    found = inspect(TRAIN, test)
    assert found.counts == {
        "rows": 7, "classes": 2, "empty": 1, "duplicates": 2, "near_duplicates": 1, "conflicts": 1,
        "leaks_exact": 1, "leaks_near": 2,
    }  # fmt: skip
    assert found.classes == {"a": 4, "b": 3}
    assert found.duplicates == [(1, 0), (5, 4)]
    assert found.near_duplicates == [(2, 0)]
    assert found.conflicts == [[0, 1]]
    assert found.leaks_exact == [(0, 0)]
    assert found.leaks_near == [(1, 4), (2, 3)]
    assert found.groups.tolist() == [0, 0, 0, 1, 2, 2, 3]
    assert any("1 test rows have a label that train does not know (z)" in note for note in found.notes)


def test_without_a_test_table_there_are_no_leaks() -> None:
    found = inspect(TRAIN)
    assert (found.leaks_exact, found.leaks_near, found.test_rows) == ([], [], 0)


@pytest.mark.parametrize(
    ("rows", "fact"),
    [
        ([("a b", "x"), ("c d", "y")], "2 usable rows"),
        ([(f"text {i}", "x") for i in range(9)], "all 9 rows have the label 'x'"),
        ([(f"text {i}", str(i)) for i in range(30)], "30 distinct labels in 30 rows"),
        ([(f"text {i}", str(i // 3)) for i in range(3300)], "1,100 distinct labels"),
    ],
)
def test_what_cannot_be_learned_from(rows: list[tuple[str, str]], fact: str) -> None:
    with pytest.raises(DataError, match=fact):
        inspect(table(*rows))


def test_trec_leaks_as_published(shared_data: Callable[[str], Path]) -> None:
    found = inspect(read_table(shared_data("trec/train.txt")), read_table(shared_data("trec/test.txt")))
    assert len(found.leaks_exact) == 10
    assert (len(found.leaks_exact) + len(found.leaks_near)) / found.test_rows == pytest.approx(0.066)
    assert len(found.duplicates) == 76


def test_hate_has_texts_with_two_labels(shared_data: Callable[[str], Path]) -> None:
    train, test = (read_table(shared_data(f"hate/twitter_hate_{part}.parquet")) for part in ("train", "test"))
    found = inspect(train, test)
    assert found.counts["conflicts"] == 4
    assert all(len({train.labels[i] for i in rows}) > 1 for rows in found.conflicts)
    assert len({train.texts[j] for _, j in found.leaks_near}) > 50
