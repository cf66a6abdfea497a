"""Tagged sentences out of files as they come: columns, JSON, broken lines counted and named."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from heedful.data.conll import read_tagged
from heedful.errors import DataError


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    def write(text: str | bytes, name: str = "table.conll") -> str:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def test_tabs_blanks_and_any_number_of_columns(written: Callable[..., str]) -> None:
    wanted = [["EU", "rejects", "call"], ["Peter"]], [["B-ORG", "O", "O"], ["B-PER"]]
    two = "EU\tB-ORG\nrejects\tO\ncall\tO\n\nPeter\tB-PER\n"
    four = "EU NNP I-NP B-ORG\nrejects VBZ I-VP O\ncall NN I-NP O\n\n \nPeter NNP I-NP B-PER"
    for text in (two, four, two.replace("\n", "\r\n"), "\ufeff" + two, two.replace("\n\n", "\n\t\n\ufeff\n")):
        table = read_tagged(written(text))
        assert (table.words, table.tags) == wanted
        assert table.skipped == {}
    assert read_tagged(written(two)).rows == [1, 5]
    assert read_tagged(written(gzip.compress(two.encode()), "table.conll.gz")).words == wanted[0]


def test_words_of_tabbed_columns_may_hold_blanks_and_look_like_marks(written: Callable[..., str]) -> None:
    table = read_tagged(written("New York\tB-LOC\n#\tO\n# 1\tO\n-\tO\n{\tO\n"))
    assert table.words == [["New York", "#", "# 1", "-", "{"]]


def test_documents_and_comments_are_passed_over_and_told(written: Callable[..., str]) -> None:
    begin, sentence = "-DOCSTART- -X- O O\n", "EU _ _ B-ORG\n# _ _ O\n"
    text = f"{begin}\n# id 17 domain=en\n{sentence}{begin}Peter _ _ B-PER\n"
    table = read_tagged(written(text))
    assert table.words == [["EU", "#"], ["Peter"]]
    assert table.rows == [4, 7]
    assert table.notes == [
        "2 lines passed over: -DOCSTART- begins a document.",
        "1 line passed over: a comment.",
    ]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("Peter", "a line without a tag"),
        ("Peter\t", "a line without a tag"),
        ("\tO", "a line without a word"),
        ("Peter\tNNP\tB-PER", "a line that has not 2 columns"),
    ],
)
def test_a_broken_line_costs_its_sentence_and_is_named(
    broken: str, reason: str, written: Callable[..., str]
) -> None:
    table = read_tagged(written(f"EU\tB-ORG\n\nMr\tO\n{broken}\nspoke\tO\n\nfine\tO\n\n{broken}\n"))
    assert table.words == [["EU"], ["fine"]]
    assert table.rows == [1, 7]
    assert table.skipped == {reason: 2}
    assert table.notes == [f"2 sentences left out: {reason} (the first at 3)."]


def test_json_lines(written: Callable[..., str]) -> None:
    rows = [
        {"tokens": ["EU", "rejects"], "ner_tags": ["B-ORG", "O"]},
        {"tokens": ["one", "two"], "ner_tags": ["O"]},
        {"tokens": ["one"], "ner_tags": [3]},
        {"tokens": ["one", " "], "ner_tags": ["O", "O"]},
        {"tokens": [], "ner_tags": []},
        {"tokens": "one", "ner_tags": ["O"]},
        {"tokens": ["Peter"], "ner_tags": ["B-PER"]},
    ]
    lines = "\n".join(map(json.dumps, rows)) + "\n{broken\n[1]\n"
    table = read_tagged(written(lines, "table.jsonl"))
    assert table.words == [["EU", "rejects"], ["Peter"]]
    assert table.rows == [1, 7]
    assert table.skipped == {
        "words and tags that differ in number": 1, "tags that are no list of strings": 1,
        "empty strings among the words": 1, "no words": 1, "words that are no list of strings": 1,
        "broken JSON": 1, "not a JSON object": 1,
    }  # fmt: skip
    assert sum("left out" in note for note in table.notes) == 7
    again = read_tagged(written(json.dumps(rows), "table.json"))
    assert (again.words, again.fingerprint) == (table.words, table.fingerprint)


def test_columns_and_json_of_the_same_sentences_have_one_fingerprint(written: Callable[..., str]) -> None:
    columns = read_tagged(written("EU B-ORG\nwins O\n"))
    lines = read_tagged(written('{"words": ["EU", "wins"], "tags": ["B-ORG", "O"]}', "table.jsonl"))
    other = read_tagged(written("EU B-ORG\n\nwins O\n"))
    assert columns.fingerprint == lines.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("", "a.conll", "is empty"),
        ("\n \n\t\n", "a.conll", "only blank lines"),
        ("just\nwords\n", "a.conll", "a line without a tag (the first at 1)"),
        ('{"text": "EU", "label": "x"}', "a.jsonl", "has the keys text, label"),
        ('{"words": ["EU"], "tags": []}', "a.jsonl", "differ in number"),
        (b"\x89PNG\r\n\x1a\n", "a.conll", "is a picture"),
    ],
)
def test_files_that_cannot_be_used_are_refused(
    text: str | bytes, name: str, said: str, written: Callable[..., str]
) -> None:
    with pytest.raises(DataError) as error:
        read_tagged(written(text, name))
    assert said in str(error.value)
    assert name in str(error.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.conll", tmp_path):
        with pytest.raises(DataError):
            read_tagged(path)


def test_wnut_is_read_whole(shared_data: Callable[[str], Path]) -> None:
    sizes = {"train": (3394, 62730, 0), "dev": (1009, 15733, 0), "test": (1287, 23394, 0)}
    for part, wanted in sizes.items():
        table = read_tagged(shared_data(f"ner/wnut17.{part}.conll"))
        assert (len(table.words), sum(map(len, table.words)), sum(table.skipped.values())) == wanted


def test_taking_some_sentences(written: Callable[..., str]) -> None:
    table = read_tagged(written("EU B-ORG\n\nwins O\n\nPeter B-PER\n"))
    part = table.taken([2, 0])
    assert (part.words, part.tags, part.rows) == ([["Peter"], ["EU"]], [["B-PER"], ["B-ORG"]], [5, 1])
    assert part.fingerprint != table.fingerprint
