"""The unigram model against all ways to cut a word, counted one by one."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from heedful.text.marks import MARKS
from heedful.text.training import train_tokenizer
from heedful.text.unigram import (
    BLANK,
    LONGEST_WORD,
    Lattice,
    Spans,
    Words,
    highest,
    learn_pieces,
    seeds,
    shares,
    without,
)

corpora = st.lists(st.text("ab c", min_size=1, max_size=9), min_size=1, max_size=5)


def pieces_of(words: Words, spans: Spans) -> list[str]:
    return [words.text[a : a + n] for a, n in zip(spans.first.tolist(), spans.size.tolist(), strict=True)]


def cuts(word: str) -> Iterator[list[str]]:
    """Yield all ways to cut a word in parts."""
    for ways in range(1 << (len(word) - 1)):
        edges = [0, *(place for place in range(1, len(word)) if ways >> (place - 1) & 1), len(word)]
        yield [word[a:b] for a, b in pairwise(edges)]


def words_of(words: Words) -> dict[str, float]:
    ends = np.cumsum(words.lengths).tolist()
    starts = [0, *ends[:-1]]
    return {words.text[a:b]: n for a, b, n in zip(starts, ends, words.counts.tolist(), strict=True)}


def chance(parts: list[str], chances: dict[str, float]) -> float:
    return math.prod(chances.get(part, 0.0) for part in parts)


@given(texts=corpora)
@settings(max_examples=60, deadline=None)
def test_seeds_are_all_strings_that_occur_twice(texts: list[str]) -> None:
    words = Words(texts)
    spans = seeds(words, 10_000)
    counted: Counter[str] = Counter()
    for word, count in words_of(words).items():
        for a in range(len(word)):
            for b in range(a + 1, len(word) + 1):
                counted[word[a:b]] += int(count)
    expected = {piece: n for piece, n in counted.items() if n >= 2 or len(piece) == 1}
    assert dict(zip(pieces_of(words, spans), spans.count.tolist(), strict=True)) == expected
    found = [words.text[a : a + spans.size[k]] for a, k in zip(spans.start, spans.piece, strict=True)]
    assert found == [pieces_of(words, spans)[k] for k in spans.piece]


@given(texts=corpora, seed=st.integers(0, 99), share=st.floats(0.2, 1))
@settings(max_examples=60, deadline=None)
def test_expected_counts_are_those_of_all_ways(texts: list[str], seed: int, share: float) -> None:
    words, random = Words(texts), np.random.default_rng(seed)
    spans = seeds(words, 10_000)
    lattice = Lattice(words, spans)
    kept = (random.random(len(spans.size)) < share) | (spans.size == 1)
    lattice.keep(kept)
    spans = spans.keep(kept)
    chances = shares(random.random(len(spans.size)) + 0.1)
    named = dict(zip(pieces_of(words, spans), chances.tolist(), strict=True))
    expected: Counter[str] = Counter()
    for word, count in words_of(words).items():
        ways = list(cuts(word))
        total = sum(chance(parts, named) for parts in ways)
        for parts in ways:
            for part in parts:
                expected[part] += count * chance(parts, named) / total  # type: ignore[assignment]
    found = lattice.expected(chances)
    assert found == pytest.approx([expected[piece] for piece in named])


@given(texts=corpora, seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_best_way_without_a_piece(texts: list[str], seed: int) -> None:
    words = Words(texts)
    spans = seeds(words, 10_000)
    chances = shares(np.random.default_rng(seed).random(len(spans.size)) + 0.1)
    named = dict(zip(pieces_of(words, spans), chances.tolist(), strict=True))
    best = [
        max((chance(parts, named) for parts in cuts(piece) if len(parts) > 1), default=0.0) for piece in named
    ]
    assert without(spans, chances) == pytest.approx(best)


@given(values=st.lists(st.integers(0, 5), min_size=1), most=st.integers(1, 9), data=st.data())
def test_the_highest_are_kept(values: list[int], most: int, data: st.DataObject) -> None:
    flags = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    kept = highest(np.array(values, float), np.array(flags), most)
    assert kept.sum() == max(min(most, len(values)), sum(flags))
    assert kept[np.array(flags)].all()
    free = [(value, keep) for value, keep, flag in zip(values, kept, flags, strict=True) if not flag]
    lost = [value for value, keep in free if not keep]
    assert all(value >= max(lost, default=-1) for value, keep in free if keep)


def test_frequent_words_become_pieces_and_rare_ones_are_written_with_those_that_are_left() -> None:
    words = {"play": 40, "playing": 20, "walk": 30, "walking": 10}
    found = learn_pieces(Words([" ".join(word for word, n in words.items() for _ in range(n))]), 14)
    assert [piece for piece, _ in found[:3]] == ["▁play", "▁walk", "▁playing"]
    assert len(found) == 14  # and the 11 characters
    assert sum(math.exp(score) for _, score in found) == pytest.approx(1)


def test_words_are_cut_at_blanks_and_marks_and_rare_characters_are_unknown() -> None:
    words = Words(["one, two's\n\nthree ह\u093fन" + "o" * 60, "one " * 4000 + "ξ"])
    listed = words_of(words)
    assert listed[BLANK + "one"] == 4001
    assert {",", BLANK + "two", "'", "s", "\n", "three", BLANK + "ह\u093fन" + "o" * (LONGEST_WORD - 4)} & set(
        listed
    )
    assert "ξ" not in words.alphabet and "e" in words.alphabet
    assert max(map(len, listed)) <= LONGEST_WORD


def test_it_cuts_as_short_as_the_library_does(shared_data: Callable[[str], Path]) -> None:
    text = shared_data("shakespeare/input.txt").read_text()
    train, held_out = text[:300_000].splitlines(True), text[-50_000:]
    ours = train_tokenizer("unigram", train, 1000, MARKS["clm"], 8).engine
    ours.no_truncation()
    theirs = Tokenizer(models.Unigram())
    theirs.pre_tokenizer = pre_tokenizers.Metaspace()
    special = {"special_tokens": ["<|endoftext|>", "<unk>"], "unk_token": "<unk>"}
    theirs.train_from_iterator(
        train, trainers.UnigramTrainer(vocab_size=1000, show_progress=False, **special)
    )
    lengths = [len(one.encode(held_out).ids) for one in (ours, theirs)]
    assert ours.get_vocab_size() == theirs.get_vocab_size() == 1000
    assert lengths[0] < 1.02 * lengths[1]
