"""Pairs for next-sentence prediction: half of them follow, the others are of another document."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import store

from heedful.data.chunks import Batches, Chunks
from heedful.data.pairs import Pairs, Parts, cut_ends, next_sentence, shortened
from heedful.errors import ConfigError, DataError

CLS, SEP, STOP = 900, 901, 7
FULL_STOP = np.arange(1000) == STOP


def fixed(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def one_by_one(a: int, b: int, most: int) -> tuple[int, int]:
    while a + b > most:
        if a > b:
            a -= 1
        else:
            b -= 1
    return a, b


@given(a=st.integers(0, 30), b=st.integers(0, 30), most=st.integers(2, 70))
def test_lengths_are_those_of_taking_one_token_after_another(a: int, b: int, most: int) -> None:
    assert shortened(a, b, most) == one_by_one(a, b, most)


def test_both_ends_lose_tokens() -> None:
    ids, random = np.arange(20), fixed()
    found = [cut_ends(ids, 10, random) for _ in range(400)]
    assert all((part == np.arange(part[0], part[0] + 10)).all() for part in found)
    assert np.mean([part[0] for part in found]) == pytest.approx(5, abs=0.4)


parts = st.builds(
    lambda a, b, c: Parts(np.arange(a), 100 + np.arange(b), 500 + np.arange(c)),
    st.integers(1, 30), st.integers(0, 30), st.integers(1, 30),
)  # fmt: skip


@given(made=parts, length=st.integers(5, 70), seed=st.integers(0, 2**32))
def test_an_example_is_two_texts_with_their_segments(made: Parts, length: int, seed: int) -> None:
    ids, segments, follows = next_sentence(made, CLS, SEP, length, fixed(seed))
    assert len(ids) == len(segments) <= length
    assert ids[0] == CLS and ids[-1] == SEP
    border = int(np.flatnonzero(ids == SEP)[0])
    a, b = ids[1:border], ids[border + 1 : -1]
    assert (segments == np.repeat([0, 1], [border + 1, len(ids) - border - 1])).all()
    assert set(a) <= set(made.first) and set(b) <= set(made.following if follows else made.another)
    wanted = one_by_one(len(made.first), len(made.following if follows else made.another), length - 3)
    assert (len(a), len(b)) == wanted
    if not len(made.following):
        assert not follows


def test_half_of_them_follow() -> None:
    made, random = Parts(np.arange(5), np.arange(5), np.arange(5)), fixed()
    found = [next_sentence(made, CLS, SEP, 13, random)[2] for _ in range(2000)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.04)


def test_a_length_without_room_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 5"):
        next_sentence(Parts(np.arange(5), np.arange(5), np.arange(5)), CLS, SEP, 4, fixed())


@given(
    counts=st.lists(st.integers(1, 60), min_size=2, max_size=6),
    length=st.integers(1, 20),
    seed=st.integers(0, 99),
)
@settings(max_examples=80, deadline=None)
def test_parts_are_a_chunk_and_a_text_of_another_document(counts: list[int], length: int, seed: int) -> None:
    ends = np.cumsum(counts)
    tokens = store([range(end - count, end) for end, count in zip(ends.tolist(), counts, strict=True)])
    chunks = Chunks(tokens, length, seed)
    items, places = Pairs(chunks).epoch(1), chunks.epoch(1)
    assert len(items) == len(places)
    for number in reversed(range(len(items))):
        made = items.take(number)
        assert (np.concatenate([made.first, made.following]) == np.arange(*places[number])).all()
        assert len(made.first) >= 1
        assert len(made.following) >= 1 or places[number][1] - places[number][0] == 1
        own, other = (np.searchsorted(ends, part, "right") for part in (made.first, made.another))
        assert len(set(other)) == 1 and other[0] != own[0]
        assert 1 <= len(made.another) <= max(len(made.following), 1)
        assert (np.diff(made.another) == 1).all()
        again = items.take(number)
        assert again.first.tolist() == made.first.tolist() and again.another.tolist() == made.another.tolist()


def test_sentences_are_kept_whole_where_full_stops_are_known() -> None:
    document = [1, 2, 3, STOP] * 30
    chunks = Chunks(store([document, document]), 40, 0, fresh_cuts=False)
    items = Pairs(chunks, FULL_STOP).epoch(0)
    made = [items.take(number) for number in range(len(items))]
    assert all(one.first[-1] == STOP and one.following[0] == 1 for one in made)
    assert all(one.another[0] == 1 for one in made if len(one.another) > 4)
    assert len({len(one.first) for one in made}) > 2


def test_all_other_documents_are_drawn() -> None:
    tokens = store([[number] * 4 for number in range(5)])
    items = Pairs(Chunks(tokens, 4, 0))
    drawn = [items.epoch(epoch).take(number) for epoch in range(100) for number in range(5)]
    seen = {(int(one.first[0]), int(one.another[0])) for one in drawn}
    assert seen == {(a, b) for a in range(5) for b in range(5) if a != b}


def test_lengths_do_not_tell_what_follows() -> None:
    tokens = store([[number] * 30 for number in range(40)])
    items = Pairs(Chunks(tokens, 20, 0, fresh_cuts=False)).epoch(0)
    made = [items.take(number) for number in range(len(items))]
    assert all(len(one.another) == len(one.following) for one in made)


def test_one_document_is_refused() -> None:
    with pytest.raises(DataError, match="needs two documents"):
        Pairs(Chunks(store([range(30)]), 10, 0))


def test_batches_of_pairs_are_the_same_again() -> None:
    pairs = Pairs(Chunks(store([range(30), range(30, 90), range(90, 100)]), 10, 0))

    def make(made: Parts, random: np.random.Generator) -> tuple[list[int], list[int], bool]:
        ids, segments, follows = next_sentence(made, CLS, SEP, 13, random)
        return ids.tolist(), segments.tolist(), follows

    batches = Batches(pairs, 2, 3, make)
    found = list(batches)
    assert [batches[k] for k in reversed(range(len(batches)))] == found[::-1]
    assert {row[2] for batch in found for row in batch} == {True, False}
    assert Batches(pairs, 3, 3, make)[0] != found[0]
