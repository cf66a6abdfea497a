"""probe, neighbours, fewshot and finetune on real sentences with the real encoder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import heedful
from heedful.errors import CheckpointError, DataError, NotFittedError
from heedful.estimator import TextClassifier
from heedful.models import METHODS, method

ENCODERS = ("probe", "neighbours", "fewshot", "finetune")
QUICK: dict[str, dict[str, Any]] = {"fewshot": {"steps": 4, "rows": 8}, "finetune": {"epochs": 1}}


@pytest.fixture(scope="module")
def rows(shared_data: Callable[[str], Path]) -> tuple[list[str], list[str]]:
    lines = shared_data("trec/train.txt").read_text(encoding="latin-1").splitlines()
    pairs = [line.split(" ", 1) for line in lines if line[0] in "345" and len(line) < 70][:330]
    return [text for _, text in pairs], [label for label, _ in pairs]


@pytest.fixture(scope="module", params=ENCODERS)
def fitted(request: Any, rows: tuple[list[str], list[str]], minilm: Path) -> TextClassifier:
    texts, labels = rows
    model = method(request.param)(model=str(minilm), **QUICK.get(request.param, {}))
    return model.fit(texts[:200], labels[:200], dev=(texts[200:250], labels[200:250]))


def test_it_learns(fitted: TextClassifier, rows: tuple[list[str], list[str]]) -> None:
    texts, labels = rows[0][250:], rows[1][250:]
    majority = max(labels.count(label) for label in set(labels)) / len(labels)
    assert fitted.score(texts, labels) > max(0.6, majority + 0.15)
    assert fitted.stopped_ is None
    assert 0.05 <= fitted.temperature_ <= 20


def test_probabilities(fitted: TextClassifier, rows: tuple[list[str], list[str]]) -> None:
    found = fitted.predict_proba(rows[0][:5])
    assert found.shape == (5, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (fitted.classes_[found.argmax(axis=1)] == fitted.predict(rows[0][:5])).all()
    assert fitted.predict_proba([]).shape == (0, 3)


def test_alone_is_as_in_a_batch(fitted: TextClassifier, rows: tuple[list[str], list[str]]) -> None:
    texts = rows[0][:9]
    alone = np.concatenate([fitted.logits([text]) for text in texts])
    np.testing.assert_allclose(fitted.logits(texts), alone, atol=1e-4)


def test_save_then_load_gives_the_same(
    fitted: TextClassifier, rows: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    fitted.save(tmp_path / "model", about={"accuracy": 0.5})
    again = heedful.load(tmp_path / "model")
    assert type(again) is type(fitted)
    assert again.get_params() == fitted.get_params()
    np.testing.assert_array_equal(again.predict_proba(rows[0][:20]), fitted.predict_proba(rows[0][:20]))
    again.save(tmp_path / "twice", about={"accuracy": 0.5})
    first = {p.relative_to(tmp_path / "model"): p.read_bytes() for p in (tmp_path / "model").rglob("*.*")}
    second = {p.relative_to(tmp_path / "twice"): p.read_bytes() for p in (tmp_path / "twice").rglob("*.*")}
    assert first == second


def test_what_is_cut_is_counted(fitted: TextClassifier) -> None:
    assert fitted.truncated(["short", "long " * 400]) == 1


@pytest.mark.parametrize("name", ["probe", "fewshot", "finetune"])
def test_the_artefact_opens_in_sentence_transformers(
    name: str, rows: tuple[list[str], list[str]], minilm: Path, tmp_path: Path
) -> None:
    library = pytest.importorskip("sentence_transformers")
    model = method(name)(model=str(minilm), **QUICK.get(name, {}))
    model.fit(rows[0][:40], rows[1][:40], seconds=30)
    model.save(tmp_path / "model")
    theirs = library.SentenceTransformer(str(tmp_path / "model"), device="cpu").encode(rows[0][:3])
    np.testing.assert_allclose(model.logits(rows[0][:3]), theirs, atol=1e-4)


@pytest.mark.parametrize("name", ["fewshot", "finetune"])
def test_a_seed_repeats_and_another_differs(
    name: str, rows: tuple[list[str], list[str]], minilm: Path
) -> None:
    def logits(seed: int) -> np.ndarray:
        model = method(name)(model=str(minilm), seed=seed, **QUICK[name])
        return model.fit(rows[0][:60], rows[1][:60]).logits(rows[0][100:103])

    first = logits(0)
    np.testing.assert_array_equal(first, logits(0))
    assert np.abs(first - logits(1)).max() > 1e-3


def test_time_that_runs_out_is_said_and_a_model_remains(
    rows: tuple[list[str], list[str]], minilm: Path
) -> None:
    texts, labels = rows
    model = method("finetune")(model=str(minilm), epochs=50)
    model.fit(texts[:200], labels[:200], dev=(texts[200:220], labels[200:220]), seconds=8)
    assert model.stopped_ is not None
    assert "of 50 epochs" in model.stopped_
    assert len(model.predict(texts[:2])) == 2


def test_neighbours_show_what_they_used(rows: tuple[list[str], list[str]], minilm: Path) -> None:
    model = method("neighbours")(model=str(minilm)).fit(rows[0][:50], rows[1][:50])
    found = model.neighbours([rows[0][7]], 3)[0]
    assert (found[0].text, found[0].label) == (rows[0][7], rows[1][7])
    assert found[0].cosine == pytest.approx(1, abs=1e-5)
    assert found[0].cosine >= found[1].cosine >= found[2].cosine


@pytest.mark.parametrize("name", METHODS)
def test_manners_of_every_method(name: str) -> None:
    model = method(name)()
    assert type(model)(**model.get_params()).get_params() == model.get_params()
    with pytest.raises(NotFittedError, match="call fit or load first"):
        model.predict(["a"])
    with pytest.raises(DataError, match="at least 2 classes"):
        model.fit(["a", "b"], ["x", "x"])
    with pytest.raises(DataError, match="found 2 texts and 1 labels"):
        model.fit(["a", "b"], ["x"])
    with pytest.raises(DataError, match="one string"):
        model.fit("ab", ["x", "y"])
    with pytest.raises(DataError, match="text 1 is a float"):
        model.fit(["a", float("nan")], ["x", "y"])


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("[]", "lacks"),
        ("{}", "lacks"),
        ("{", "not valid JSON"),
        ('{"method":"x","classes":[],"temperature":1,"params":{},"state":{},"format":1}', "unknown method"),
        ('{"method":"majority","classes":[],"temperature":1,"params":{},"state":{},"format":9}', "format 9"),
        (
            '{"method":"majority","classes":[],"temperature":1,"params":{"x":1},"state":{},"format":1}',
            "unknown",
        ),
    ],
)
def test_a_damaged_artefact_is_one_clear_error(card: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "heedful.json").write_text(card)
    with pytest.raises(CheckpointError, match=said):
        heedful.load(tmp_path)


def test_an_artefact_with_a_file_cut_short_does_not_load(tmp_path: Path) -> None:
    model = method("majority")().fit(["a", "b"], ["x", "y"])
    model.save(tmp_path / "model")
    (tmp_path / "model" / "heedful.json").write_text('{"method"')
    with pytest.raises(CheckpointError, match="bytes, expected"):
        heedful.load(tmp_path / "model")


@pytest.mark.parametrize("name", ["probe", "neighbours"])
def test_short_time_takes_a_sample_of_every_class(
    name: str, rows: tuple[list[str], list[str]], minilm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heedful.tasks.embed.STEP", 20)
    texts, labels = [*rows[0][:200], "what is the rarest of all"], [*rows[1][:200], "9"]
    model = method(name)(model=str(minilm)).fit(texts, labels, seconds=0.0)
    assert model.stopped_ == "time ran out after 20 of 201 training texts"
    assert model.logits(["who"]).shape == (1, len(model.classes_))
