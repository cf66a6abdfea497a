"""Tokens on the disk: whole, exact, checked, in bounded memory."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Engine

from heedful.data import tokens as module
from heedful.data.documents import Piece
from heedful.data.tokens import Tokens, next_cut, write_tokens
from heedful.errors import CheckpointError, DataError
from heedful.text.marks import MARKS
from heedful.text.tokenizer import Tokenizer
from heedful.text.training import train_tokenizer

TEXTS = ["The cat sat. It sat!\n", "A dog, naïve </s> <|endoftext|>", "東京 is far."]
MADE = {kind: train_tokenizer(kind, TEXTS * 3, 400, MARKS["clm"], 8) for kind in ("bpe", "char", "unigram")}


def whole(texts: list[str]) -> list[Piece]:
    return [Piece(text, True) for text in texts]


def documents(tokens: Tokens) -> list[list[int]]:
    return [part.tolist() for part in np.split(tokens.ids, tokens.ends)[:-1]]


def written(tmp_path: Path, tokenizer: Tokenizer | None = None) -> Path:
    write_tokens(tmp_path / "t", whole(TEXTS), tokenizer or MADE["bpe"], {})
    return tmp_path / "t"


@pytest.mark.parametrize("kind", MADE)
def test_what_is_written_is_read(kind: str, tmp_path: Path) -> None:
    tokenizer = MADE[kind]
    write_tokens(tmp_path / "t", whole(TEXTS), tokenizer, {"corpus": ["a.txt"]})
    tokens = Tokens.open(tmp_path / "t")
    assert tokens.ids.dtype == np.uint16
    assert tokens.vocab == tokenizer.vocab
    assert tokens.documents == len(tokens.ends) == 3
    assert tokens.characters == sum(map(len, TEXTS))
    assert tokens.bytes == sum(len(text.encode()) for text in TEXTS)
    assert tokens.about == {"corpus": ["a.txt"]}
    assert tokens.tokenizer == tokenizer.fingerprint
    assert tokens.ends[-1] == len(tokens.ids)
    found = [tokenizer.engine.decode(ids, skip_special_tokens=False) for ids in documents(tokens)]
    assert found == TEXTS
    assert int(tokens.ids.min()) >= (1 if kind == "bpe" else 2)  # no special token, whatever the text says
    assert tokens.unknown == 0


def test_unknown_tokens_are_counted(tmp_path: Path) -> None:
    for kind, expected in (("char", 3), ("unigram", 2), ("bpe", 0)):  # unigram makes one of two neighbours
        write_tokens(tmp_path / kind, whole(["a Ω ΩΩ cat"]), MADE[kind], {})
        assert Tokens.open(tmp_path / kind).unknown == expected


def test_truncation_and_padding_in_the_file_do_not_count(tmp_path: Path) -> None:
    engine = Engine.from_str(MADE["char"].text)
    engine.enable_truncation(2)
    engine.enable_padding(length=50)
    write_tokens(tmp_path / "t", whole(TEXTS), Tokenizer(engine.to_str(), 8), {})
    assert np.diff(Tokens.open(tmp_path / "t").ends, prepend=0).tolist() == [len(text) for text in TEXTS]


def test_pieces_of_a_document_are_one_document_and_an_end_may_be_marked(tmp_path: Path) -> None:
    pieces = [Piece("The cat\n", False), Piece("sat.\n", True), Piece("", True), Piece("A dog", True)]
    char = MADE["char"]
    write_tokens(tmp_path / "t", pieces, char, {}, end=0)
    found = documents(Tokens.open(tmp_path / "t"))
    assert [char.engine.decode(ids) for ids in found] == ["The cat\nsat.\n", "A dog"]
    assert [ids.count(0) for ids in found] == [1, 1]
    assert [ids[-1] for ids in found] == [0, 0]


def test_a_document_without_its_last_piece_ends_with_the_corpus(tmp_path: Path) -> None:
    write_tokens(tmp_path / "t", [Piece("The cat", False)], MADE["char"], {})
    assert Tokens.open(tmp_path / "t").ends.tolist() == [7]


@given(texts=st.lists(st.text("ab \n", min_size=1), min_size=1, max_size=6), most=st.integers(2, 9))
@settings(max_examples=50, deadline=None)
def test_long_pieces_are_cut_without_loss(
    texts: list[str], most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cut") / "t"
    char = train_tokenizer("char", ["ab \n"], 10, MARKS["clm"], 8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PART", most)
        patch.setattr(module, "BATCH", 2 * most)
        write_tokens(folder, whole(texts), char, {})
    assert [char.engine.decode(ids) for ids in documents(Tokens.open(folder))] == texts


def test_cuts_are_before_blanks() -> None:
    text = "word " * (module.PART // 4)
    stop = next_cut(text, 0)
    assert module.PART // 2 < stop <= module.PART
    assert text[stop] == " "
    assert next_cut("x" * 2 * module.PART, 5) == module.PART + 5
    assert next_cut("short", 0) == 5


@pytest.mark.parametrize("kind", MADE)
def test_cuts_do_not_change_the_tokens(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "The cat  sat.\n\n A dog " * 50
    write_tokens(tmp_path / "whole", whole([text]), MADE[kind], {})
    monkeypatch.setattr(module, "PART", 32)
    write_tokens(tmp_path / "cut", whole([text]), MADE[kind], {})
    found = [Tokens.open(tmp_path / name).ids.tolist() for name in ("whole", "cut")]
    assert found[0] == found[1]


def test_large_vocabularies_take_four_bytes(tmp_path: Path) -> None:
    many = [chr(0x4E00 + number) for number in range(20_000)] + [
        chr(0x20000 + number) for number in range(42_000)
    ]
    char = train_tokenizer(
        "char", ["".join(many), "".join(map(chr, range(0xAC00, 0xD700)))], 90_000, MARKS["clm"], 8
    )
    assert char.vocab > 1 << 16
    write_tokens(tmp_path / "t", whole(["".join(many[-3:])]), char, {})
    tokens = Tokens.open(tmp_path / "t")
    assert tokens.ids.dtype == np.uint32
    assert char.engine.decode(tokens.ids.tolist()) == "".join(many[-3:])


@pytest.mark.parametrize("texts", [[], ["", ""]])
def test_nothing_is_refused_and_leaves_nothing(texts: list[str], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no text"):
        write_tokens(tmp_path / "t", whole(texts), MADE["bpe"], {})
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_the_corpus_leaves_the_old_tokens(tmp_path: Path) -> None:
    folder = written(tmp_path)
    before = (folder / "tokens.bin").read_bytes()

    def broken() -> Iterator[Piece]:
        yield Piece("new text", True)
        raise DataError("the file is damaged")

    with pytest.raises(DataError, match="damaged"):
        write_tokens(folder, broken(), MADE["bpe"], {})
    assert (folder / "tokens.bin").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def change(folder: Path, **values: object) -> None:
    (folder / "manifest.json").unlink(missing_ok=True)
    said = json.loads((folder / "tokens.json").read_text())
    (folder / "tokens.json").write_text(json.dumps({**said, **values}))


def test_a_folder_without_tokens_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(CheckpointError, match=r"tokens\.json is missing"):
            Tokens.open(folder)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path)
    content = (folder / "tokens.bin").read_bytes()
    (folder / "tokens.bin").write_bytes(content[:-2])
    with pytest.raises(CheckpointError, match=r"tokens\.bin has"):
        Tokens.open(folder)
    change(folder)
    with pytest.raises(CheckpointError, match=r"tokens\.bin has"):
        Tokens.open(folder)


@pytest.mark.parametrize(
    "values",
    [
        {"tokens": 0}, {"tokens": "9"}, {"tokens": 10**15}, {"documents": 2}, {"documents": -1}, {"vocab": 3},
        {"vocab": None}, {"dtype": "O"}, {"dtype": "<u4"}, {"dtype": ["<u2"]}, {"about": 3}, {"bytes": True},
    ],
)  # fmt: skip
def test_a_description_that_does_not_fit_is_refused(values: dict[str, object], tmp_path: Path) -> None:
    folder = written(tmp_path)
    change(folder, **values)
    with pytest.raises(CheckpointError):
        Tokens.open(folder)


@pytest.mark.parametrize(
    "change_ends", [lambda e: e[::-1], lambda e: e - 1, lambda e: e * 0, lambda e: [-1, *e[1:]]]
)
def test_ends_out_of_order_are_refused(change_ends: object, tmp_path: Path) -> None:
    folder = written(tmp_path)
    ends = np.fromfile(folder / "ends.bin", "<i8")
    np.array(change_ends(ends), "<i8").tofile(folder / "ends.bin")  # type: ignore[operator]
    with pytest.raises(CheckpointError, match=r"ends\.bin"):
        Tokens.open(folder)


def test_checks_see_beyond_the_first_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 2)
    folder = written(tmp_path)
    tokens = Tokens.open(folder)
    for place in range(len(tokens.ids)):
        ids = np.array(tokens.ids)
        ids[place] = tokens.vocab
        ids.tofile(folder / "copy.bin")
        assert module.highest(folder / "copy.bin", "<u2") == tokens.vocab
    for place in range(1, 7):
        values = np.arange(7)
        values[place] = values[place - 1]
        assert not module.increasing(values)
    assert module.increasing(np.arange(7))


STREAM = """
import sys
from pathlib import Path
from heedful.data.documents import Piece
from heedful.data.tokens import Tokens, write_tokens
from heedful.text.marks import MARKS
from heedful.text.training import train_tokenizer

def pieces(megabytes):
    text = "it was the best of times, it was the worst of times; " * 18868
    for number in range(megabytes):
        yield Piece(text[:1_000_000], number % 3 == 0)

words = ["it was the best of times, it was the worst of times; " * 9]
tokenizer = train_tokenizer(sys.argv[1], words, 400, MARKS["clm"], 8)
write_tokens(Path(sys.argv[2]), pieces(int(sys.argv[3])), tokenizer, {})
assert Tokens.open(Path(sys.argv[2])).characters == int(sys.argv[3]) * 1_000_000
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) // 1024)
"""


def peak(kind: str, folder: Path, megabytes: int) -> int:
    """Return the megabytes of memory that a process takes to write a stream of text and open it."""
    command = [sys.executable, "-c", STREAM, kind, str(folder), str(megabytes)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    few, many = (peak("bpe", tmp_path / "t", megabytes) for megabytes in (2, 12))
    assert few < 300
    assert many < few + 100  # all at once would be 400


@pytest.mark.slow
def test_200_megabytes_pass_within_300(tmp_path: Path) -> None:
    assert peak("bpe", tmp_path / "t", 200) < 300
