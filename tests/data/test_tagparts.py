"""Held-out sentences: in proportion, and none whose like stands in train."""

import pytest

from heedful.data.conll import TaggedTable
from heedful.data.tagparts import hold_out, unseen
from heedful.errors import DataError


def table(texts: list[str], tags: list[str]) -> TaggedTable:
    """Return a table of sentences whose first word has the tag."""
    words = [text.split() for text in texts]
    own = [[tag, *["O"] * (len(row) - 1)] for row, tag in zip(words, tags, strict=True)]
    whole = TaggedTable(
        words=words, tags=own, rows=list(range(1, len(words) + 1)), source="made", skipped={}, notes=[],
        fingerprint="",
    )  # fmt: skip
    return whole.taken(range(len(words)))


def test_a_tenth_is_held_out_in_proportion_and_without_its_like() -> None:
    texts = [f"person{i // 2} went from town{i // 2} to village{i // 2}" for i in range(200)]
    tags = ["B-a" if i % 4 < 2 else "O" for i in range(200)]
    learned, held = hold_out(table(texts, tags), seed=3)
    assert sorted(learned.rows + held.rows) == list(range(1, 201))
    assert len(held.rows) == 20
    assert sum("B-a" in row for row in held.tags) == 10
    assert not set(map(tuple, learned.words)) & set(map(tuple, held.words))
    assert hold_out(table(texts, tags), seed=3)[1].rows == held.rows
    assert hold_out(table(texts, tags), seed=4)[1].rows != held.rows


def test_names_in_too_few_sentences_cannot_be_held_out() -> None:
    texts = [f"one two three {i} four five" for i in range(40)]
    with pytest.raises(DataError, match="fewer than 3 differing sentences have names"):
        hold_out(table(texts, ["B-a"] * 2 + ["O"] * 38), seed=0)


def test_dev_sentences_that_stand_in_train_are_left_out() -> None:
    train = table(["Anna lives in a small red house", "nothing else is known"], ["B-a", "O"])
    dev = table(
        ["anna lives in a small red house !", "Tom has a dog", "Anna lives in a small red house"], ["O"] * 3
    )
    kept, lost = unseen(train, dev)
    assert (kept.rows, lost) == ([2], 2)
    with pytest.raises(DataError, match="all 2 sentences stand in made"):
        unseen(train, dev.taken([0, 2]))
