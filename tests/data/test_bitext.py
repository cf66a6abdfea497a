"""Batches of pairs: every pair once, about as many tokens as asked for, the same in every run."""

from pathlib import Path

import numpy as np
import pytest

from heedful.data.bitext import Bitext
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
