"""From parallel text to tokens: what is held out is not learned from, what is no good is counted."""

import json
from pathlib import Path

import pytest

from heedful.data.parallel import open_parallel
from heedful.data.tokens import Tokens
from heedful.errors import CheckpointError, DataError
from heedful.tasks.prepare_pairs import Given, PreparedPairs, prepare_pairs

COUNT = 200


def table(path: Path, rows: list[tuple[str, str]]) -> Path:
    lines = [json.dumps({"de": source, "en": target}) for source, target in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def pairs(begin: int = 0, end: int = COUNT) -> list[tuple[str, str]]:
    return [(f"Satz Nummer {n}", f"sentence number {n}") for n in range(begin, end)]


def prepared(folder: Path, train: Path, dev: Path | None = None, test: Path | None = None) -> PreparedPairs:
    given = Given(*(open_parallel([part]) if part else None for part in (train, dev, test)))  # type: ignore[arg-type]
    return prepare_pairs(given, "bpe", 400, folder / "data", print)


def test_what_is_scored_is_not_learned_from(tmp_path: Path) -> None:
    rows = [*pairs(), ("SATZ  nummer 3", "another"), ("anders", "Sentence number 7")]
    train, dev = table(tmp_path / "train.jsonl", rows), table(tmp_path / "dev.jsonl", pairs(0, 5))
    found = prepared(tmp_path, train, dev, table(tmp_path / "test.jsonl", pairs(5, 10)))
    assert (found.dev, found.test) == (pairs(0, 5), pairs(5, 10))
    assert found.cleaned["taken"] == {"stands in what is scored": 12}
    assert found.train.documents == 2 * (COUNT - 10)


def test_without_dev_a_part_is_held_out(tmp_path: Path) -> None:
    found = prepared(tmp_path, table(tmp_path / "train.jsonl", pairs()))
    assert len(found.dev) == COUNT // 10
    assert found.train.documents == 2 * (COUNT - COUNT // 10)
    assert any("20 pairs of train are held out" in note for note in found.notes)


def test_what_stands_in_the_folder_is_taken_again(tmp_path: Path) -> None:
    train = table(tmp_path / "train.jsonl", pairs())
    first = prepared(tmp_path, train)
    written = (tmp_path / "data" / "held.json").stat().st_mtime_ns
    second = prepared(tmp_path, train)
    assert (tmp_path / "data" / "held.json").stat().st_mtime_ns == written
    assert (first.dev, first.cleaned, first.notes) == (second.dev, second.cleaned, second.notes)
    (tmp_path / "data" / "held.json").unlink()  # as a kill before the end would leave it
    assert prepared(tmp_path, train).dev == first.dev
    assert Tokens.open(tmp_path / "data" / "train").documents == first.train.documents


def test_another_text_in_the_folder_of_a_run_is_refused(tmp_path: Path) -> None:
    prepared(tmp_path, table(tmp_path / "train.jsonl", pairs()))
    step = tmp_path / "checkpoints" / "step-000000001"
    step.mkdir(parents=True)
    from heedful.storage import seal

    (step / "state.json").write_text("{}")
    seal(step)
    with pytest.raises(CheckpointError, match="holds another run"):
        prepared(tmp_path, table(tmp_path / "other.jsonl", pairs(0, 50)))


@pytest.mark.parametrize(
    ("rows", "dev", "words"),
    [
        ([("gleich", "gleich")] * 30, [("a", "b")], "no pair to learn from .30 target is a copy"),
        (pairs(), [("", "b")], "no pair with two sides"),
        (pairs(0, 3), None, "too few to hold some out"),
    ],
)
def test_useless_text_is_an_error(
    rows: list[tuple[str, str]], dev: list[tuple[str, str]] | None, words: str, tmp_path: Path
) -> None:
    train = table(tmp_path / "train.jsonl", rows)
    with pytest.raises(DataError, match=words):
        prepared(tmp_path, train, table(tmp_path / "dev.jsonl", dev) if dev else None)
