"""Labels of every kind, pairs of texts, and a division that holds near-equal texts together."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heedful.data.division import divide
from heedful.data.examples import Examples, read_examples
from heedful.errors import ConfigError, DataError

WORDS = ["amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty", "knoll"]


def text(number: int) -> str:
    random = np.random.default_rng(number)
    return " ".join(random.choice(WORDS, 9))


def rows(labels: list[Any], **more: list[Any]) -> dict[str, list[Any]]:
    return {"text": [text(i) for i in range(len(labels))], "label": labels, **more}


def written(path: Path, lines: list[str]) -> str:
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_one_label_a_row_is_as_in_any_table() -> None:
    found = read_examples(rows(["a", "b", "", "1.0", None]))
    assert (found.kind, found.labels, found.rows) == ("single", ["a", "b", "1"], [1, 2, 4])
    assert found.skipped == {"empty label": 2}
    assert found.columns == {"text": "text", "label": "label"}
    assert found.texts == [text(0), text(1), text(3)]


@pytest.mark.parametrize(
    ("cells", "form", "labels"),
    [
        (["a|b", "a", "b | a", "b"], "|", [["a", "b"], ["a"], ["b", "a"], ["b"]]),
        (["a;b", "a", "b;a;a", "c;b"], ";", [["a", "b"], ["a"], ["b", "a"], ["c", "b"]]),
        (["a, b", "b", "a", "b, a"], ",", [["a", "b"], ["b"], ["a"], ["b", "a"]]),
        (['["a", "b"]', '["a"]', "[]", "[1]"], "json", [["a", "b"], ["a"], [], ["1"]]),
        ([["a", "b"], ["a"], [], [2]], "list", [["a", "b"], ["a"], [], ["2"]]),
    ],
)
def test_several_labels_in_a_cell(cells: list[Any], form: str, labels: list[list[str]]) -> None:
    found = read_examples(rows(cells))
    assert (found.kind, found.form, found.labels) == ("multi", form, labels)
    assert any("told apart" in note for note in found.notes)


def test_signs_inside_names_do_not_make_several_labels() -> None:
    cells = ["Science, Tech", "Sports", "Science, Tech", "Art, Tech"]
    assert read_examples(rows(cells)).kind == "single"
    assert read_examples(rows(cells), kind="multi").labels[0] == ["Science", "Tech"]
    found = read_examples(rows(["a", "b", "a"]), kind="multi")
    assert (found.form, found.labels) == ("", [["a"], ["b"], ["a"]])


def test_the_sign_that_makes_fewest_parts_is_taken() -> None:
    cells = ["red, dark|blue", "blue", "red, dark", "blue|red, dark|green", "green"]
    assert read_examples(rows(cells)).labels[0] == ["red, dark", "blue"]


def test_an_empty_cell_has_no_labels_and_that_is_said() -> None:
    found = read_examples(rows(["a|b", "", "b", "a", "b|a"]))
    assert found.labels[1] == []
    assert "1 rows have no label: none applies to them." in found.notes


def test_numbers() -> None:
    found = read_examples(rows(["1.5", "2", "-3e1", "", "many", "nan"]), kind="number")
    assert (found.kind, found.labels) == ("number", [1.5, 2.0, -30.0])
    assert found.skipped == {"empty label": 1, "no number as label": 2}
    assert read_examples(rows([0.5, 1.0, 2.0])).kind == "number"
    assert read_examples(rows([1, 2, 3, 1])).kind == "single"
    assert read_examples(rows([3 * i for i in range(25)])).kind == "number"
    assert read_examples(rows([0.5, 1.0, 2.0]), kind="single").labels == ["0.5", "1", "2"]


def test_pairs(tmp_path: Path) -> None:
    lines = [json.dumps({"one": text(i), "two": text(99 - i), "label": "ab"[i % 2]}) for i in range(12)]
    lines += [json.dumps({"one": "only this", "two": " ", "label": "a"})]
    source = written(tmp_path / "pairs.jsonl", lines)
    found = read_examples(source, text="one", pair="TWO")
    assert found.texts[3] == (text(3), text(96))
    assert found.columns == {"text": "one", "pair": "two", "label": "label"}
    assert found.skipped == {"empty text": 1}
    assert found.joined()[0] == f"{text(0)}\n{text(99)}"
    assert read_examples(source, pair="two").columns["text"] == "one"


def test_another_table_is_read_in_the_same_manner() -> None:
    first = read_examples(rows(["a|b", "b", "a", "b|a"]))
    again = read_examples(rows(["c", "a|c"]), like=first)
    assert (again.kind, again.labels) == ("multi", [["c"], ["a", "c"]])
    numbers = read_examples(rows([0.5, 1, 2]))
    assert read_examples(rows([1, 2, 1]), like=numbers).labels == [1.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("table", "settings", "says"),
    [
        (rows(["a", "b"]), {"kind": "many"}, "kind is 'many'; expected one of auto"),
        (rows(["a", "b"]), {"pair": "twin"}, "no column 'twin' for the second text"),
        (rows(["a", "b"]), {"pair": "text", "text": "Text"}, "named twice"),
        (
            rows(["x", "y"]),
            {"kind": "number"},
            "no row can be used .2 with no number as label.; expected a num",
        ),
        (rows([{"a": 1}, {"b": 1}], other=["x", "y"]), {"label": "label"}, "2 with nested label"),
        (rows(["{", [1]]), {"kind": "single"}, None),
    ],
)
def test_what_cannot_be_read_is_said(table: Any, settings: dict[str, Any], says: str | None) -> None:
    if says is None:
        assert read_examples(table, **settings).skipped == {"nested label": 1}
        return
    with pytest.raises((DataError, ConfigError), match=says):
        read_examples(table, **settings)


def many(labels: list[Any], **settings: Any) -> Examples:
    return read_examples(rows(labels), **settings)


KINDS = {
    "single": ["ab"[i % 2] for i in range(120)],
    "multi": [["a"] * (i % 2) + ["b"] * (i % 3 == 0) + ["c"] * (i % 40 == 0) for i in range(120)],
    "number": [i**1.5 for i in range(120)],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_fifth_is_scored_and_a_tenth_of_the_rest_chosen_on(kind: str) -> None:
    found = divide(many(KINDS[kind]), None)
    parts = (found.train, found.choosing, found.scored)
    sizes = [len(part.rows) for part in parts]
    assert abs(sizes[2] - 24) <= 3
    assert abs(sizes[1] - 10) <= 3
    assert sum(sizes) == 120
    assert sorted(row for part in parts for row in part.rows) == list(range(1, 121))
    everything = many(KINDS[kind])
    for part in parts:
        assert part.labels == [everything.labels[row - 1] for row in part.rows]
        assert part.texts == [everything.texts[row - 1] for row in part.rows]


def test_numbers_are_divided_in_the_proportions_of_their_quarters() -> None:
    found = divide(many(KINDS["number"]), None)
    quarters = np.bincount([row // 31 for row in found.scored.rows], minlength=4)
    assert quarters.min() >= 4


def test_near_equal_texts_stay_on_one_side() -> None:
    table = rows(KINDS["number"])
    table["text"] = [text(i // 3) + f" {'!' * (i % 3)}" for i in range(120)]
    found = divide(read_examples(table), None)
    sides = [{(row - 1) // 3 for row in part.rows} for part in (found.train, found.choosing, found.scored)]
    assert not sides[0] & sides[1]
    assert not (sides[0] | sides[1]) & sides[2]


def test_a_published_part_loses_what_stands_in_train() -> None:
    train = many(KINDS["number"])
    dev = read_examples({"text": [text(5), text(900), text(901)], "label": [1e9, -5.0, 3.0]}, like=train)
    found = divide(train, dev)
    assert found.scored.texts == [text(900), text(901)]
    assert found.dropped == {"in train exactly": 1}
    assert len(found.train.rows) + len(found.choosing.rows) == 120


def test_labels_that_train_has_not_are_no_reason_to_drop_a_row_of_several() -> None:
    train = many([one or ["a"] for one in KINDS["multi"]])
    dev = read_examples({"text": [text(900), text(901)], "label": [["z"], []]}, like=train)
    assert len(divide(train, dev).scored.rows) == 2


def test_equal_numbers_are_refused() -> None:
    with pytest.raises(DataError, match="all numbers are 2; expected different ones"):
        divide(many([2] * 30, kind="number"), None)
