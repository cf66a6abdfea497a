"""The journal: nothing acknowledged is lost, a torn line is cut off, the tables are what was answered."""

import json
import os
from pathlib import Path

import pytest

from heedful.data.table import read_table
from heedful.errors import DataError, ServiceError
from heedful.label.journal import ANSWERS, LABELS, SCORED, Answer, Journal

FIRST = 'one, "two"\nthree'


def filled(folder: Path) -> Journal:
    journal = Journal(folder)
    for text, part, label in [
        (FIRST, "learn", "a"), ("four", "score", "b"), ("five", "learn", None), ("six", "learn", "b"),
    ]:  # fmt: skip
        journal.add(Answer(text, part, label))
    return journal


def test_what_was_added_is_there_again(tmp_path: Path) -> None:
    journal = filled(tmp_path)
    again = Journal(tmp_path)
    assert again.answers == journal.answers and len(again.answers) == 4
    assert again.labelled("learn") == [(FIRST, "a"), ("six", "b")]
    assert again.labelled("score") == [("four", "b")]


def test_the_tables_are_read_by_other_verbs(tmp_path: Path) -> None:
    filled(tmp_path)
    found = read_table(tmp_path / LABELS)
    assert (found.texts, found.labels) == ([FIRST, "six"], ["a", "b"])
    assert read_table(tmp_path / SCORED).labels == ["b"]


def test_undo_takes_back_the_last_answer_of_its_part(tmp_path: Path) -> None:
    journal = filled(tmp_path)
    assert journal.undo("score") == Answer("four", "score", "b")
    assert journal.undo("score") is None
    assert journal.undo("learn") == Answer("six", "learn", "b")
    assert journal.undo("learn") == Answer("five", "learn", None)
    assert [one.text for one in Journal(tmp_path).answers] == [FIRST]
    assert (tmp_path / SCORED).read_text() == ""
    journal.add(Answer("four", "score", "a"))
    assert Journal(tmp_path).labelled("score") == [("four", "a")]


def test_a_kill_at_any_byte_loses_at_most_the_line_under_way(tmp_path: Path) -> None:
    journal = filled(tmp_path)
    told = list(journal.answers)
    journal.undo("learn")
    content = (tmp_path / ANSWERS).read_bytes()
    after = [*(told[:count] for count in range(5)), told[:3]]  # each whole line
    for size in range(len(content), -1, -1):
        (tmp_path / ANSWERS).write_bytes(content[:size])
        left = Journal(tmp_path)
        assert left.answers == after[content[:size].count(b"\n")]
        if size % 40 == 0:
            left.add(Answer("more", "learn", "c"))
            assert Journal(tmp_path).answers == left.answers


@pytest.mark.parametrize(
    "line", ["{", "[1]", '{"text": 1, "part": "learn"}', '{"text": "a", "part": "other"}', ""]
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    filled(tmp_path)
    with (tmp_path / ANSWERS).open("a") as handle:
        handle.write(line + "\n")
    with pytest.raises(DataError, match="line 5"):
        Journal(tmp_path)


def test_a_full_disk_leaves_the_journal_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = filled(tmp_path)
    before = (tmp_path / ANSWERS).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(ServiceError, match="No space left"):
            journal.add(Answer("seven", "learn", "a"))
    assert (tmp_path / ANSWERS).read_bytes() == before
    assert Journal(tmp_path).answers == journal.answers


def test_texts_that_are_no_unicode_come_back(tmp_path: Path) -> None:
    Journal(tmp_path).add(Answer("a\ud800b", "learn", "x"))
    assert Journal(tmp_path).answers[0].text == "a\ud800b"
    assert json.loads((tmp_path / LABELS).read_text())["text"] == "a?b"
