"""The sample that is asked for, its two sides, and vectors that are computed once."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from heedful.label.pool import CHUNK, VECTORS, pool, vectors
from heedful.types import Vectors

TEXTS = [f"text number {n} about {'cats and dogs' if n % 2 else 'the open sea'} {n * n}" for n in range(400)]


class Counting:
    """Vectors that say which text they are of."""

    def __init__(self, width: int = 3) -> None:
        self.width, self.seen = width, 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.seen += len(texts)
        return np.array(
            [[len(text), sum(map(ord, text)), 1][: self.width] for text in texts], dtype=np.float32
        )


def quiet(done: int, total: int) -> None:
    """Say nothing."""


def test_a_fifth_is_kept_apart_and_a_grown_table_is_divided_as_before() -> None:
    first = pool(TEXTS[:300], {}, 1000, seed=0)
    assert 0.13 < first.scored.mean() < 0.27
    grown = pool(TEXTS, {}, 1000, seed=0)
    sides = dict(zip(grown.texts, grown.scored.tolist(), strict=True))
    assert [sides[text] for text in first.texts] == first.scored.tolist()
    assert (pool(TEXTS[:300], {}, 1000, seed=1).scored != first.scored).any()


def test_a_sample_is_a_part_of_the_larger_one() -> None:
    small, large = pool(TEXTS, {}, 50, 0), pool(TEXTS, {}, 200, 0)
    assert len(small.texts) == 50 and set(small.texts) < set(large.texts)
    assert len(pool(["a b", "a b", " ", ""], {}, 50, 0).texts) == 1


def test_near_equal_texts_are_on_one_side() -> None:
    near = [f"{text}!" for text in TEXTS[:100]]
    found = pool([*TEXTS[:100], *near], {}, 1000, 0)
    place = {text: one for one, text in enumerate(found.texts)}
    for text, other in zip(TEXTS[:100], near, strict=True):
        assert found.groups[place[text]] == found.groups[place[other]]
        assert found.scored[place[text]] == found.scored[place[other]]


def test_what_was_answered_keeps_its_side_and_draws_its_like() -> None:
    usual = pool([*TEXTS, "the cat sat on a mat."], {}, 1000, 0)
    for part in ("learn", "score"):
        texts = [*TEXTS, "the cat sat on a mat.", "The cat sat on a mat!"]
        found = pool(texts, {"the cat sat on a mat.": part}, 0, 0)
        assert found.texts == ["the cat sat on a mat."]
        found = pool(texts, {"the cat sat on a mat.": part}, 1000, 0)
        place = {text: one for one, text in enumerate(found.texts)}
        assert [bool(found.scored[place[text]]) for text in texts[-2:]] == [part == "score"] * 2
    assert len(usual.texts) == 401


def test_vectors_are_computed_once(tmp_path: Path) -> None:
    encoder = Counting()
    first = vectors(tmp_path, "one", encoder, TEXTS[:30], quiet)
    assert encoder.seen == 30
    again = vectors(tmp_path, "one", encoder, list(reversed(TEXTS[:40])), quiet)
    assert encoder.seen == 40
    np.testing.assert_array_equal(again[::-1][:30], first)
    other = vectors(tmp_path, "two", Counting(2), TEXTS[:5], quiet)
    assert other.shape == (5, 2)


def test_a_kill_while_encoding_costs_a_part_only(tmp_path: Path) -> None:
    class Dying(Counting):
        def encode(self, texts: Sequence[str]) -> Vectors:
            if self.seen:
                raise KeyboardInterrupt
            return super().encode(texts)

    texts = [f"{text} {n}" for text in TEXTS for n in range(3)]
    with pytest.raises(KeyboardInterrupt):
        vectors(tmp_path, "one", Dying(), texts, quiet)
    rest = Counting()
    assert vectors(tmp_path, "one", rest, texts, quiet).shape == (1200, 3)
    assert rest.seen == 1200 - CHUNK


def test_a_damaged_file_of_vectors_is_made_again(tmp_path: Path) -> None:
    first = vectors(tmp_path, "one", Counting(), TEXTS[:9], quiet)
    content = (tmp_path / VECTORS).read_bytes()
    for damaged in (b"", content[:50], b"\xff" * 40):
        (tmp_path / VECTORS).write_bytes(damaged)
        np.testing.assert_array_equal(vectors(tmp_path, "one", Counting(), TEXTS[:9], quiet), first)
