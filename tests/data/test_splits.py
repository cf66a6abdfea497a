"""The laws of a split: disjoint, covering, grouped, stratified, and the same for the same seed."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.data import Split, Table, inspect, read_table, split
from heedful.errors import DataError


def table(texts: list[str], labels: list[str]) -> Table:
    return read_table({"text": texts, "label": labels})


def words(rows: int, seed: int = 0) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(f"w{chance.randrange(10_000)}" for _ in range(8)) for _ in range(rows)]


def check_laws(source: Table, parts: Split, groups: list[int]) -> None:
    """Rows are numbered from 1, so row - 1 is the place."""
    rows = [parts.train.rows, parts.dev.rows, parts.test.rows]
    covered = sorted([*rows[0], *rows[1], *rows[2]])
    known = set(parts.train.labels)
    missing = set(source.rows) - set(covered)
    assert covered == sorted(set(covered))
    assert all(source.labels[row - 1] not in known for row in missing)
    assert set(parts.dev.labels) | set(parts.test.labels) <= known
    assert any(note.startswith(f"{len(missing)} rows are left out") for note in parts.notes) == bool(missing)
    for part in (parts.train, parts.dev, parts.test):
        assert part.texts == [source.texts[row - 1] for row in part.rows]
        assert part.labels == [source.labels[row - 1] for row in part.rows]
    sides = [{groups[row - 1] for row in part} for part in rows]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_laws(data: st.DataObject) -> None:
    rows = data.draw(st.integers(12, 120))
    base = words(rows)
    copies = data.draw(st.lists(st.integers(0, rows - 1), max_size=40))
    texts = base + [base[i] + " more" for i in copies]
    labels = data.draw(st.lists(st.sampled_from("aaaabbc"), min_size=len(texts), max_size=len(texts)))
    labels[:6] = "aaabbb"
    source = table(texts, labels)
    found = inspect(source)
    parts = split(source, None, found, seed=data.draw(st.integers(0, 5)))
    check_laws(source, parts, found.groups.tolist())
    homes: dict[str, set[int]] = {}
    for group, label in zip(found.groups.tolist(), labels, strict=True):
        homes.setdefault(label, set()).add(group)
    times = Counter(group for mine in homes.values() for group in mine)
    for label, mine in homes.items():
        if any(times[group] > 1 for group in mine):
            continue  # a group of two classes counts as one of them
        held = label in parts.test.labels
        assert label in parts.train.labels
        assert held if len(mine) >= 3 else not held and label not in parts.dev.labels


def test_counts_and_proportions_are_as_asked() -> None:
    labels = ["big"] * 700 + ["small"] * 290 + ["tiny"] * 10
    source = table(words(1000), labels)
    parts = split(source, None, inspect(source))
    assert abs(parts.counts["test"] - 200) <= 2
    assert abs(parts.counts["dev"] - 80) <= 2
    counts = Counter(parts.test.labels)
    assert abs(counts["big"] - 140) <= 1
    assert abs(counts["small"] - 58) <= 1
    assert counts["tiny"] >= 2
    assert Counter(parts.dev.labels)["tiny"] >= 1
    assert not parts.published


def test_large_tables_are_capped() -> None:
    source = table([f"number{i}" for i in range(40_000)], [str(i % 4) for i in range(40_000)])
    parts = split(source, None, inspect(source))
    assert parts.counts == {"train": 33_000, "dev": 2_000, "test": 5_000}


def test_the_seed_decides() -> None:
    source = table(words(200), ["a", "b"] * 100)
    found = inspect(source)
    assert split(source, None, found, seed=3) == split(source, None, found, seed=3)
    assert split(source, None, found, seed=3).test.rows != split(source, None, found, seed=4).test.rows


def test_rare_classes_stay_in_train_and_are_said() -> None:
    texts, labels = words(50), ["a"] * 25 + ["b"] * 23 + ["rare"] * 2
    source = table([*texts, texts[-1] + " again"], [*labels, "rare"])
    parts = split(source, None, inspect(source))
    assert Counter(parts.train.labels)["rare"] == 3
    assert any("rare is in train only" in note for note in parts.notes)


def test_a_published_test_is_respected_but_for_leaks_and_unknown_labels() -> None:
    texts = words(60)
    source = table(texts, ["a", "b"] * 30)
    test = table(
        [texts[0], texts[1] + " x", "brand new text", "another new one", "and the last"],
        ["a", "b", "a", "zz", "b"],
    )
    found = inspect(source, test)
    parts = split(source, test, found)
    assert parts.test.rows == [3, 5]
    assert parts.dropped == {"in train exactly": 1, "in train nearly": 1, "unknown label": 1}
    assert parts.counts == {"train": 54, "dev": 6, "test": 2}
    assert parts.published
    kept = split(source, test, found, leaks="keep")
    assert kept.test.rows == [1, 2, 3, 5]
    assert kept.dropped == {"unknown label": 1}
    assert kept.dev == parts.dev


def test_nothing_left_to_test_on_is_an_error() -> None:
    texts = words(20)
    source = table(texts, ["a", "b"] * 10)
    leaky = table(texts[:5], ["a", "b", "a", "b", "a"])
    with pytest.raises(DataError, match=r"none of its 5 rows can be scored \(5 in train exactly"):
        split(source, leaky, inspect(source, leaky))
    same = table([f"the very same long sentence as ever number {i % 2}" for i in range(12)], ["a", "b"] * 6)
    with pytest.raises(DataError, match="no row can be held out"):
        split(same, None, inspect(same))


def test_trec(shared_data: Callable[[str], Path]) -> None:
    train, test = read_table(shared_data("trec/train.txt")), read_table(shared_data("trec/test.txt"))
    parts = split(train, test, inspect(train, test))
    assert parts.dropped == {"in train exactly": 10, "in train nearly": 23}
    assert parts.counts["test"] == 467
    assert parts.counts["dev"] == pytest.approx(545, abs=3)
    assert parts.counts["train"] + parts.counts["dev"] == 5452
