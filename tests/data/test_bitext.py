"""Batches of pairs: every pair once, about as many tokens as asked for, the same in every run."""

from pathlib import Path

import numpy as np
import pytest

from heedful.data.bitext import Bitext, Mixture
from heedful.data.documents import Piece
from heedful.data.tokens import Tokens, write_tokens
from heedful.errors import DataError
from heedful.text.marks import MARKS
from heedful.text.tokenizer import Tokenizer
from heedful.text.training import train_tokenizer

PAIRS = 500


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, str]]:
    random = np.random.default_rng(0)
    words = np.array(["one", "two", "three", "four", "five", "six"])
    drawn = [" ".join(words[random.integers(0, 6, random.integers(1, 30))]) for _ in range(2 * PAIRS)]
    return list(zip(drawn[::2], drawn[1::2], strict=True))


@pytest.fixture(scope="module")
def tokenizer(texts: list[tuple[str, str]]) -> Tokenizer:
    return train_tokenizer("bpe", (text for pair in texts for text in pair), 300, MARKS["translate"], 64)


@pytest.fixture(scope="module")
def tokens(
    texts: list[tuple[str, str]], tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory
) -> Tokens:
    folder = tmp_path_factory.mktemp("pairs") / "tokens"
    pieces = [Piece(text, True) for pair in texts for text in pair]
    write_tokens(folder, pieces, tokenizer, {}, end=1, every=True)
    return Tokens.open(folder)


def seen(bitext: Bitext, epoch: int) -> list[list[tuple[int, ...]]]:
    return [[(*source, -1, *target) for source, target in batch] for batch in bitext.epoch(epoch)]


def test_a_pair_is_its_two_texts(tokens: Tokens, texts: list[tuple[str, str]], tokenizer: Tokenizer) -> None:
    bitext = Bitext(tokens, 1000, 256)
    for number in (0, 1, 77, PAIRS - 1):
        source, target = bitext.pair(number)
        assert (source[-1], target[-1]) == (1, 1)
        decode = tokenizer.engine.decode
        assert (decode(source[:-1].tolist()), decode(target[:-1].tolist())) == texts[number]


def test_an_epoch_has_every_pair_once_in_batches_of_like_size(tokens: Tokens) -> None:
    bitext = Bitext(tokens, 1000, 256)
    batches = seen(bitext, 0)
    rows = [row for batch in batches for row in batch]
    assert len(rows) == PAIRS
    assert sorted(rows) == sorted(row for batch in seen(bitext, 1) for row in batch)
    sizes = [sum(len(row) - 1 for row in batch) for batch in batches]
    largest = max(len(row) for row in rows)
    assert max(sizes) <= 256 + largest
    assert np.mean(sizes) > 0.8 * 256


def test_epochs_differ_and_repeat(tokens: Tokens) -> None:
    assert seen(Bitext(tokens, 1000, 256, seed=3), 5) == seen(Bitext(tokens, 1000, 256, seed=3), 5)
    assert seen(Bitext(tokens, 1000, 256, seed=3), 5) != seen(Bitext(tokens, 1000, 256, seed=3), 6)
    assert seen(Bitext(tokens, 1000, 256, seed=3), 5) != seen(Bitext(tokens, 1000, 256, seed=4), 5)


def test_a_batch_has_like_lengths_and_short_targets_first(tokens: Tokens) -> None:
    bitext = Bitext(tokens, 1000, 256)
    inside, all_lengths = [], []
    for batch in bitext.epoch(0):
        lengths = [len(target) for _, target in batch]
        assert lengths == sorted(lengths)
        inside.append(np.std(lengths))
        all_lengths += lengths
    assert np.mean(inside) < 0.2 * np.std(all_lengths)


def test_long_pairs_are_left_out_and_counted(tokens: Tokens) -> None:
    bitext = Bitext(tokens, 12, 256)
    rows = [pair for batch in bitext.epoch(0) for pair in batch]
    assert max(max(len(source), len(target)) for source, target in rows) <= 12
    assert bitext.long == PAIRS - len(rows) > 0
    with pytest.raises(DataError, match="more than 1 tokens"):
        Bitext(tokens, 1, 256)


def test_a_text_without_tokens_keeps_its_number(tmp_path: Path, tokenizer: Tokenizer) -> None:
    pieces = [Piece("one", True), Piece("", True), Piece("two", True), Piece("three", True)]
    write_tokens(tmp_path / "tokens", pieces, tokenizer, {}, end=1, every=True)
    bitext = Bitext(Tokens.open(tmp_path / "tokens"), 64, 64)
    assert bitext.pair(0)[1].tolist() == [1]
    assert len(bitext.pair(1)[1]) > 1


def test_long_sources_are_cut_where_asked(tokens: Tokens) -> None:
    bitext = Bitext(tokens, 12, 256, cut=True)
    rows = [pair for batch in bitext.epoch(0) for pair in batch]
    assert max(len(source) for source, _ in rows) == 12
    assert {int(source[-1]) for source, _ in rows} == {1}
    assert bitext.shortened > 0
    assert bitext.long == PAIRS - len(rows)


def test_what_stands_before_either_side(tokens: Tokens) -> None:
    plain, more = Bitext(tokens, 1000, 256), Bitext(tokens, 1000, 256, before=(7,))
    assert [side.tolist() for side in more.pair(3)] == [[7, *side.tolist()] for side in plain.pair(3)]


def test_a_mixture_favours_the_small_by_its_temperature(tokens: Tokens) -> None:
    large, small = Bitext(tokens, 1000, 128), Bitext(tokens, 8, 128)
    few = [len(source) <= 8 and len(target) <= 8 for source, target in map(large.pair, range(PAIRS))]
    assert len(small.epoch(0)) < len(large.epoch(0)) / 5
    shares = []
    for temperature in (1.0, 2.0, 100.0):
        mixed = Mixture([large, small], temperature, seed=1)
        batches = [list(batch) for batch in mixed.epoch(0)]
        assert len(batches) == pytest.approx(mixed.sizes.sum(), abs=1)
        shares.append(mixed.counts[1] / mixed.counts.sum())
    assert shares[0] == pytest.approx(mixed.sizes[1] / mixed.sizes.sum(), abs=0.02)
    assert shares[0] < shares[1] < shares[2] == pytest.approx(0.5, abs=0.02)
    assert sum(few) == len(small.usable)


def test_a_mixture_goes_on_where_it_was(tokens: Tokens) -> None:
    parts = [Bitext(tokens, 1000, 256, seed=2), Bitext(tokens, 10, 64, seed=2)]
    mixed = Mixture(parts, 3.0, seed=2)
    sizes = mixed.sizes[0]
    seen_places = [place for epoch in range(4) for part, place in mixed.epoch(epoch).places if part == 0]
    assert sorted(seen_places) == list(range(len(seen_places)))
    again = Mixture(parts, 3.0, seed=2).epoch(3)
    for number in (0, 5, len(again) - 1):
        pairs = zip(mixed.epoch(3)[number], again[number], strict=True)
        assert all((a[0] == b[0]).all() and (a[1] == b[1]).all() for a, b in pairs)
    assert len(seen_places) > 2 * sizes
