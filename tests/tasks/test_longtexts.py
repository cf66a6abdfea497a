"""Windows: every token of a text is in one, none is longer than the model reads, pairs keep their form."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.errors import ConfigError, DataError
from heedful.tasks.longtexts import Slicer, Windows, as_form, shared, spans, whole
from heedful.text.tokenizer import UNCUT, Tokenizer

CLS, SEP = 101, 102


@pytest.fixture(scope="module")
def tokenizer(minilm: Path) -> Tokenizer:
    return Tokenizer.load(minilm, 20)


@pytest.fixture(scope="module")
def slicer(tokenizer: Tokenizer) -> Slicer:
    return Slicer(tokenizer, 2)


@pytest.fixture(scope="module")
def uncut(minilm: Path) -> Tokenizer:
    return Tokenizer.load(minilm, UNCUT)


def numbers(first: int, last: int) -> str:
    return " ".join(map(str, range(first, last)))


@given(st.integers(0, 400), st.integers(1, 60))
def test_spans_cover_everything_and_overlap(size: int, room: int) -> None:
    found = spans(size, room)
    assert found[0][0] == 0
    assert found[-1][1] == size
    assert all(end - start <= room for start, end in found)
    for (_, end), (start, _) in pairwise(found):
        assert end - start == room // 4
    assert len(found) == 1 or found[-2][1] < size


@given(st.integers(0, 300), st.integers(0, 300), st.integers(2, 60))
def test_the_room_is_shared(first: int, second: int, room: int) -> None:
    found = shared(first, second, room)
    assert sum(found) == room
    if min(first, second) <= room // 2:
        assert found[0 if first <= second else 1] == min(first, second)
    else:
        assert max(found) - min(found) <= 1


def test_a_short_text_is_as_the_tokenizer_makes_it(slicer: Slicer, tokenizer: Tokenizer) -> None:
    texts = ["a few words", "", "typed [SEP] marks", "\ud800 half a sign", numbers(1, 19)]
    found = slicer.cut(texts)
    assert found.ids == tokenizer.encode(texts).ids
    assert found.segments is None
    assert found.counts.tolist() == [1] * 5


def test_a_long_text_is_cut_into_windows_that_cover_it(slicer: Slicer, uncut: Tokenizer) -> None:
    texts = ["short", numbers(100, 160), "short too"]
    found = slicer.cut(texts)
    assert found.counts.tolist() == [1, 4, 1]
    assert found.owners.tolist() == [0, 1, 1, 1, 1, 2]
    mine = found.ids[1:5]
    assert all(ids[0] == CLS and ids[-1] == SEP and len(ids) <= 20 for ids in mine)
    assert mine[0][-1 - 4 : -1] == mine[1][1:5]
    seen = [*mine[0][1:-1], *(token for ids in mine[1:] for token in ids[5:-1])]
    assert seen == uncut.encode([texts[1]]).ids[0][1:-1]


def test_a_short_pair_has_the_tokenizers_own_form(slicer: Slicer, uncut: Tokenizer) -> None:
    pairs = [("one", "two three"), ("", "two"), ("one", "")]
    found = slicer.cut(pairs)
    theirs = [uncut.engine.encode(*pair) for pair in pairs]
    assert found.ids == [one.ids for one in theirs]
    assert found.segments == [one.type_ids for one in theirs]


def test_the_shorter_text_of_a_pair_stands_in_every_window(slicer: Slicer, uncut: Tokenizer) -> None:
    question, text = "what is it", numbers(100, 160)
    asked, told = (ids[1:-1] for ids in uncut.encode([question, text]).ids)
    for pair, place in (((question, text), 0), ((text, question), 1)):
        found = slicer.cut([pair])
        assert found.segments is not None
        seen: list[int] = []
        for ids, segments in zip(found.ids, found.segments, strict=True):
            assert len(ids) <= 20
            border = ids.index(SEP)
            parts = ids[1:border], ids[border + 1 : -1]
            assert segments == [0] * (border + 1) + [1] * (len(ids) - border - 1)
            assert parts[place] == asked
            seen += [token for token in parts[1 - place] if token not in seen]
        assert seen == told


def test_of_two_long_texts_each_token_is_in_some_window(slicer: Slicer, uncut: Tokenizer) -> None:
    pair = numbers(100, 190), numbers(200, 230)
    found = slicer.cut([pair])
    told = [set(ids[1:-1]) for ids in uncut.encode(pair).ids]
    seen: list[set[int]] = [set(), set()]
    for ids in found.ids:
        border = ids.index(SEP)
        seen[0] |= set(ids[1:border])
        seen[1] |= set(ids[border + 1 : -1])
    assert seen == told
    assert len(found.ids) < 20


def test_a_model_without_segments_gets_none(tokenizer: Tokenizer) -> None:
    for segments in (0, 1):
        assert Slicer(tokenizer, segments).cut([("a", "b")]).segments is None


def test_special_tokens_that_were_typed_are_text(slicer: Slicer) -> None:
    text = "[SEP] " * 40
    found = slicer.cut([text])
    assert found.counts[0] == len(spans(40, 18))
    assert all(len(ids) <= 20 for ids in found.ids)


def test_the_mean_over_the_windows() -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 0.0]])
    found = Windows([[1], [2], [3]], None, np.array([0, 0, 1]), np.array([2, 1]))
    assert found.mean(values).tolist() == [[2.0, 3.0], [5.0, 0.0]]
    assert whole([[1], [2], [3]]).mean(values).tolist() == values.tolist()


def test_a_model_that_reads_too_little_is_refused(minilm: Path) -> None:
    with pytest.raises(ConfigError, match="the model reads 6 tokens; expected 7 or more"):
        Slicer(Tokenizer.load(minilm, 6))


def test_the_wrong_form_is_said() -> None:
    assert as_form([("a", "b")], pairs=True) == [("a", "b")]
    with pytest.raises(DataError, match="row 1 is a pair of texts; expected a single text"):
        as_form(["a", ("a", "b")], pairs=False)
    with pytest.raises(DataError, match="row 0 is a single text; expected a pair of texts"):
        as_form(["a"], pairs=True)
    with pytest.raises(DataError, match="one string"):
        as_form("ab", pairs=False)
