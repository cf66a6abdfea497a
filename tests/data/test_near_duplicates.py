"""Near duplicates: the same as comparing all pairs, without doing so."""

import random
import subprocess
import sys
import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.data import near
from heedful.data.near import near_groups, near_matches
from heedful.data.shingles import normalised, shingle_sets

words = st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=9).map(" ".join)
tables = st.lists(words, min_size=1, max_size=40, unique=True)


def grams(text: str) -> set[tuple[str, ...]]:
    found = text.split()
    return {tuple(found[i : i + 3]) for i in range(len(found) - 2)} or {tuple(found)}


def alike(a: str, b: str) -> bool:
    one, two = grams(a), grams(b)
    return 2 * len(one & two) >= len(one | two)


def components(texts: list[str]) -> list[int]:
    group = list(range(len(texts)))
    for i, j in combinations(range(len(texts)), 2):
        if alike(texts[i], texts[j]):
            old, new = max(group[i], group[j]), min(group[i], group[j])
            group = [new if g == old else g for g in group]
    return group


@pytest.mark.parametrize("crowd", [1, 2, 40])
@given(texts=tables)
@settings(max_examples=150, deadline=None)
def test_groups_equal_brute_force(crowd: int, texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "CROWD", crowd)
        found = near_groups(shingle_sets(texts))
    roots = found.roots(np.arange(len(texts))).tolist()
    assert roots == components(texts)
    assert len(found.edges) == len(texts) - len(set(roots))
    assert all(alike(texts[a], texts[b]) for a, b in found.edges)
    assert not found.bounded


@pytest.mark.parametrize("crowd", [1, 40])
@given(texts=tables, data=st.data())
@settings(max_examples=150, deadline=None)
def test_matches_equal_brute_force(crowd: int, texts: list[str], data: st.DataObject) -> None:
    split = data.draw(st.integers(0, len(texts)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "CROWD", crowd)
        found, bounded = near_matches(shingle_sets(texts), split)
    expected = {i for i in range(split, len(texts)) if any(alike(texts[i], t) for t in texts[:split])}
    assert set(found) == expected
    assert all(match < split and alike(texts[i], texts[match]) for i, match in found.items())
    assert not bounded


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Hello,  World!", "hello world", True),
        ("ＦＵＬＬ　width", "full width", True),
        ("Straße", "STRASSE", True),
        ("e\u0301te\u0301", "été", True),
        ("don't", "don’t", True),
        ("great 😀", "great 😡", False),
        ("costs $5", "costs 5", False),
        ("!!!", "???", False),
        ("कि", "की", False),
        ("a\u200bb", "a b", True),
    ],
)
def test_normalised(a: str, b: str, same: bool) -> None:
    assert (normalised(a) == normalised(b)) is same


def test_scripts_without_spaces_have_words() -> None:
    assert normalised("今日は天気") == "今 日 は 天 気"
    texts = [normalised("今日は天気がいいですね本当に"), normalised("今日は天気がいいですね全部")]
    assert len(near_groups(shingle_sets(texts)).edges) == 1


def varied(rows: int) -> list[str]:
    """Return sentences of frequent and rare words, one in ten a mended copy of an earlier one."""
    chance = random.Random(1)
    vocabulary = [f"w{int(chance.paretovariate(0.6))}" for _ in range(50_000)]
    texts: list[str] = []
    for i in range(rows):
        if i % 10 == 9:
            found = texts[chance.randrange(len(texts))].split()
            found[-1] = "mended"
        else:
            found = chance.choices(vocabulary, k=chance.randint(5, 30))
        texts.append(" ".join(found))
    return texts


def seconds(texts: list[str]) -> float:
    start = time.process_time()
    near_groups(shingle_sets(texts))
    return time.process_time() - start


def test_time_grows_as_the_rows_do() -> None:
    seconds(varied(500))
    small, large = seconds(varied(4_000)), seconds(varied(32_000))
    assert large < 20 * max(small, 0.1), f"8 times the rows took {large / small:.0f} times as long"


def test_one_template_in_every_row_is_quick_and_one_group() -> None:
    texts = [
        f"dear customer number {i} your parcel is on its way and will be there at {i % 24}"
        for i in range(20_000)
    ]
    start = time.process_time()
    found = near_groups(shingle_sets(texts))
    assert len(set(found.roots(np.arange(len(texts))).tolist())) == 1
    assert time.process_time() - start < 10


def test_work_is_bounded_and_said_where_all_texts_are_nearly_near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "LEAST_BUDGET", 100_000)
    monkeypatch.setattr(near, "BUDGET", 5)
    chance = random.Random(2)
    texts = [" ".join(chance.choices("abcd", k=30)) for _ in range(2_000)]
    start = time.process_time()
    assert near_groups(shingle_sets(texts)).bounded
    assert time.process_time() - start < 5


def test_no_dependence_on_the_hash_seed() -> None:
    script = (
        "import random; from heedful.data import inspect, read_table, split\n"
        "r = random.Random(0); t = [' '.join(r.choices('abcd', k=6)) for _ in range(200)]\n"
        "table = read_table({'text': t, 'label': [f'c{i % 3}' for i in range(200)]})\n"
        "found = inspect(table)\n"
        "parts = split(table, None, found, seed=1); print(table.fingerprint, found, parts)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1
