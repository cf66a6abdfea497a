"""Tables of every format come in whole, and what was guessed is said."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from heedful.data import read_table, read_texts, write_columns
from heedful.errors import DataError

ROWS = [
    ("a good film, really", "pos"),
    ('he said "no" twice', "neg"),
    ("it was fine; so what", "pos"),
    ("dull", "neg"),
]


def comma(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def backslashed(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def pairs(source: object, **named: str) -> list[tuple[str, str]]:
    table = read_table(source, **named)
    return list(zip(table.texts, table.labels, strict=True))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "text,label\n" + "".join(f"{comma(t)},{y}\n" for t, y in ROWS)),
        ("b.csv", "label;text\r\n" + "".join(f"{y};{comma(t)}\r\n" for t, y in ROWS)),
        ("c.tsv", "text\tlabel\n" + "".join(f"{t}\t{y}\n" for t, y in ROWS)),
        ("d.txt", "text|label\n" + "".join(f"{t}|{y}\n" for t, y in ROWS)),
        ("e.jsonl", "".join(json.dumps({"text": t, "label": y}) + "\n" for t, y in ROWS)),
        ("f.json", json.dumps([{"id": 1, "label": y, "text": t} for t, y in ROWS], indent=1)),
        ("g.csv", "id,text,label\n" + "".join(f"{i},{comma(t)},{y}\n\n" for i, (t, y) in enumerate(ROWS))),
        ("h.txt", "".join(f"__label__{y} {t}\n" for t, y in ROWS)),
        ("i.csv", "text,label\r\n" + "".join(f"{comma(t)},{y}\n" for t, y in ROWS) + "\r"),
        ("j.csv", "text,label\n" + "".join(f"{backslashed(t)},{y}\n" for t, y in ROWS)),
    ],
)  # fmt: skip
def test_each_text_format(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode())
    assert pairs(path) == ROWS
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(content.encode()))
    assert pairs(packed) == ROWS


def test_parquet_with_glob_characters_and_quotes_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "it's [a] star*.parquet"
    write_columns(path, {"text": [t for t, _ in ROWS], "label": [1, 2, 1, 2]})
    (tmp_path / "it's a starring.parquet").write_bytes(b"not this one")
    assert pairs(path) == [(t, str(1 + i % 2)) for i, (t, _) in enumerate(ROWS)]


def test_tables_in_memory() -> None:
    columns = {"text": [t for t, _ in ROWS], "label": [1.0, 0.0, 1.0, 0.0]}
    expected = [(t, str(1 - i % 2)) for i, (t, _) in enumerate(ROWS)]
    assert pairs(columns) == expected
    assert pairs(pd.DataFrame(columns)) == expected
    assert (
        pairs([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
        == expected
    )
    missing = pd.DataFrame({"text": ["x y z", None, "u v w"], "label": [1, 2, float("nan")]})
    assert read_table(missing).skipped == {"empty text": 1, "empty label": 1}
    with pytest.raises(DataError, match="different lengths"):
        read_table({"text": ["a"], "label": []})
    with pytest.raises(DataError, match="int; expected a path"):
        read_table(3)


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        ("\ufefftext,label\ncafé au lait,x\n".encode(), "café au lait", None),
        ("text,label\ncafé au lait – “so”,x\n".encode("cp1252"), "café au lait – “so”", "Windows-1252"),
        ("text,label\ncafé au lait,x\n".encode("utf-16"), "café au lait", "UTF-16"),
        ("text,label\ncafé au lait,x\n".encode("utf-16-le"), "café au lait", "UTF-16-LE"),
        (
            b"text,label\n\xc3\xa9\xc3\xa9\xc3\xa9 cut \xc3 here,x\n",
            "ééé cut \ufffd here",
            "1 broken character",
        ),
        (b"text,label\na\0b\0 c,x\n", "ab c", "2 NUL characters"),
    ],
)
def test_encodings_and_broken_bytes(tmp_path: Path, data: bytes, text: str, note: str | None) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    table = read_table(path)
    assert table.texts == [text]
    assert table.text_column == "text"
    assert note is None or any(note in said for said in table.notes)


def test_ragged_rows_are_counted_and_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text,label\n"two\nlines",x\nonly\n\na,b,c\n"",x\ngood text,y\ntext,\nlast one,x\n')
    table = read_table(path)
    assert list(zip(table.rows, table.texts, strict=True)) == [
        (2, "two\nlines"),
        (8, "good text"),
        (10, "last one"),
    ]
    assert table.skipped == {"too few columns": 1, "too many columns": 1, "empty text": 1, "empty label": 1}


def test_an_unclosed_quote_costs_one_row(tmp_path: Path) -> None:
    rows = [f'"text number {i}, so",{i % 2}\n' for i in range(50)]
    rows[20] = '"oops this never ends,1\n'
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "".join(rows))
    table = read_table(path)
    assert sum(table.skipped.values()) == 1
    assert table.rows == [i + 2 for i in range(50) if i != 20]


def test_quotes_that_are_letters_in_a_tsv(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('label\ttext\n1\t"Hello there\n0\tshe said so" twice\n1\tand more\n0\t"\n')
    table = read_table(path)
    assert table.texts == ['"Hello there', 'she said so" twice', "and more", '"']


def test_two_quotes_that_never_pair_in_a_tsv_swallow_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    texts = [
        f'"word {i} opens' if i in (3, 7) else f'word {i} closes"' if i == 9 else f"word {i}"
        for i in range(20)
    ]
    path.write_text("text\tlabel\n" + "".join(f"{text}\t{'ab'[i % 2]}\n" for i, text in enumerate(texts)))
    assert pairs(path) == [(text, "ab"[i % 2]) for i, text in enumerate(texts)]


def test_quotes_around_fields_of_a_tsv_are_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    rows = "".join(f'"say ""{i}""\t{i}\nagain"\t"{"ab"[i % 2]}"\n' for i in range(20))
    path.write_text(f'"text"\t"label"\n{rows}')
    assert pairs(path) == [(f'say "{i}"\t{i}\nagain', "ab"[i % 2]) for i in range(20)]
    path.write_text('"text"\t"label"\n' + "".join(f'"word {i}"\t"{"ab"[i % 2]}"\n' for i in range(20)))
    assert pairs(path) == [(f"word {i}", "ab"[i % 2]) for i in range(20)]


def test_broken_json_lines_are_counted(tmp_path: Path) -> None:
    good = [json.dumps({"text": f"text number {i}", "label": i % 2}) for i in range(6)]
    bad = [
        '{"text": "cut',
        "[1, 2]",
        '{"text": {"a": 1}, "label": 1}',
        '{"label": 1}',
        '{"text": "lone \\ud800", "label": 1}',
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join([*good, *bad]))
    table = read_table(path)
    assert table.skipped == {"broken JSON": 1, "not a JSON object": 1, "nested text": 1, "empty text": 1}
    assert table.texts[-1] == "lone \ufffd"
    assert table.rows[-1] == 11


def test_labels_lose_spaces_and_a_fraction_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "text,stars\none two three,1.0\none two four, 2.0\none two five,1.50\nsix seven,Yes\nten two,yes\n"
    )
    table = read_table(path, label="stars")
    assert table.labels == ["1", "2", "1.50", "Yes", "yes"]
    assert any("differ only by case" in note for note in table.notes)


def test_no_header(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "".join(f"a text that has {i} words or so,{'pos' if i % 2 else 'neg'}\n" for i in range(20))
    )
    table = read_table(path)
    assert (len(table.texts), table.text_column, table.label_column) == (20, "column1", "column2")
    assert any("No header" in note for note in table.notes)


def test_fingerprint_depends_on_texts_labels_and_order() -> None:
    prints = {
        read_table({"text": texts, "label": labels}).fingerprint
        for texts, labels in [(["ab", "c"], ["x", "y"]), (["a", "bc"], ["x", "y"]), (["c", "ab"], ["y", "x"])]
    }
    assert len(prints) == 3


def test_read_texts_keeps_every_row(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "one"}\nbroken\n{"text": ""}\n{"text": "four"}\n')
    found = read_texts(path)
    assert found.texts == ["one", "", "", "four"]
    assert found.rows == [1, 2, 3, 4]
    asked = tmp_path / "asked.txt"
    asked.write_text("".join(f"{'What' if i % 2 else 'How'} is number {i}\n" for i in range(60)))
    assert read_texts(asked).texts[0] == "How is number 0"
    assert read_table(asked).labels[:2] == ["How", "What"]
    plain = tmp_path / "a.txt"
    plain.write_text("first line, with commas, and more\n\nsecond line\n")
    assert read_texts(plain).texts == ["first line, with commas, and more", "", "second line"]


REAL = {
    "sst/binary.train.txt": (6920, {"1": 3610, "0": 3310}, ("text", "label")),
    "sst/fine.test.txt": (2210, {"1": 633, "3": 510, "4": 399, "2": 389, "0": 279}, ("text", "label")),
    "trec/train.txt": (
        5452,
        {"1": 1250, "3": 1223, "0": 1162, "5": 896, "4": 835, "2": 86},
        ("text", "label"),
    ),
    "hate/twitter_hate_train.parquet": (19826, {"1": 15352, "2": 3330, "0": 1144}, ("text", "label")),
}


@pytest.mark.parametrize("name", REAL)
def test_real_tables(shared_data: Callable[[str], Path], name: str) -> None:
    rows, classes, columns = REAL[name]
    table = read_table(shared_data(name))
    assert (len(table.texts), dict(Counter(table.labels))) == (rows, classes)
    assert (table.text_column, table.label_column) == columns
    assert not table.skipped


def test_hundreds_of_possible_labels_are_refused(shared_data: Callable[[str], Path]) -> None:
    with pytest.raises(DataError, match=r"label column .* not clear: .* more\. Name one with --label"):
        read_table(shared_data("patents/test.csv"))
    table = read_table(shared_data("patents/test.csv"), label="a61b")
    assert (table.text_column, table.label_column, set(table.labels)) == ("text", "A61B", {"0", "1"})
