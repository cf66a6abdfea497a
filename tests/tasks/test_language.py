"""How text is scored: the n-gram model against sums done by hand, and windows that score each token once."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.baselines.witten_bell import WittenBell
from heedful.data.documents import Piece
from heedful.errors import DataError, NotFittedError
from heedful.tasks.prepare import after, before
from heedful.tasks.score_language import windows


def test_witten_bell_by_hand() -> None:
    ids = np.array([0, 1, 0, 1, 0, 2])  # a b a b a c
    model = WittenBell(2, vocab=4).fit(ids, np.array([6]))
    unigram = {token: (count + 3 / 4) / (6 + 3) for token, count in {0: 3, 1: 2, 2: 1, 3: 0}.items()}
    after_a = {
        token: (count + 2 * unigram[token]) / (3 + 2) for token, count in {1: 2, 2: 1, 0: 0, 3: 0}.items()
    }
    found = np.exp(-model.nats(np.array([0, 1, 3, 0, 2]), np.array([3, 5])))
    after_b = (0 + 1 * unigram[3]) / (2 + 1)
    np.testing.assert_allclose(found, [unigram[0], after_a[1], after_b, unigram[0], after_a[2]])


def test_witten_bell_is_a_distribution() -> None:
    random = np.random.default_rng(0)
    ids = random.integers(0, 5, 400)
    model = WittenBell(3, vocab=6).fit(ids, np.array([200, 400]))
    for history in ([1, 2], [5, 5], [0, 5]):
        chances = [math.exp(-model.nats(np.array([*history, w]), np.array([3]))[2]) for w in range(6)]
        assert sum(chances) == pytest.approx(1)


def test_witten_bell_on_tiny_shakespeare(shared_data) -> None:  # type: ignore[no-untyped-def]
    text = shared_data("shakespeare/input.txt").read_text()
    index = {character: number for number, character in enumerate(sorted(set(text)))}
    ids = np.array([index[character] for character in text])
    cut = int(len(ids) * 0.9)
    model = WittenBell(5, len(index)).fit(ids[:cut], np.array([cut]))
    assert model.nats(ids[cut:], np.array([len(ids) - cut])).mean() == pytest.approx(1.669, abs=5e-4)


def test_witten_bell_refuses_what_it_cannot() -> None:
    with pytest.raises(NotFittedError):
        WittenBell(2, 4).nats(np.array([1]), np.array([1]))
    with pytest.raises(DataError, match="no tokens"):
        WittenBell(2, 4).fit(np.zeros(0, np.int64), np.zeros(0, np.int64))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(8, 32))
def test_windows_score_each_token_once_with_half_a_context_before_it(sizes: list[int], context: int) -> None:
    ends = np.cumsum(sizes)
    scored = []
    for start, first, stop in windows(ends, context):
        assert 0 < stop - start <= context + 1
        document = int(np.searchsorted(ends, start, "right"))
        begin = int(ends[document - 1]) if document else 0
        assert start >= begin
        assert stop <= ends[document]
        assert first == begin + 1 or first - start >= context // 2
        scored += range(first, stop)
    firsts = {0, *ends[:-1].tolist()}
    assert scored == [place for place in range(int(ends[-1])) if place not in firsts]


@given(st.lists(st.text("ab ", min_size=1), min_size=1), st.data())
def test_a_corpus_is_cut_in_two_at_a_character(texts: list[str], data: st.DataObject) -> None:
    pieces = [Piece(text, True) for text in texts]
    total = sum(map(len, texts))
    cut = data.draw(st.integers(1, total))
    front, back = list(before(pieces, cut)), list(after(pieces, cut))
    assert "".join(piece.text for piece in front) == "".join(texts)[:cut]
    assert "".join(piece.text for piece in back) == "".join(texts)[cut:]
    assert front[-1].ends
