"""The classifier in full: one label, several, a number, pairs, long texts, LoRA, with the real encoder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import heedful
from heedful.errors import CheckpointError, ConfigError, DataError, NotFittedError
from heedful.models import METHODS, TASKS
from heedful.tasks.classify import Classifier
from heedful.tasks.fit_classify import fit_classify
from heedful.tasks.targets import Amount, AnyLabels, OneLabel, kind_of
from heedful.tasks.tuning import headed
from heedful.train.progress import Progress, Silent

Rows = tuple[list[str], list[str]]


@pytest.fixture(scope="module")
def rows(shared_data: Callable[[str], Path]) -> Rows:
    lines = shared_data("trec/train.txt").read_text(encoding="latin-1").splitlines()
    pairs = [line.split(" ", 1) for line in lines if line[0] in "345" and len(line) < 70][:330]
    return [text for _, text in pairs], [label for label, _ in pairs]


def several(texts: list[str]) -> list[list[str]]:
    """What stands in the text, as labels that can be checked."""
    return [[word for word in ("what", "who", "how") if word in text.lower()] for text in texts]


def words(texts: list[str]) -> list[float]:
    return [100 + 2.5 * len(text.split()) for text in texts]


def labels_of(kind: str, rows: Rows) -> Any:
    return {"single": rows[1], "multi": several(rows[0]), "number": words(rows[0])}[kind]


@pytest.fixture(scope="module", params=["single", "multi", pytest.param("number", marks=pytest.mark.slow)])
def fitted(request: Any, rows: Rows, minilm: Path) -> Classifier:
    labels = labels_of(request.param, rows)
    model = Classifier(str(minilm), epochs=2, rate=3e-4, rows=16)
    model.fit(rows[0][:200], labels[:200], dev=(rows[0][200:250], labels[200:250]))
    assert model.kind_ == request.param
    return model


def test_it_learns(fitted: Classifier, rows: Rows) -> None:
    texts, labels = rows[0][250:], labels_of(fitted.kind_, rows)[250:]
    found = fitted.evaluate(texts, labels)
    if fitted.kind_ == "single":
        assert found["accuracy"] == fitted.score(texts, labels) > 0.7
        assert fitted.target_.temperature != 1.0
    elif fitted.kind_ == "multi":
        assert found["micro_f1"] == fitted.score(texts, labels) > 0.8
        assert set(found) == {"micro_f1", "macro_f1", "exact"}
        answers = fitted.predict(texts)
        assert found["exact"] == np.mean([a == sorted(b) for a, b in zip(answers, labels, strict=True)])
    else:
        assert found["pearson"] > 0.6
        answers = fitted.predict(texts)
        assert found["mae"] == pytest.approx(np.abs(answers - labels).mean())
        assert answers.min() > 100
        residue = np.square(answers - labels).sum() / np.square(labels - np.mean(labels)).sum()
        assert fitted.score(texts, labels) == pytest.approx(1 - residue)


def test_alone_is_as_in_a_batch(fitted: Classifier, rows: Rows) -> None:
    texts = [*rows[0][:6], "long " * 700, "", "a very long tale " * 300]
    alone = np.concatenate([fitted.logits([text]) for text in texts])
    np.testing.assert_allclose(fitted.logits(texts), alone, atol=1e-4)
    assert fitted.windows(texts).tolist() == [1] * 6 + [4, 1, 6]
    assert fitted.truncated(texts) == 0


def test_save_then_load_gives_the_same(fitted: Classifier, rows: Rows, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model", about={"accuracy": 0.5})
    again = heedful.load(tmp_path / "model")
    assert type(again) is Classifier
    assert again.get_params() == fitted.get_params()
    assert (again.kind_, again.pairs_, again.target_.state()) == (
        fitted.kind_, False, fitted.target_.state(),
    )  # fmt: skip
    texts = rows[0][:20]
    np.testing.assert_array_equal(again.logits(texts), fitted.logits(texts))
    assert np.array_equal(np.array(again.predict(texts[:1])), np.array(fitted.predict(texts[:1])))
    card = json.loads((tmp_path / "model" / "heedful.json").read_text())
    assert (card["method"], card["task"], card["about"]) == ("classify", "classify", {"accuracy": 0.5})


def test_the_artefact_opens_in_sentence_transformers(fitted: Classifier, rows: Rows, tmp_path: Path) -> None:
    library = pytest.importorskip("sentence_transformers")
    fitted.save(tmp_path / "model")
    theirs = library.SentenceTransformer(str(tmp_path / "model"), device="cpu").encode(rows[0][:3])
    np.testing.assert_allclose(fitted.logits(rows[0][:3]), theirs, atol=1e-4)


def test_probabilities(fitted: Classifier, rows: Rows) -> None:
    if fitted.kind_ == "number":
        with pytest.raises(ConfigError, match="has no probabilities"):
            fitted.predict_proba(rows[0][:3])
        assert not hasattr(fitted, "classes_")
        return
    found = fitted.predict_proba(rows[0][:9])
    assert found.shape == (9, 3)
    if fitted.kind_ == "single":
        np.testing.assert_allclose(found.sum(axis=1), 1)
        assert (fitted.classes_[found.argmax(axis=1)] == fitted.predict(rows[0][:9])).all()
    else:
        chosen = found >= fitted.target_.thresholds
        assert fitted.predict(rows[0][:9]) == [fitted.classes_[row].tolist() for row in chosen]
    assert fitted.logits([]).shape == (0, 3)


@pytest.mark.slow
def test_pairs_are_learned(rows: Rows, minilm: Path, tmp_path: Path) -> None:
    """The second text alone says which class it is."""
    ends = {"3": "a human being", "4": "a number", "5": "a place on earth"}
    texts = [(text, ends[label]) for text, label in zip(rows[0][100:], rows[1], strict=False)]
    labels = rows[1][: len(texts)]
    model = Classifier(str(minilm), epochs=2, rate=5e-4, rows=8).fit(texts[:64], labels[:64])
    assert model.pairs_
    assert model.score(texts[64:104], labels[64:104]) > 0.8
    model.save(tmp_path / "pairs")
    again = heedful.load(tmp_path / "pairs")
    np.testing.assert_array_equal(again.logits(texts[:5]), model.logits(texts[:5]))
    swapped = model.logits([(b, a) for a, b in texts[:5]])
    assert np.abs(swapped - model.logits(texts[:5])).max() > 1e-3
    with pytest.raises(DataError, match="row 0 is a single text; expected a pair"):
        again.predict(["one text"])


def test_segments_reach_the_model(minilm: Path) -> None:
    model = Classifier(str(minilm), epochs=1).fit([("a b", "c"), ("d", "e f")], ["x", "y"])
    windows = model.slicer_.cut([("a b", "c")])
    told = model.encoder_.vectors(windows.ids, windows.segments)
    assert windows.segments == [[0, 0, 0, 0, 1, 1]]
    assert np.abs(told - model.encoder_.vectors(windows.ids)).max() > 1e-4


def test_what_stands_late_in_a_long_text_counts(minilm: Path) -> None:
    """What differs comes after more than the model reads at once."""
    filler = "of the and in to with for on at by " * 26
    model = Classifier(str(minilm), epochs=1).fit(["who is he", "how many"], ["3", "4"])
    texts = [filler + "Who is he ?", filler + "How many are there ?"]
    assert model.windows(texts).tolist() == [2, 2]
    late = model.logits(texts)
    assert np.abs(late[0] - late[1]).max() > 1e-3


def test_windows_weigh_a_text_once(rows: Rows, minilm: Path) -> None:
    counts: list[float] = []

    class Notes(Silent):
        def stepped(self, progress: Progress) -> None:
            counts.append(progress.count)

    texts = [*rows[0][:10], "a long tale of many words " * 120]
    model = Classifier(str(minilm), epochs=1, rows=64).fit(texts, [*"ab" * 5, "a"], watch=Notes())
    assert model.windows(texts)[-1] > 3
    assert counts == [pytest.approx(11)]


def test_lora_learns_and_leaves_a_plain_model(rows: Rows, minilm: Path, tmp_path: Path) -> None:
    texts, labels = rows
    model = Classifier(str(minilm), epochs=2, rows=16, lora=4).fit(texts[:120], labels[:120])
    plain = headed(str(minilm), 3, 0)
    assert list(model.encoder_.state_dict()) == list(plain.state_dict())
    assert model.score(texts[250:], labels[250:]) > 0.7
    frozen = "transformer.encoder.input.token.weight"
    assert np.array_equal(model.encoder_.state_dict()[frozen], plain.state_dict()[frozen])
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(heedful.load(tmp_path / "model").logits(texts[:5]), model.logits(texts[:5]))


def test_a_matrix_of_labels_comes_back_as_one(rows: Rows, minilm: Path) -> None:
    sets = several(rows[0][:60])
    matrix = np.array([[word in one for word in ("what", "who", "how")] for one in sets], dtype=int)
    model = Classifier(str(minilm), epochs=1).fit(rows[0][:60], matrix, dev=(rows[0][:20], matrix[:20]))
    assert model.kind_ == "multi"
    found = model.predict(rows[0][:7])
    assert found.shape == (7, 3) and set(np.unique(found)) <= {0, 1}
    assert model.classes_.tolist() == [0, 1, 2]
    with pytest.raises(DataError, match="expected 3 times 0 or 1"):
        model.evaluate(rows[0][:2], np.array([[0, 2, 0], [0, 0, 1]]))


def test_what_labels_ask_for() -> None:
    assert kind_of(["a", "b"]) == kind_of([1, 2]) == kind_of([1.0, 2.0]) == "single"
    assert kind_of([0.5, 1.0]) == "number"
    assert kind_of([["a"], []]) == kind_of([{"a"}]) == kind_of([("a",)]) == "multi"
    assert kind_of(np.eye(3)) == "multi"
    assert kind_of([]) == "single"


def test_thresholds_are_those_of_the_held_out_rows() -> None:
    target, codes = AnyLabels.learn([["a"], ["a", "b"], [], ["b"]] * 10)
    logits = np.log([[0.3, 0.9], [0.35, 0.95], [0.1, 0.8], [0.2, 0.99]] * 10)
    logits -= np.log1p(-np.exp(logits))
    assert target.figures(logits, codes)["exact"] < 0.5
    target.settle(logits, codes)
    np.testing.assert_allclose(target.thresholds, [0.25, (0.95 + 0.9) / 2])
    assert target.figures(logits, codes) == {"micro_f1": 1.0, "macro_f1": 1.0, "exact": 1.0}
    assert AnyLabels.restore(target.state()).state() == target.state()


def test_numbers_are_answered_in_their_units() -> None:
    target, codes = Amount.learn([10.0, 20.0, 30.0])
    assert (codes.mean(), codes.std()) == (pytest.approx(0), pytest.approx(1))
    np.testing.assert_allclose(target.answers(codes[:, None]), [10, 20, 30])
    assert target.figures(np.zeros((3, 1)), codes) == {
        "pearson": None, "spearman": None, "mae": pytest.approx(20 / 3),
    }  # fmt: skip


def test_classes_that_dev_alone_has_are_passed_over() -> None:
    target, _ = OneLabel.learn(["a", "b", "a"])
    found, codes = target.codes(["b", "c", "a"])
    assert (found.tolist(), codes.tolist()) == ([0, 2], [1, 0])
    assert target.codes(["c"])[0].tolist() == []


@pytest.mark.parametrize(
    ("texts", "labels", "settings", "says"),
    [
        (["a", "b"], ["x", "x"], {}, "at least 2 classes"),
        (["a", "b"], ["x"], {}, "found 2 texts and 1 labels"),
        ("ab", ["x", "y"], {}, "one string"),
        (["a", 1.5], ["x", "y"], {}, "text 1 is a float"),
        (["a", ("b", "c")], ["x", "y"], {}, "text 1 is a tuple"),
        ([("b", "c"), "a"], ["x", "y"], {}, "row 1 is a single text; expected a pair"),
        ([("b", "c"), ("a", None)], ["x", "y"], {}, "text 1 is a NoneType"),
        (["a", "b"], [0.5, 0.5], {}, "2 times 0.5; expected at least 2 different"),
        (["a", "b"], [0.5, float("nan")], {}, "label 1 is nan"),
        (["a", "b"], ["x", "y"], {"kind": "number"}, "the labels are no numbers"),
        (["a", "b"], ["x", "y"], {"kind": "multi"}, "the labels of row 0 are 'x'; expected a list"),
        (["a", "b"], [[], []], {}, "no row has a label"),
        (["a", "b"], [["x"], [1]], {}, "of several types"),
        (["a", "b"], ["x", "y"], {"kind": "other"}, "kind is 'other'; expected one of auto"),
        (["a", "b"], ["x", "y"], {"rows": 0}, "rows is 0"),
        (["a", "b"], ["x", "y"], {"lora": -1}, "lora is -1"),
        (["a", "b"], ["x", "y"], {"lora": 4000}, "LoRA rank of 4000"),
    ],
)
def test_what_cannot_be_learned_from_is_said(
    texts: Any, labels: Any, settings: dict[str, Any], says: str, minilm: Path
) -> None:
    with pytest.raises((DataError, ConfigError), match=says):
        Classifier(str(minilm), **settings).fit(texts, labels)


def test_manners() -> None:
    model = Classifier(epochs=2, kind="multi")
    assert Classifier(**model.get_params()).get_params() == model.get_params()
    with pytest.raises(NotFittedError, match="call fit or load first"):
        model.predict(["a"])
    with pytest.raises(NotFittedError):
        model.save("anywhere")
    assert "classify" in TASKS and not set(TASKS) & set(METHODS)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "odd"}, "unknown kind 'odd'"),
        ({"pairs": "yes"}, "lacks"),
        ({"classes": ["a", "b"]}, "has 3 outputs; its card needs 2"),
        ({"kind": "multi"}, "lacks .'thresholds', 'matrix'"),
        (
            {"kind": "multi", "thresholds": [0.5], "matrix": False},
            "a number for each of the 3 labels",
        ),
        ({"params": {"speed": 1}}, "unknown settings"),
    ],
)
def test_a_damaged_card_is_one_clear_error(
    change: dict[str, Any], says: str, minilm: Path, tmp_path: Path
) -> None:
    model = Classifier(str(minilm), epochs=1).fit(["a", "b", "c"], ["a", "b", "c"])
    model.save(tmp_path / "m")
    (tmp_path / "m" / "manifest.json").unlink()
    card = json.loads((tmp_path / "m" / "heedful.json").read_text())
    (tmp_path / "m" / "heedful.json").write_text(json.dumps({**card, **change}))
    with pytest.raises(CheckpointError, match=says):
        heedful.load(tmp_path / "m")


class Killed(BaseException):
    pass


class Killer(Silent):
    def stepped(self, progress: Progress) -> None:
        if progress.step == 4:
            raise Killed


def table(rows: Rows, kind: str, size: int = 130) -> dict[str, Any]:
    return {"text": rows[0][:size], "label": labels_of(kind, rows)[:size]}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["single", "multi", "number"])
def test_from_a_table_to_a_folder_and_figures(kind: str, rows: Rows, minilm: Path, tmp_path: Path) -> None:
    found = fit_classify(table(rows, kind), None, str(minilm), tmp_path / "run", epochs=1)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["kind"] == kind
    assert sum(found["rows"].values()) == 130 and 20 <= found["rows"]["scored"] <= 30
    names = {"single": {"majority", "ngram"}, "multi": {"majority"}, "number": {"mean"}}
    assert set(found["baselines"]) == names[kind]
    assert all(set(one) == set(found["scores"]) for one in found["baselines"].values())
    model = heedful.load(tmp_path / "run" / "model")
    assert model.kind_ == kind
    card = json.loads((tmp_path / "run" / "model" / "heedful.json").read_text())
    assert card["about"] == found


@pytest.mark.slow
def test_a_killed_fit_goes_on_to_the_same_bytes(rows: Rows, minilm: Path, tmp_path: Path) -> None:
    def go(folder: Path, watch: Silent | None = None) -> bytes:
        fit_classify(
            table(rows, "single", 80), None, str(minilm), folder, epochs=2, rows=16, lora=2, watch=watch
        )
        return (folder / "model" / "model.safetensors").read_bytes()

    with pytest.raises(Killed):
        go(tmp_path / "killed", Killer())
    assert not (tmp_path / "killed" / "model").exists()
    assert go(tmp_path / "killed") == go(tmp_path / "whole")
    with pytest.raises(CheckpointError, match="rate was"):
        fit_classify(table(rows, "single", 80), None, str(minilm), tmp_path / "whole", epochs=2, rows=16,
                     lora=2, rate=0.5)  # fmt: skip


def test_a_dev_table_is_scored_without_what_stands_in_train(rows: Rows, minilm: Path, tmp_path: Path) -> None:
    dev = {"text": [rows[0][0], *rows[0][200:260]], "label": [["z"], *several(rows[0][200:260])]}
    dev["label"][5] = ["never seen"]
    found = fit_classify(table(rows, "multi"), dev, str(minilm), tmp_path / "run", epochs=1, minutes=5)
    assert found["dropped"]["in train exactly"] == 1
    assert found["rows"]["scored"] + sum(found["dropped"].values()) == 61
    assert any("1 labels are not in train and count for nothing: never seen" in n for n in found["notes"])
    assert found["rows"]["train"] + found["rows"]["choosing"] == 130
