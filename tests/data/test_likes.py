"""Tables of texts that belong together: what their columns are, and how they are divided."""

from pathlib import Path

import pytest

from heedful.data.likes import read_likes
from heedful.data.likes_division import part
from heedful.data.parallel import folded
from heedful.errors import ConfigError, DataError

SENTENCE = "a sentence with several words in it, number"


def written(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("header", "row", "kind"),
    [
        ("anchor\tpositive", "one text {i}\tanother {i}", "pairs"),
        ("query\tdocument\tnegative", "q {i}\td {i}\tn {i}", "triplets"),
        ("sentence1\tsentence2\tscore", "a text {i}\tb text {i}\t{i}.5", "graded"),
        ("premise\thypothesis\tlabel", "a text {i}\tb text {i}\tneutral", "classes"),
        ("x\ty", f"{SENTENCE} {{i}}\t{SENTENCE} {{i}}", "pairs"),
        ("x\ty\tz", f"{SENTENCE} {{i}}\t{SENTENCE} {{i}}\tno {SENTENCE} {{i}}", "triplets"),
        ("x\ty\tz", f"{SENTENCE} {{i}}\t{SENTENCE} {{i}}\t0.{{i}}", "graded"),
        ("text", f"{SENTENCE} {{i}}", "texts"),
    ],
)
def test_the_kind_is_told_from_the_columns(tmp_path: Path, header: str, row: str, kind: str) -> None:
    path = written(tmp_path / "t.tsv", header, [row.format(i=i) for i in range(12)])
    found = read_likes(path)
    assert found.kind == kind and len(found.texts) == 12
    assert len(found.texts[0]) == {"texts": 1, "triplets": 3}.get(kind, 2)
    assert bool(found.labels) == (kind in ("graded", "classes"))
    assert read_likes(path, like=found).fingerprint == found.fingerprint


def test_rows_without_their_texts_or_grades_are_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path / "t.tsv", "text1\ttext2\tscore", ["a b\tc d\t1", "\tc d\t1", "a b\tc d\t", "e\tf\t2"]
    )
    found = read_likes(path)
    assert found.skipped == {"empty text": 1, "no grade": 1} and found.rows == [2, 5]


def test_what_is_not_clear_is_asked_for(tmp_path: Path) -> None:
    many = written(tmp_path / "m.tsv", "a\tb\tc\td", ["x\ty\tz\tw"])
    with pytest.raises(DataError, match="which texts belong together"):
        read_likes(many)
    assert read_likes(many, text="a", pair="c").texts == [("x", "z")]
    with pytest.raises(DataError, match="named twice"):
        read_likes(many, text="a", pair="a")
    with pytest.raises(DataError, match="--negative"):
        read_likes(many, text="a", pair="c", kind="triplets")
    with pytest.raises(ConfigError, match="kind is 'x'"):
        read_likes(many, kind="x")
    words = written(tmp_path / "w.tsv", "a\tb\tlabel", [f"x\ty\tword{i}" for i in range(11)])
    with pytest.raises(DataError, match="11 different words"):
        read_likes(words, text="a", pair="b", label="label")


def test_no_text_stands_in_two_parts(tmp_path: Path) -> None:
    rows = [f"query {i}\tdocument {i // 3}" for i in range(120)] + ["Query 5 \tdocument 77"]
    read = read_likes(written(tmp_path / "t.tsv", "query\tdocument", rows))
    parts = part(read, None)
    sides = [
        {folded(text) for row in one.texts for text in row}
        for one in (parts.train, parts.choosing, parts.scored)
    ]
    assert all(sides) and not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    assert sum(len(one.rows) for one in (parts.train, parts.choosing, parts.scored)) == 121
    assert part(read, None).scored.rows == parts.scored.rows


def test_where_all_share_a_text_the_first_ones_are_kept_apart(tmp_path: Path) -> None:
    rows = [f"query {i}\tthe one document" for i in range(60)]
    parts = part(read_likes(written(tmp_path / "t.tsv", "query\tdocument", rows)), None)
    assert len(parts.scored.rows) == 10 and "stand in train too" in parts.notes[0]


def test_first_texts_of_dev_leave_train(tmp_path: Path) -> None:
    train = read_likes(written(tmp_path / "t.tsv", "query\tdocument", [f"q {i}\td {i}" for i in range(40)]))
    dev = read_likes(written(tmp_path / "d.tsv", "query\tdocument", ["Q 7\td 7", "q 99\td 99"]), like=train)
    parts = part(train, dev)
    assert parts.dropped == {"train rows whose first text is in dev": 1}
    assert ("q 7", "d 7") not in parts.train.texts + parts.choosing.texts and len(parts.scored.rows) == 2
    with pytest.raises(DataError, match="every row has its first text"):
        part(dev, dev)
