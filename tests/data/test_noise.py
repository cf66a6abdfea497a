"""Noise for pretraining: laws that hold for every text, and the published shares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.data.noise import (
    UNASKED,
    corrupt_spans,
    infill,
    mask_tokens,
    partition,
    permute_sentences,
    span_mask,
)
from heedful.errors import ConfigError
from heedful.types import Ints

V, MASK, END = 200, 4, 1
SENTINELS = np.arange(100, 200)
ORDINARY = np.arange(V) >= 5
STOPS = np.isin(np.arange(V), [10, 11])
texts = st.lists(st.integers(0, 99), max_size=80).map(lambda ids: np.array(ids, np.int64))
plain = st.lists(st.integers(5, 99), max_size=80).map(lambda ids: np.array(ids, np.int64))
seeds = st.integers(0, 2**32).map(np.random.default_rng)
rates = st.floats(0.01, 0.9)
LONG = np.random.default_rng(1).integers(5, 100, 200_000)


def fixed(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(ids=texts, random=seeds, rate=rates)
def test_masking_asks_for_its_share_and_changes_nothing_else(
    ids: Ints, random: np.random.Generator, rate: float
) -> None:
    inputs, targets = mask_tokens(ids, ORDINARY, MASK, random, rate)
    asked = targets != UNASKED
    able = ORDINARY[ids]
    assert asked.sum() == (max(1, round(rate * able.sum())) if able.any() else 0)
    assert not (asked & ~able).any()
    assert (targets[asked] == ids[asked]).all()
    assert (inputs[~asked] == ids[~asked]).all()
    assert (ORDINARY[inputs[asked]] | (inputs[asked] == MASK)).all()


@given(ids=texts, seed=st.integers(0, 2**32))
def test_noise_is_a_function_of_its_random_numbers(ids: Ints, seed: int) -> None:
    makers = (
        lambda r: mask_tokens(ids, ORDINARY, MASK, r),
        lambda r: corrupt_spans(ids, SENTINELS, END, r),
        lambda r: (infill(ids, MASK, r), permute_sentences(ids, STOPS, r)),
    )
    before = ids.copy()
    for make in makers:
        one, other = make(fixed(seed)), make(fixed(seed))
        assert all((a == b).all() for a, b in zip(one, other, strict=True))
    assert (ids == before).all()


def test_eighty_ten_ten() -> None:
    inputs, targets = mask_tokens(LONG, ORDINARY, MASK, fixed())
    asked = targets != UNASKED
    assert asked.mean() == pytest.approx(0.15, abs=1e-4)
    read, meant = inputs[asked], LONG[asked]
    assert (read == MASK).mean() == pytest.approx(0.8, abs=0.01)
    kept = (read == meant).mean()  # a random token is the same one of 195 times
    assert kept == pytest.approx(0.1 + 0.1 / 195, abs=0.01)
    random = read[(read != MASK) & (read != meant)]
    assert random.min() == 5 and random.max() == V - 1
    assert np.bincount(random, minlength=V)[5:].std() < 15  # 22 of each
    halves = asked.reshape(2, -1).sum(1)
    assert abs(int(halves[0]) - int(halves[1])) < 700


@given(ids=texts, random=seeds, rate=rates, data=st.data())
def test_words_are_asked_for_as_a_whole(
    ids: Ints, random: np.random.Generator, rate: float, data: st.DataObject
) -> None:
    begins = np.array(data.draw(st.lists(st.booleans(), min_size=V, max_size=V)))
    _, targets = mask_tokens(ids, ORDINARY, MASK, random, rate, begins)
    words: list[list[int]] = []
    for place, id in enumerate(ids.tolist()):
        if ORDINARY[id] and (begins[id] or not words or words[-1][-1] != place - 1):
            words.append([place])
        elif ORDINARY[id]:
            words[-1].append(place)
    asked = set(np.flatnonzero(targets != UNASKED).tolist())
    taken = [word for word in words if asked & set(word)]
    assert asked == {place for word in taken for place in word}
    room = max(1, round(rate * sum(map(len, words))))
    assert len(asked) <= room or len(taken) == 1
    assert bool(taken) == bool(words)


def test_whole_words_have_the_same_share_everywhere() -> None:
    begins = np.arange(V) % 3 == 0
    _, targets = mask_tokens(LONG, ORDINARY, MASK, fixed(), begins=begins)
    asked = targets != UNASKED
    assert asked.mean() == pytest.approx(0.15, abs=1e-3)
    assert asked.reshape(4, -1).mean(1) == pytest.approx([0.15] * 4, abs=0.01)


def restored(inputs: Ints, targets: Ints) -> list[int]:
    """Put the spans of the targets where their sentinels stand in the inputs."""
    assert inputs[-1] == targets[-1] == END
    spans: dict[int, list[int]] = {}
    for id in targets[:-1].tolist():
        if id >= 100:
            spans[id] = []
        else:
            spans[list(spans)[-1]].append(id)
    parts = [spans.pop(id) if id >= 100 else [id] for id in inputs[:-1].tolist()]
    assert not spans
    return [id for part in parts for id in part]


@given(ids=texts, random=seeds, rate=rates, mean=st.floats(0.2, 20))
def test_inputs_and_targets_together_are_the_text(
    ids: Ints, random: np.random.Generator, rate: float, mean: float
) -> None:
    inputs, targets = corrupt_spans(ids, SENTINELS, END, random, rate, mean)
    assert restored(inputs, targets) == ids.tolist()
    used = inputs[inputs >= 100]
    assert (used == SENTINELS[: len(used)]).all()
    if len(ids) > 1:
        assert len(used) >= 1
        assert inputs[0] == ids[0]  # text comes first, noise last
        assert inputs[-2] >= 100


@given(total=st.integers(1, 60), data=st.data(), random=seeds)
def test_a_partition_adds_up(total: int, data: st.DataObject, random: np.random.Generator) -> None:
    parts = data.draw(st.integers(1, total))
    found = partition(total, parts, random)
    assert found.sum() == total and len(found) == parts and found.min() >= 1


def test_partitions_are_equally_likely() -> None:
    random = fixed()
    seen = [tuple(partition(5, 3, random).tolist()) for _ in range(1800)]
    assert len(set(seen)) == 6  # ways to cut 5 in 3
    assert min(map(seen.count, set(seen))) > 240


@pytest.mark.parametrize(
    ("length", "rate", "mean", "noise", "spans"),
    [
        (512, 0.15, 3.0, 77, 26),
        (100, 0.15, 3.0, 15, 5),
        (568, 0.15, 3.0, 85, 28),
        (10, 0.5, 3.0, 5, 2),
        (2, 0.15, 3.0, 1, 1),
    ],
)  # 568 tokens with noise of T5's length become 512 with sentinels and end, as in its config
def test_spans_are_as_many_as_in_the_released_code(
    length: int, rate: float, mean: float, noise: int, spans: int
) -> None:
    for seed in range(20):
        mask = span_mask(length, rate, mean, fixed(seed))
        assert mask.sum() == noise
        assert (mask[1:] & ~mask[:-1]).sum() == spans
        assert not mask[0] and mask[-1]
    if length == 568:
        inputs, targets = corrupt_spans(LONG[:568], SENTINELS, END, fixed())
        assert (len(inputs), len(targets)) == (512, 114)


def test_too_few_sentinels_are_told() -> None:
    with pytest.raises(ConfigError, match="26 noise spans, more than the 20 sentinels"):
        corrupt_spans(LONG[:512], SENTINELS[:20], END, fixed())


@given(ids=plain, random=seeds, rate=rates, mean=st.floats(0.1, 20))
@settings(max_examples=300)
def test_infilling_leaves_the_rest_in_order(
    ids: Ints, random: np.random.Generator, rate: float, mean: float
) -> None:
    found = infill(ids, MASK, random, rate, mean)
    covered = max(1, round(rate * len(ids))) if len(ids) else 0
    kept = found[found != MASK].tolist()
    assert len(kept) == len(ids) - covered
    rest = iter(ids.tolist())
    assert all(id in rest for id in kept)  # in order
    assert (MASK in found.tolist()) == bool(len(ids))
    if len(ids):
        assert not ((found[1:] == MASK) & (found[:-1] == MASK)).any()


def test_infilled_spans_are_poisson() -> None:
    ids = np.arange(5, 200_005)
    found = infill(ids, MASK, fixed())
    places = np.flatnonzero(found == MASK)
    before = np.where(places > 0, found[places - 1], 4)
    after = np.append(found, 200_005)[places + 1]
    lengths = after - before - 1
    assert lengths.sum() == 60_000
    assert lengths.mean() == pytest.approx(3, abs=0.05)
    assert lengths.var() == pytest.approx(3, abs=0.1)
    assert (lengths == 0).mean() == pytest.approx(np.exp(-3), abs=0.005)
    halves = (places < len(found) // 2).mean()
    assert halves == pytest.approx(0.5, abs=0.02)


@given(ids=texts, random=seeds)
def test_sentences_are_permuted_and_whole(ids: Ints, random: np.random.Generator) -> None:
    def sentences(of: Ints) -> list[tuple[int, ...]]:
        found: list[list[int]] = [[]]
        for place, id in enumerate(of.tolist()):
            found[-1].append(id)
            if STOPS[id] and place + 1 < len(of) and not STOPS[of[place + 1]]:
                found.append([])
        return [tuple(one) for one in found]

    found = permute_sentences(ids, STOPS, random)
    assert sorted(found) == sorted(ids)
    if len(ids) and STOPS[ids[-1]]:
        whole = sentences(ids)
        assert sorted(sentences(found)) == sorted(whole)


def test_a_run_of_stops_ends_one_sentence() -> None:
    ids = np.array([20, 10, 10, 11, 21, 10])
    seen = {tuple(permute_sentences(ids, STOPS, fixed(seed)).tolist()) for seed in range(50)}
    assert seen == {(20, 10, 10, 11, 21, 10), (21, 10, 20, 10, 10, 11)}


def test_every_order_of_sentences_comes() -> None:
    ids, random = np.array([20, 10, 21, 11, 22, 10]), fixed()
    seen = [tuple(permute_sentences(ids, STOPS, random).tolist()) for _ in range(600)]
    assert len(set(seen)) == 6
    assert min(map(seen.count, set(seen))) > 60


@pytest.mark.parametrize("rate", [0, 1, -0.1, 1.5, float("nan")])
def test_bad_rates_are_refused(rate: float) -> None:
    ids, random = LONG[:9], fixed()
    for make in (
        lambda: mask_tokens(ids, ORDINARY, MASK, random, rate),
        lambda: corrupt_spans(ids, SENTINELS, END, random, rate),
        lambda: infill(ids, MASK, random, rate),
    ):
        with pytest.raises(ConfigError, match="expected a share between 0 and 1"):
            make()


@pytest.mark.parametrize("mean", [0, -1, float("inf"), float("nan")])
def test_bad_means_are_refused(mean: float) -> None:
    with pytest.raises(ConfigError, match="mean length of spans"):
        corrupt_spans(LONG[:9], SENTINELS, END, fixed(), mean=mean)
    with pytest.raises(ConfigError, match="mean length of spans"):
        infill(LONG[:9], MASK, fixed(), mean=mean)
