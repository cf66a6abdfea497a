"""Prompts and answers from tables and conversations: what is told by names, skipped, held out, refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from heedful.data.prompts import Prompts, hold_out, read_prompts, resembling, unseen
from heedful.errors import DataError


def lines(tmp_path: Path, *rows: Any, name: str = "rows.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def asked(*prompts: str) -> Prompts:
    return read_prompts({"prompt": list(prompts), "answer": [f"to {one}" for one in prompts]})


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        (["id", "prompt", "completion"], ["prompt", "completion"]),
        (["Question", "Answer"], ["Question", "Answer"]),
        (["input", "output"], ["input", "output"]),
        (["document", "summary", "label"], ["document", "summary"]),
        (["text", "prompt", "output", "answer"], ["prompt", "answer"]),
        (["output", "input", "instruction"], ["instruction", "input", "output"]),
        (["instruction", "response"], ["instruction", "response"]),
    ],
)
def test_columns_are_told_by_usual_names(columns: list[str], wanted: list[str]) -> None:
    found = read_prompts({column: [f"{column} {i}" for i in range(3)] for column in columns})
    assert found.columns == wanted
    assert found.prompts[1] == "\n\n".join(f"{column} 1" for column in wanted[:-1])
    assert found.answers == [f"{wanted[-1]} {i}" for i in range(3)]
    assert all(repr(column) in found.notes[-1] for column in wanted)


def test_an_instruction_without_input_stands_alone() -> None:
    table = {"instruction": ["Sing.", "Add."], "input": ["", "1 and 2"], "output": ["La.", "3"]}
    assert read_prompts(table).prompts == ["Sing.", "Add.\n\n1 and 2"]


def test_named_columns_go_first() -> None:
    table = {"prompt": ["p"], "answer": ["a"], "poem": ["o"], "title": ["t"]}
    assert read_prompts(table, text="POEM", label="title").columns == ["poem", "title"]
    assert read_prompts(table, label="prompt", text="answer").columns == ["answer", "prompt"]
    assert read_prompts(table, label="title").columns == ["prompt", "title"]


def test_a_csv_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('prompt,answer\n"2+2= ",4\n"a, b",\n"2+2= ",5\n')
    found = read_prompts(path)
    assert (found.prompts, found.answers, found.rows) == (["2+2= ", "2+2= "], ["4", "5"], [2, 4])
    assert found.skipped == {"empty answer": 1}


def test_each_message_of_the_assistant_is_an_answer(tmp_path: Path) -> None:
    talk = [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Bye"),
        ("assistant", "Ciao"),
    ]
    messages = [{"role": role, "content": content, "weight": 1} for role, content in talk]
    path = lines(tmp_path, {"messages": messages}, {"messages": messages[:3], "prompt": "x", "answer": "y"})
    found = read_prompts(path)
    assert found.answers == ["Hello", "Ciao"]
    assert [len(prompt) for prompt in found.prompts] == [2, 4]
    assert found.prompts[1][2] == {"role": "assistant", "content": "Hello"}
    assert found.rows == [1, 1]
    assert found.skipped == {"the same prompt and answer as an earlier row": 1}
    assert read_prompts(path, text="prompt", label="answer").prompts == ["x"]


def test_rows_that_cannot_be_used_are_counted_by_reason(tmp_path: Path) -> None:
    user, reply = {"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}
    talks = [[user, reply], [reply], [user], "hi", [user, {"role": "assistant", "content": None}], [3], []]
    found = read_prompts(lines(tmp_path, *({"messages": talk} for talk in talks), "{broken"))
    assert found.rows == [1]
    assert found.skipped == {
        "no answer of the assistant": 3,
        "no list of messages": 1,
        "a message without a role or text": 2,
        "broken JSON": 1,
    }
    assert "7 rows skipped (the first, row 2: no answer of the assistant)." in found.notes
    rows = [("", "x"), ("p", " "), (["p"], "x"), ("p", {"a": 1}), ("p", "x"), ("p", "x"), ("p", 7)]
    found = read_prompts(lines(tmp_path, *({"prompt": p, "answer": a} for p, a in rows)))
    assert found.answers == ["x", "7"]
    assert sum(found.skipped.values()) == 5 and len(found.skipped) == 5


def test_the_fingerprint_is_of_the_pairs_alone() -> None:
    table = {"prompt": ["a", "b"], "answer": ["1", "2"]}
    one = read_prompts(table)
    other = read_prompts({"question": ["", "a", "b"], "output": ["x", "1", "2"]})
    assert one.fingerprint == other.fingerprint == one.taken([0, 1]).fingerprint
    assert one.fingerprint != one.taken([1, 0]).fingerprint


@pytest.mark.parametrize(
    ("table", "more", "said"),
    [
        ({"words": ["a"], "answer": ["b"]}, {}, "no column of prompts .* it has words, answer.*--text"),
        ({"prompt": ["a"], "words": ["b"]}, {}, "no column of answers .*--label"),
        ({"prompt": ["a"], "answer": ["b"]}, {"text": "prmpt"}, "no column 'prmpt' for the prompt"),
        ({"prompt": ["a"]}, {"text": "prompt", "label": "prompt"}, "named for both"),
        ({"prompt": ["", "a"], "answer": ["b", ""]}, {}, "all 2 rows are bad .the first, row 1"),
        ({"prompt": [], "answer": []}, {}, "there are no rows|no rows"),
        ("no/such.jsonl", {}, "no/such.jsonl"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(table: Any, more: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_prompts(table, **more)


def test_equal_prompts_stay_on_one_side() -> None:
    prompts = [f"number {i % 40}{' ' * (i // 40)}" for i in range(120)]
    learned, held = hold_out(asked(*prompts))
    assert len(held.rows) == 12 and len(learned.rows) == 108
    seen = {" ".join(str(prompt).split()) for prompt in learned.prompts}
    assert not seen & {" ".join(str(prompt).split()) for prompt in held.prompts}
    assert hold_out(asked(*prompts))[1].rows == held.rows
    with pytest.raises(DataError, match="one prompt only"):
        hold_out(read_prompts({"prompt": ["a", "a "], "answer": ["b", "c"]}))


def test_dev_prompts_that_stand_in_train_are_dropped() -> None:
    train = asked("the cat sat on the mat", "3-4=", "who?")
    dev, leaks = unseen(train, asked("The cat sat on  the mat", "3+4=", " who?", "why?"))
    assert (dev.prompts, leaks) == (["The cat sat on  the mat", "3+4=", "why?"], 1)
    assert resembling(train, dev) == 1  # + and - are different signs
    with pytest.raises(DataError, match="all 1 prompts stand in"):
        unseen(train, asked("who?"))
