"""Chunks and batches: every token once, no document mixed with another, each row a function of its number."""

import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import store

from heedful.data.chunks import Batches, Chunks, numbers
from heedful.errors import ConfigError
from heedful.types import Ints

sizes = st.lists(st.integers(1, 40), min_size=1, max_size=8)


def documents(counts: list[int]) -> list[range]:
    ends = np.cumsum(counts).tolist()
    return [range(end - count, end) for end, count in zip(ends, counts, strict=True)]


@given(
    counts=sizes,
    length=st.integers(1, 12),
    seed=st.integers(0, 2**40),
    epoch=st.integers(0, 5),
    fresh=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_every_token_is_in_one_chunk_of_one_document(
    counts: list[int], length: int, seed: int, epoch: int, fresh: bool
) -> None:
    tokens = store(documents(counts))
    places = Chunks(tokens, length, seed, fresh).epoch(epoch)
    found = sorted(places)
    assert len(found) == len(places)
    assert [place for start, end in found for place in range(start, end)] == list(range(sum(counts)))
    assert all(1 <= end - start <= length for start, end in found)
    ends = set(tokens.ends.tolist())
    for start, end in found:
        assert not ends & set(range(start + 1, end))
    least = sum(-(-count // length) for count in counts)
    assert least <= len(found) <= least + (sum(count > length for count in counts) if fresh else 0)
    assert all(places.take(n).tolist() == list(range(*places[n])) for n in range(len(places)))


@given(counts=sizes, length=st.integers(1, 12), seed=st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_an_epoch_is_a_function_of_seed_and_number(counts: list[int], length: int, seed: int) -> None:
    tokens = store(documents(counts))
    first = [list(Chunks(tokens, length, seed).epoch(epoch)) for epoch in range(3)]
    again = [list(Chunks(tokens, length, seed).epoch(epoch)) for epoch in (2, 0, 1)]
    assert [again[1], again[2], again[0]] == first


def test_epochs_and_seeds_differ_in_order_and_in_cuts() -> None:
    chunks = Chunks(store([range(900)]), 10, 0)
    first, second, other = (
        list(one) for one in (chunks.epoch(0), chunks.epoch(1), Chunks(chunks.tokens, 10, 1).epoch(0))
    )
    assert first != second and first != other
    assert {min(chunks.epoch(epoch))[1] for epoch in range(200)} == set(range(1, 11))
    still = Chunks(chunks.tokens, 10, 0, fresh_cuts=False)
    assert (
        sorted(still.epoch(0))
        == sorted(still.epoch(1))
        == [(start, start + 10) for start in range(0, 900, 10)]
    )
    assert list(still.epoch(0)) != list(still.epoch(1))


def test_short_documents_are_whole() -> None:
    chunks = Chunks(store(documents([3, 10, 1])), 10, 0)
    assert sorted(chunks.epoch(0)) == [(0, 3), (3, 13), (13, 14)]


def test_places_can_be_sliced_and_end() -> None:
    places = Chunks(store([range(50)]), 10, 0).epoch(0)
    assert places[1:3] == [places[1], places[2]]
    with pytest.raises(IndexError):
        places[len(places)]


def test_every_order_is_as_likely() -> None:
    chunks = Chunks(store(documents([1, 1, 1])), 4, 0)
    seen = [tuple(start for start, _ in chunks.epoch(epoch)) for epoch in range(1200)]
    assert len(set(seen)) == 6
    assert min(map(seen.count, set(seen))) > 140


@pytest.mark.parametrize(("length", "seed"), [(0, 0), (-1, 0), (1.5, 0), (True, 0), (4, -1), (4, None)])
def test_bad_settings_are_refused(length: object, seed: object) -> None:
    with pytest.raises(ConfigError, match="expected a whole number"):
        Chunks(store([range(3)]), length, seed)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="rows"):
        Batches(Chunks(store([range(3)]), 1, 0), 0, 0, lambda ids, _: ids)


def shaken(ids: Ints, random: np.random.Generator) -> list[int]:
    """Return some of the ids in random order, and a number."""
    return [
        *random.permutation(ids)[: random.integers(1, len(ids) + 1)].tolist(),
        int(random.integers(10**9)),
    ]


@given(
    counts=sizes,
    length=st.integers(1, 12),
    rows=st.integers(1, 5),
    seed=st.integers(0, 9),
    epoch=st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_batches_are_the_same_alone_in_any_order_and_again(
    counts: list[int], length: int, rows: int, seed: int, epoch: int
) -> None:
    chunks = Chunks(store(documents(counts)), length, seed)
    batches = Batches(chunks, epoch, rows, shaken)
    all_of_them = list(batches)
    assert len(all_of_them) == len(batches) == -(-len(chunks.epoch(epoch)) // rows)
    order = list(range(len(batches)))
    random.Random(seed).shuffle(order)
    for k in order:
        assert batches[k] == all_of_them[k] == batches[k - len(batches)]
    alone = Batches(Chunks(chunks.tokens, length, seed), epoch, rows, shaken)
    assert alone[order[0]] == all_of_them[order[0]]
    assert batches[1:] == all_of_them[1:]


@given(counts=sizes, length=st.integers(1, 12), rows=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_batches_have_each_chunk_once_and_short_rows_first(counts: list[int], length: int, rows: int) -> None:
    batches = Batches(Chunks(store(documents(counts)), length, 0), 0, rows, lambda ids, _: (ids, ids[:1]))
    found = [[row[0] for row in batch] for batch in batches]
    assert sorted(id for batch in found for ids in batch for id in ids.tolist()) == list(range(sum(counts)))
    assert all(len(batch) == rows for batch in found[:-1])
    for batch in found:
        lengths = [len(ids) for ids in batch]
        assert lengths == sorted(lengths)


def test_rows_have_random_numbers_of_their_own() -> None:
    chunks = Chunks(store([range(400)]), 4, 0)
    drawn = [
        row[0]
        for epoch in (0, 1)
        for batch in Batches(chunks, epoch, 8, lambda _, r: [r.integers(2**60)])
        for row in batch
    ]
    assert len(set(drawn)) == len(drawn) > 150


def test_uses_of_random_numbers_do_not_meet() -> None:
    found = {
        int(numbers(seed, use, epoch, row).integers(2**60))
        for seed in range(3) for use in range(1, 5) for epoch in range(3) for row in range(3)
    }  # fmt: skip
    assert len(found) == 3 * 4 * 3 * 3


def test_a_million_chunks_are_ready_at_once() -> None:
    tokens = store([np.zeros(2_000_000, np.int64)])
    begin = time.monotonic()
    batches = Batches(Chunks(tokens, 2, 0), 0, 32, lambda ids, _: ids)
    assert len(batches[len(batches) // 2]) == 32
    assert time.monotonic() - begin < 2
