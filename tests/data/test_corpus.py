"""A corpus streams every kind of text file in order, the same each time, and never holds it whole."""

import gzip
import json
import tracemalloc
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.data import documents as cutting
from heedful.data import files, parquet
from heedful.data.corpus import Corpus
from heedful.data.documents import BETWEEN, Piece, cut_parts, split_parts
from heedful.errors import ConfigError, DataError, HeedfulError

POEM = "Whose woods these are\nI think I know.\n\n  \nHis house is in\nthe village though.\n"


def put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def joined(pieces: list[Piece]) -> list[str]:
    """Return the documents that pieces make up."""
    found, text = [], ""
    for piece in pieces:
        text += piece.text
        if piece.ends:
            found.append(text)
            text = ""
    assert not text, "the last document does not end"
    return found


def texts(corpus: Corpus) -> list[str]:
    return joined(list(corpus.pieces()))


def refused(*sources: Path, facts: tuple[str, ...], kind: type[HeedfulError] = DataError, **options) -> None:
    with pytest.raises(kind) as caught:
        list(Corpus(sources, **options).pieces())
    for fact in facts:
        assert fact in str(caught.value), caught.value
    assert "\n" not in str(caught.value)


def test_a_file_is_one_document_to_the_letter(tmp_path: Path) -> None:
    assert texts(Corpus([put(tmp_path / "a.txt", POEM)])) == [POEM]


def test_blank_lines_or_line_ends_part_documents(tmp_path: Path) -> None:
    path = put(tmp_path / "a.txt", "\n\n" + POEM)
    first, second = "Whose woods these are\nI think I know.", "His house is in\nthe village though."
    assert texts(Corpus([path], documents="paragraph")) == [first, second]
    assert texts(Corpus([path], documents="line")) == (first + "\n" + second).split("\n")


@given(st.lists(st.text(alphabet="ab \n", max_size=9), max_size=12), st.sampled_from(["paragraph", "line"]))
def test_where_the_parts_are_cut_makes_no_difference(parts: list[str], kind: str) -> None:
    whole = list(split_parts(["".join(parts)], BETWEEN[kind]))
    assert list(split_parts(parts, BETWEEN[kind])) == whole
    assert all(piece.ends and piece.text.strip() for piece in whole)


@given(st.lists(st.text(alphabet="ab \n", max_size=30), max_size=12), st.sampled_from([*BETWEEN, None]))
def test_pieces_of_a_long_document_make_it_up(parts: list[str], kind: str | None) -> None:
    def cut(parts: list[str]) -> list[Piece]:
        return list(split_parts(parts, BETWEEN[kind]) if kind else cut_parts(parts))

    whole = [text.strip("\n") for text in joined(cut(["".join(parts)]))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "MOST", 8)
        pieces = cut(parts)
    assert [text.strip("\n") for text in joined(pieces)] == whole
    assert all(len(piece.text) <= 8 for piece in pieces)


def test_long_documents_are_cut_at_line_ends_then_at_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "MOST", 10)
    cut = [(piece.text, piece.ends) for piece in cut_parts(["one two\nthree four fivesixseveneight"])]
    assert cut == [
        ("one two\n", False),
        ("three ", False),
        ("four fives", False),
        ("ixseveneig", False),
        ("ht", True),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings_line_ends_and_gzip(tmp_path: Path, encoding: str, packed: bool) -> None:
    data = "Grüße aus Köln,\r\nschöne Tage\rund Nächte.\n".encode(encoding)
    path = put(tmp_path / "a.txt.gz", gzip.compress(data) if packed else data)
    assert texts(Corpus([path])) == ["Grüße aus Köln,\nschöne Tage\nund Nächte.\n"]


def test_a_long_line_and_a_large_file_are_read_in_little_memory(tmp_path: Path) -> None:
    path = put(tmp_path / "a.txt.gz", gzip.compress(b"a line without an end goes on and " * 1_200_000, 1))
    corpus = Corpus([path])
    tracemalloc.start()
    try:
        total = sum(len(piece.text) for piece in corpus.pieces())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 34 * 1_200_000
    assert peak < 16e6, peak


def rows(path: Path, kind: str) -> Path:
    items = [{"id": 1, "Text": "one text"}, {"id": 2, "Text": "another,\nof two lines"}]
    if kind == "jsonl":
        return put(path / "a.jsonl", "".join(json.dumps(item) + "\n" for item in items))
    if kind == "json":
        return put(path / "a.json", json.dumps(items))
    if kind == "csv":
        return put(path / "a.csv", 'id,Text\n1,one text\n2,"another,\nof two lines"\n')
    put(path / "rows.jsonl", "".join(json.dumps(item) + "\n" for item in items))
    duckdb.sql(f"COPY (FROM '{path}/rows.jsonl') TO '{path}/a.parquet' (FORMAT parquet)")
    return path / "a.parquet"


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "parquet"])
def test_a_row_is_a_document(tmp_path: Path, kind: str) -> None:
    corpus = Corpus([rows(tmp_path, kind)], documents="line")
    assert texts(corpus) == ["one text", "another,\nof two lines"] == texts(corpus)
    assert "Text is column 'Text' of 1 file." in corpus.notes
    assert texts(Corpus([corpus.files[0]], column="id")) == ["1", "2"]
    refused(corpus.files[0], column="Tex", facts=("no column 'Tex'", "it has Text, id"))


def test_content_is_a_usual_name_and_unclear_columns_are_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonl", '{"content": "x", "note": "a much longer text than the other is"}\n' * 9)
    assert texts(Corpus([path])) == ["x"] * 9
    path = put(
        tmp_path / "b.jsonl",
        "".join(json.dumps({"p": f"{i} words of one", "q": f"{i} words of two"}) + "\n" for i in range(9)),
    )
    refused(path, facts=("not clear", "p (", "q (", "Name one with --column"))


def test_rows_without_text_are_counted(tmp_path: Path) -> None:
    lines = ['{"text": "good"}', '{"text": ["nested"]}', '{"te', '{"other": 1}', "[1]", '{"text": "last"}']
    corpus = Corpus([put(tmp_path / "a.jsonl", "\n".join(lines))])
    expected = {"nested text": 1, "broken JSON": 1, "empty text": 1, "not a JSON object": 1}
    for _ in range(2):
        assert texts(corpus) == ["good", "last"]
        assert corpus.skipped == expected


def test_a_folder_is_read_in_order_without_what_is_hidden_or_no_text(tmp_path: Path) -> None:
    put(tmp_path / "b" / "z.txt", "third")
    put(tmp_path / "b" / "a.jsonl", '{"text": "second"}\n')
    put(tmp_path / "a.txt", "first")
    put(tmp_path / ".hidden" / "a.txt", "never")
    put(tmp_path / ".b.txt", "never")
    put(tmp_path / "c.png", b"\x89PNG\r\n\x1a\n0000")
    put(tmp_path / "d.txt", "")
    (tmp_path / "e").symlink_to(tmp_path)
    corpus = Corpus([tmp_path])
    assert texts(corpus) == ["first", "second", "third"]
    assert [source.name for source in corpus.sources] == ["a.txt", "b/a.jsonl", "b/z.txt"]
    assert corpus.files == [tmp_path / "a.txt", tmp_path / "b" / "a.jsonl", tmp_path / "b" / "z.txt"]
    left_out = [note for note in corpus.notes if note.startswith("Left out")]
    assert "c.png is a picture" in left_out[0] and "d.txt is empty" in left_out[1] and len(left_out) == 2


def test_a_cleaned_folder_is_read_by_its_parts_alone(tmp_path: Path) -> None:
    put(tmp_path / "README.md", "What was taken.")
    put(tmp_path / "part-00000.jsonl.gz", gzip.compress(b'{"text": "kept"}\n'))
    put(tmp_path / "report.json", json.dumps({"rules": {}, "parts": ["part-00000.jsonl.gz", "../x", "."]}))
    assert texts(Corpus([tmp_path])) == ["kept"]
    put(tmp_path / "report.json", '{"some": "other report"}')
    assert len(Corpus([tmp_path]).files) == 3


def test_what_cannot_be_read_is_named_with_its_mend(tmp_path: Path) -> None:
    put(tmp_path / "book.txt", "text")
    refused(tmp_path / "bok.txt", facts=("no file or folder", "the folder has book.txt", "Check the name"))
    (tmp_path / "none").mkdir()
    refused(tmp_path / "none", facts=("none has no file that can be read", "Name another"))
    put(tmp_path / "pictures" / "c.png", b"\x89PNG\r\n\x1a\n0000")
    refused(tmp_path / "pictures", facts=("no file that can be read as text", "c.png is a picture"))
    refused(tmp_path / "pictures" / "c.png", facts=("is a picture; expected text, JSONL",))
    refused(put(tmp_path / "b.txt", "\n" * 99), facts=("nothing but blank lines",))
    refused(put(tmp_path / "p.json", '{\n "a": 1\n}'), facts=("no line is a JSON object",))
    refused(facts=("no corpus is named",))
    refused(tmp_path / "book.txt", column="text", facts=("'text'", "without columns", "Leave it out"))
    refused(
        tmp_path / "book.txt", documents="page", facts=("'page'", "file, paragraph, line"), kind=ConfigError
    )


def test_damage_and_bombs_are_met_while_streaming(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b"%d some words\n" % i for i in range(2_000_000)), 1)
    refused(put(tmp_path / "cut.gz", whole[:-99]), facts=("damaged gzip file", "Copy it again"))
    bomb = gzip.compress(b"a b c d \n" * 9_000_000, 6)
    corpus = Corpus([put(tmp_path / "bomb.gz", bomb)])
    with pytest.raises(DataError, match="more than 200 times its size"):
        list(corpus.pieces())


def test_the_limit_of_tables_does_not_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.look, "__defaults__", (10, None, ""))
    monkeypatch.setattr(files.chunks, "__defaults__", (10,))
    monkeypatch.setattr(parquet.parquet_rows, "__defaults__", (10,))
    text, table = put(tmp_path / "a.txt", POEM), rows(tmp_path, "parquet")
    assert len(texts(Corpus([text, table]))) == 3
    with pytest.raises(DataError, match="holds more than 10 bytes"):
        files.look(text, POEM.encode())
    with pytest.raises(DataError, match="more than the 10 that are read"):
        list(parquet.parquet_rows(table).read(["Text"]))


def test_the_fingerprint_tells_corpora_apart_but_not_places(tmp_path: Path) -> None:
    def made(name: str, content: str = "text", file: str = "a.txt", **options: str) -> str:
        put(tmp_path / name / file, content)
        return Corpus([tmp_path / name], **options).fingerprint()

    assert made("one") == made("two") == made("one")
    others = [made("3", "texts"), made("4", file="b.txt"), made("5", documents="line"), made("6", "tixt")]
    assert len({made("one"), *others}) == 5


def test_one_path_may_be_named_alone(tmp_path: Path) -> None:
    path = put(tmp_path / "a.txt", "text")
    assert texts(Corpus(path)) == texts(Corpus(str(path))) == ["text"]
