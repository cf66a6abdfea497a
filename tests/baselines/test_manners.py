"""What every baseline owes: it learns, repeats by its seed, saves byte for byte, and survives odd tables."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import heedful
from heedful.models import method

NAMES = ("majority", "bayes", "ngram", "word2vec", "cnn", "lstm")
QUICK: dict[str, dict[str, Any]] = {
    "word2vec": {"words_read": 20_000, "width": 32},
    "cnn": {"epochs": 2, "width": 32, "filters": 16},
    "lstm": {"epochs": 2, "width": 32, "hidden": 16},
}
ODD = {
    "one row of a class": (["red apple", "red cherry", "blue sky"], ["r", "r", "b"]),
    "one character": (["a", "b", "a", "b"], ["x", "y", "x", "y"]),
    "all words distinct": (["one two", "three four", "five six", "seven eight"], list("xyxy")),
    "no words at all": (["\u200b", " ", "\u200b\u200b", "  "], list("xyxy")),
    "twenty classes": ([f"word{i % 20} text" for i in range(60)], [str(i % 20) for i in range(60)]),
}


def quick(name: str, **more: Any) -> Any:
    return method(name)(**QUICK.get(name, {}), **more)


@pytest.fixture(scope="module")
def rows(shared_data: Callable[[str], Path]) -> tuple[list[str], list[str]]:
    lines = shared_data("trec/train.txt").read_text(encoding="latin-1").splitlines()[:1500]
    pairs = [line.split(" ", 1) for line in lines]
    return [text for _, text in pairs], [label for label, _ in pairs]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "majority"])
def test_it_beats_the_majority(name: str, rows: tuple[list[str], list[str]]) -> None:
    texts, labels = rows
    model = method(name)().fit(texts[:1100], labels[:1100], dev=(texts[1100:1250], labels[1100:1250]))
    floor = method("majority")().fit(texts[:1100], labels[:1100])
    least = {"bayes": 0.30, "ngram": 0.35, "word2vec": 0.10, "cnn": 0.30, "lstm": 0.30}[name]
    assert model.score(texts[1250:], labels[1250:]) > floor.score(texts[1250:], labels[1250:]) + least


@pytest.mark.parametrize("name", NAMES)
def test_save_then_load_gives_the_same_bytes_and_figures(
    name: str, rows: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    texts, labels = rows[0][:300], rows[1][:300]
    model = quick(name).fit(texts, labels, dev=(rows[0][300:360], rows[1][300:360]))
    model.save(tmp_path / "a")
    again = heedful.load(tmp_path / "a")
    np.testing.assert_array_equal(again.logits(rows[0][360:400]), model.logits(rows[0][360:400]))
    assert again.temperature_ == model.temperature_
    again.save(tmp_path / "b")
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*"))
    assert files == sorted(path.relative_to(tmp_path / "b") for path in (tmp_path / "b").rglob("*"))
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


@pytest.mark.parametrize("name", ["word2vec", "cnn", "lstm"])
def test_a_seed_repeats_and_another_differs(name: str, rows: tuple[list[str], list[str]]) -> None:
    def logits(seed: int) -> Any:
        return quick(name, seed=seed).fit(rows[0][:200], rows[1][:200]).logits(rows[0][200:220])

    first = logits(0)
    np.testing.assert_array_equal(first, logits(0))
    assert np.abs(first - logits(1)).max() > 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_alone_is_as_in_a_batch(name: str, rows: tuple[list[str], list[str]]) -> None:
    model = quick(name).fit(rows[0][:200], rows[1][:200])
    texts = [*rows[0][200:212], "", "zzz qqq"]
    alone = np.concatenate([model.logits([text]) for text in texts])
    np.testing.assert_allclose(model.logits(texts), alone, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("table", ODD)
def test_an_odd_table_is_learned_from(name: str, table: str) -> None:
    texts, labels = ODD[table]
    model = quick(name).fit(texts, labels, dev=(texts[:3], labels[:3]))
    found = model.predict_proba([*texts, "never seen words", "", "x" * 10_000])
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("name", ["ngram", "word2vec", "cnn", "lstm"])
def test_hardly_any_time_still_gives_a_model(name: str, rows: tuple[list[str], list[str]]) -> None:
    model = quick(name).fit(
        rows[0][:400], rows[1][:400], dev=(rows[0][400:450], rows[1][400:450]), seconds=0.01
    )
    assert model.stopped_ is not None
    assert "time ran out" in model.stopped_
    assert np.isfinite(model.logits(rows[0][:5])).all()


def test_the_end_of_a_long_text_is_counted() -> None:
    model = quick("lstm", max_words=5).fit(["a b", "c d", "a a", "c c"], list("xyxy"))
    assert model.truncated(["one two three four five", "one two three four five six"]) == 1


def test_a_damaged_artefact_is_one_clear_error(rows: tuple[list[str], list[str]], tmp_path: Path) -> None:
    quick("ngram").fit(rows[0][:100], rows[1][:100]).save(tmp_path / "a")
    (tmp_path / "a" / "manifest.json").unlink()
    (tmp_path / "a" / "vocabulary.json").write_text("[]")
    with pytest.raises(heedful.CheckpointError, match="expected"):
        heedful.load(tmp_path / "a")
    (tmp_path / "a" / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(heedful.CheckpointError, match="cannot be read"):
        heedful.load(tmp_path / "a")


def test_the_majority_answers_with_the_class_frequencies() -> None:
    model = method("majority")().fit(["a", "b", "c", "d"], ["x", "x", "x", "y"])
    np.testing.assert_allclose(model.predict_proba(["anything"]), [[0.75, 0.25]])
    assert model.predict(["anything"]).tolist() == ["x"]
