"""Parallel text: two files or two columns, streamed; each bad pair is left out once and counted."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heedful.data.parallel import LONGEST, Cleaning, Parallel, held_texts, open_parallel
from heedful.errors import DataError

PAIRS = [("A dog runs.", "Ein Hund läuft."), ("日本語 😀", "Japanese"), ("Two  men", "Zwei Männer")]


def read(parallel: Parallel) -> list[object]:
    return [pair for _, pair in parallel.numbered()]


def two(place: Path, source: str | bytes, target: str | bytes) -> list[Path]:
    paths = [place / "text.en", place / "text.de"]
    for path, text in zip(paths, (source, target), strict=True):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return paths


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_two_files_go_line_by_line(end: str, last: bool, tmp_path: Path) -> None:
    texts = [end.join(side) + end * last for side in zip(*PAIRS, strict=True)]
    paths = two(tmp_path, *texts)
    parallel = open_parallel(paths)
    assert read(parallel) == PAIRS
    assert read(parallel) == PAIRS  # and again
    for path in paths:
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert read(open_parallel(paths)) == PAIRS


def test_only_line_feeds_end_a_line(tmp_path: Path) -> None:
    odd = "one\u2028still one\x0band\x85one\rhere\ntwo\n"
    assert read(open_parallel(two(tmp_path, odd, "eins\n\n"))) == [
        ("one\u2028still one\x0band\x85one\rhere", "eins"),
        ("two", ""),
    ]


def test_files_of_unequal_length_are_refused_when_the_shorter_ends(tmp_path: Path) -> None:
    parallel = open_parallel(two(tmp_path, "a\nb\nc\n", "x\ny\n"))
    with pytest.raises(DataError, match=r"text\.de has 2 lines and .*text\.en has more"):
        read(parallel)


def test_a_table_has_two_columns_or_they_are_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("\n".join(["en\tde", *("\t".join(pair) for pair in PAIRS)]) + "\n")
    assert read(open_parallel([path])) == PAIRS
    assert read(open_parallel([path], "de", "en")) == [(de, en) for en, de in PAIRS]
    with pytest.raises(DataError, match="expected two columns"):
        open_parallel([path], "de", "de")
    rows = [{"id": i, "en": en, "de": de} for i, (en, de) in enumerate(PAIRS)]
    lines = tmp_path / "pairs.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"id": 9, "en": ["x"], "de": "y"}]))
    assert read(open_parallel([lines], "en", "de")) == [*PAIRS, "nested text"]
    with pytest.raises(DataError, match="Name both, with --source and --target"):
        open_parallel([lines])


def test_what_is_no_parallel_text_is_said(tmp_path: Path) -> None:
    paths = two(tmp_path, "a\nb\n", "x\ny\n")
    with pytest.raises(DataError, match="Name the other file too"):
        open_parallel(paths[:1])
    with pytest.raises(DataError, match="3 files are given"):
        open_parallel([*paths, paths[0]])
    with pytest.raises(DataError, match="there is no file"):
        open_parallel([paths[0], tmp_path / "text.fr"])


@pytest.mark.parametrize(
    ("pair", "rule"),
    [
        (("", "x y"), "empty source"),
        (("x y", " \t"), "empty target"),
        (("The  File", "the file"), "target is a copy of the source"),
        (("yes", "ja " * 30), "one side more than 4 times as long as the other"),
        (("a" * (LONGEST + 1), "b" * LONGEST), f"more than {LONGEST:,} characters"),
        (("Held   OUT", "something else"), "stands in what is scored"),
        (("something else", "zurückgehalten"), "stands in what is scored"),
        (("A DOG  runs.", "Ein Hund läuft."), "the same pair as an earlier one"),
        ("bad row", "bad row"),
    ],
)
def test_each_rule_takes_what_it_says(pair: tuple[str, str] | str, rule: str) -> None:
    cleaning = Cleaning(held_texts([("held out", "Zurückgehalten")]))
    good = [*PAIRS, ("A dog runs.", "Der Hund rennt.")]
    found = list(cleaning.good(enumerate([*good, pair], 1)))
    assert found == good
    assert (cleaning.kept, dict(cleaning.taken)) == (len(good), {rule: 1})
    shown = cleaning.examples.get(rule, [])
    assert [number for number, *_ in shown] == ([] if isinstance(pair, str) else [len(good) + 1])


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=30))
def test_every_pair_is_kept_or_counted_once(pairs: list[tuple[str, str]]) -> None:
    cleaning = Cleaning()
    found = list(cleaning.good(enumerate(pairs, 1)))
    assert len(found) == cleaning.kept
    assert cleaning.kept + cleaning.taken.total() == len(pairs)
    assert all(source and target and source.strip() == source for source, target in found)
    assert len(found) == len(set(found))
