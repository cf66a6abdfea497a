"""Questions from SQuAD's JSON and flat tables: what is read, mended, skipped, refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from heedful.data.contexts import context_groups, hold_out, unseen
from heedful.data.questions import QuestionTable, read_questions
from heedful.errors import DataError

CONTEXT = "Marie Curie was born in Warsaw in 1867. She won the Nobel Prize in 1903 and in 1911."


def squad(*pairs: dict[str, Any], context: str = CONTEXT) -> dict[str, Any]:
    return {
        "version": "v2.0",
        "data": [{"title": "t", "paragraphs": [{"context": context, "qas": list(pairs)}]}],
    }


def ask(*answers: tuple[str, int], **more: Any) -> dict[str, Any]:
    listed = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": "x", "question": "Where?", "answers": listed, **more}


def read(tmp_path: Path, document: Any, name: str = "train.json", indent: int | None = None) -> QuestionTable:
    path = tmp_path / name
    path.write_text(json.dumps(document, indent=indent), encoding="utf-8")
    return read_questions(path)


def flat(tmp_path: Path, *rows: dict[str, Any]) -> QuestionTable:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_questions(path)


@pytest.mark.parametrize("indent", [None, 2])
def test_squad(tmp_path: Path, indent: int | None) -> None:
    asked = [
        ask(("Warsaw", 24), ("Warsaw", 24), ("in Warsaw", 21)),
        ask(is_impossible=True, plausible_answers=[{"text": "1903", "answer_start": 67}]),
    ]
    table = read(tmp_path, squad(*asked), indent=indent)
    assert table.questions == ["Where?", "Where?"]
    assert table.contexts == [CONTEXT, CONTEXT]
    assert table.answers == [[(24, 30), (21, 30)], []]
    assert table.texts() == [["Warsaw", "in Warsaw"], []]
    assert table.rows == [1, 2]
    assert table.skipped == {}
    assert table.notes == ["Read as SQuAD's JSON."]


def test_an_answer_that_stands_near_its_place_is_mended(tmp_path: Path) -> None:
    table = read(tmp_path, squad(ask(("Warsaw", 22)), ask((" Warsaw ", 23)), ask(("Warsaw", 24))))
    assert table.answers == [[(24, 30)]] * 3
    assert table.notes[1:] == ["1 answers stood elsewhere than said, and were found near it."]


def test_an_answer_that_is_not_there_is_skipped_and_never_called_unanswerable(tmp_path: Path) -> None:
    far = "x " * 100 + CONTEXT
    table = read(
        tmp_path,
        squad(
            ask(("Warsaw", 224)),
            ask(("Warsaw", 2)),  # too far away
            ask(("in 19", 265)),  # twice near the place
            ask(("Paris", 24)),
            ask(("Paris", 24), ("Warsaw", 224)),  # one of two can be used
            ask(("Warsaw", -1)),
            ask(("Warsaw", True)),  # type: ignore[arg-type]
            ask((" ", 3)),
            ask(("Warsaw", 224), is_impossible=True),
            context=far,
        ),
    )
    assert table.rows == [1, 5]
    assert table.answers == [[(224, 230)], [(224, 230)]]
    assert table.skipped == {
        "the answer does not stand at answer_start": 3,
        "an answer_start that is no number from 0": 2,
        "an empty answer": 1,
        "called impossible, but it has answers": 1,
    }
    assert "3 rows skipped: the answer does not stand at answer_start (the first is row 2)." in table.notes
    assert "1 answers of rows with others do not stand in the context, and are left out." in table.notes


def test_flat_rows_in_every_form(tmp_path: Path) -> None:
    base = {"question": "When?", "context": CONTEXT}
    table = flat(
        tmp_path,
        {**base, "id": "a", "answers": {"text": ["1903"], "answer_start": [67]}},
        {**base, "answers": {"text": [], "answer_start": []}},
        {**base, "answers": [{"text": "1867", "answer_start": 34}]},
        {**base, "answers": "in 19"},
        {**base, "answers": ["1911", "1903"]},
        {**base, "answers": None},
        {**base, "answers": {"text": "1903", "answer_start": 67}},
        {**base, "answers": 1903},
        {"question": " ", "context": CONTEXT, "answers": None},
        {"question": "When?", "context": "", "answers": None},
        {"question": ["When?"], "context": CONTEXT, "answers": None},
    )
    assert table.texts() == [["1903"], [], ["1867"], ["in 19"], ["1911", "1903"], [], ["1903"]]
    assert table.answers[3] == [(64, 69)]  # the first of two
    assert table.skipped == {
        "an answer that is no text": 1, "empty question": 1, "empty context": 1,
        "nested question or context": 1,
    }  # fmt: skip
    assert "3 answers came without a place: the first occurrence in the context is taken." in table.notes


def test_other_tables(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        f'Question,Context,Answer\nWhere?,"{CONTEXT}",Warsaw\nWho?,"{CONTEXT}",\n', encoding="utf-8"
    )
    assert read_questions(path).texts() == [["Warsaw"], []]
    frame = {
        "question": ["Where?"],
        "context": [CONTEXT],
        "answers": [{"text": ["Warsaw"], "answer_start": [24]}],
    }
    assert read_questions(frame).answers == [[(24, 30)]]


def test_the_fingerprint_tells_questions_contexts_and_answers_apart(tmp_path: Path) -> None:
    found = {
        read(tmp_path, document).fingerprint
        for document in (
            squad(ask(("Warsaw", 24))),
            squad(ask(("in Warsaw", 21))),
            squad(ask()),
            squad({**ask(("Warsaw", 24)), "question": "Who?"}),
            squad(ask(("Warsaw", 24)), context=CONTEXT + " "),
        )
    }
    assert len(found) == 5
    table = read(tmp_path, squad(ask(("Warsaw", 24))))
    assert table.taken([0]).fingerprint == table.fingerprint


@pytest.mark.parametrize(
    ("document", "fact"),
    [
        ({"data": []}, "no usable question"),
        ({"data": [3]}, "not built as in SQuAD"),
        ({"data": [{"paragraphs": [{"qas": [{"question": "Where?"}]}]}]}, "not built as in SQuAD"),
        (squad(ask(("Paris", 3))), "row 1: the answer does not stand at answer_start"),
        ([{"question": "a", "context": "b"}], "no column 'answers'"),
        ([{"context": "a", "answers": "b"}], "no column 'question'"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, document: Any, fact: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, document)
    assert fact in str(caught.value)
    assert "\n" not in str(caught.value)


def test_broken_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text('{"data": [{"paragraphs": [', encoding="utf-8")
    with pytest.raises(DataError, match="no valid JSON"):
        read_questions(path)
    with pytest.raises(DataError, match="there is no file"):
        read_questions(tmp_path / "other.json")
    path.write_text(json.dumps(squad(ask())), encoding="utf-8")
    with pytest.raises(DataError, match="more than 10 bytes"):
        read_questions(path, limit=10)


def many(contexts: int) -> dict[str, list[Any]]:
    texts = [
        f"The town number {i} lies at river {i} and has {i} inhabitants of old." for i in range(contexts)
    ]
    rows = [(f"Where is {side} {i}?", text) for i, text in enumerate(texts) for side in ("town", "place")]
    return {"question": [q for q, _ in rows], "context": [c for _, c in rows], "answers": [""] * len(rows)}


def test_contexts_that_differ_little_are_one_group() -> None:
    groups = context_groups(
        [CONTEXT, CONTEXT.upper(), CONTEXT.replace("born", "raised"), "Quite another text."]
    )
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_held_out_contexts_are_not_learned_from() -> None:
    table = read_questions(many(60))
    train, dev = hold_out(table, seed=0)
    assert len(train.rows) + len(dev.rows) == 120
    assert 6 <= len(dev.rows) <= 12
    assert not set(train.contexts) & set(dev.contexts)
    assert hold_out(table, seed=0)[1].rows == dev.rows != hold_out(table, seed=1)[1].rows
    with pytest.raises(DataError, match="one context only"):
        hold_out(read_questions(many(1)), seed=0)


def test_questions_that_stand_in_train_are_not_scored() -> None:
    train = read_questions(many(10))
    asked = {
        "question": ["where is TOWN 3", "Who lives at river 3?", "Where is town 3?"],
        "context": [train.contexts[6] + "!", train.contexts[6], "Quite another text."],
        "answers": [""] * 3,
    }
    kept, leaks, shared = unseen(train, read_questions(asked))
    assert (kept.rows, leaks, shared) == ([2, 3], 1, 1)
    with pytest.raises(DataError, match="all 20 questions stand in"):
        unseen(train, train)
