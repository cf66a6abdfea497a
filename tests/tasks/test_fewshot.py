"""FewShot and ZeroShot with the real encoder: what they learn from, what they choose, what is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import heedful
from heedful.errors import CheckpointError, ConfigError, DataError
from heedful.tasks import rehearse
from heedful.tasks.fewshot import FewShot
from heedful.tasks.zeroshot import ZeroShot

DESCRIPTIONS = {
    "3": "Who is the person?",
    "4": "Where is it? Which city or country?",
    "5": ["How many?", "When?"],
}


@pytest.fixture(scope="module")
def rows(shared_data: Callable[[str], Path]) -> tuple[list[str], list[str]]:
    lines = shared_data("trec/train.txt").read_text(encoding="latin-1").splitlines()
    pairs = [line.split(" ", 1) for line in lines if line[0] in "345" and len(line) < 60][:130]
    return [text for _, text in pairs], [label for label, _ in pairs]


@pytest.fixture(scope="module", autouse=True)
def short() -> Any:
    """Try few steps: what is tested here is how they are chosen."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rehearse, "STEPS", (0, 2, 4))
        yield


def several(rows: tuple[list[str], list[str]]) -> list[list[str]]:
    """Return the class, and "how" where a question says that; some rows have none."""
    found = [[label, *["how"] * ("How" in text)] for text, label in zip(*rows, strict=True)]
    return [[] if place % 10 == 9 else labels for place, labels in enumerate(found)]


@pytest.fixture(scope="module", params=["linear", "neighbours"])
def chosen(request: Any, rows: tuple[list[str], list[str]], minilm: Path) -> FewShot:
    return FewShot(str(minilm), rows=8, head=request.param).fit(rows[0][:24], rows[1][:24])


def test_it_learns_from_all_rows_and_says_what_it_tried(
    chosen: FewShot, rows: tuple[list[str], list[str]]
) -> None:
    assert chosen.score(rows[0][30:], rows[1][30:]) > 0.7
    assert chosen.kind_ == "single" and chosen.classes_.tolist() == ["3", "4", "5"]
    assert chosen.held_out_loss_ is not None and list(chosen.held_out_loss_) == ["0", "2", "4"]
    assert chosen.steps_ in (0, 2, 4) and 0.05 < chosen.temperature_ < 20 and chosen.stopped_ is None
    np.testing.assert_allclose(chosen.predict_proba(rows[0][:3]).sum(axis=1), 1)


def test_what_is_saved_answers_the_same(
    chosen: FewShot, rows: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    chosen.save(tmp_path / "model")
    again = heedful.load(tmp_path / "model")
    assert (again.get_params(), again.steps_) == (chosen.get_params(), chosen.steps_)
    assert again.held_out_loss_ == chosen.held_out_loss_
    np.testing.assert_array_equal(again.predict_proba(rows[0][:9]), chosen.predict_proba(rows[0][:9]))
    assert hasattr(again, "neighbours") == (chosen.head == "neighbours")
    if chosen.head == "neighbours":
        near = again.neighbours(rows[0][:1], 2)[0]
        assert near == chosen.neighbours(rows[0][:1], 2)[0]
        assert (near[0].text, near[0].label) == (rows[0][0], rows[1][0])


def test_no_steps_are_the_probe(rows: tuple[list[str], list[str]], minilm: Path) -> None:
    from heedful.tasks.probe import Probe

    texts, labels = rows[0][:24], rows[1][:24]
    plain = FewShot(str(minilm), steps=0).fit(texts, labels)
    probe = Probe(str(minilm)).fit(texts, labels)
    np.testing.assert_allclose(plain.logits(rows[0][30:40]), probe.logits(rows[0][30:40]), atol=1e-4)
    assert plain.held_out_loss_ is None and plain.steps_ == 0


def test_held_out_rows_choose_and_set_the_temperature(
    rows: tuple[list[str], list[str]], minilm: Path
) -> None:
    dev = rows[0][30:60], rows[1][30:60]
    found = FewShot(str(minilm), rows=8).fit(rows[0][:12], rows[1][:12], dev=dev)
    assert found.held_out_loss_ is not None and found.dev_logits_ is not None
    assert found.dev_logits_.shape == (30, len(found.classes_))
    fixed = FewShot(str(minilm), rows=8, steps=2).fit(rows[0][:12], rows[1][:12], dev=dev)
    assert fixed.held_out_loss_ is None and fixed.temperature_ != 1


def test_one_row_of_each_label_cannot_tell_and_is_not_tuned(
    rows: tuple[list[str], list[str]], minilm: Path
) -> None:
    firsts = [rows[1].index(label) for label in "345"]
    found = FewShot(str(minilm)).fit([rows[0][row] for row in firsts], list("345"))
    assert found.steps_ == 0 and found.held_out_loss_ is None and found.temperature_ == 1
    assert found.predict([rows[0][firsts[1]]]) == ["4"]


def test_descriptions_count_as_examples(rows: tuple[list[str], list[str]], minilm: Path) -> None:
    firsts = [rows[1].index(label) for label in "345"]
    texts, rest = [rows[0][row] for row in firsts], (rows[0][30:], rows[1][30:])
    plain = FewShot(str(minilm), steps=0).fit(texts, list("345")).score(*rest)
    told = FewShot(str(minilm), steps=0).fit(texts, list("345"), descriptions=DESCRIPTIONS).score(*rest)
    assert told > plain + 0.05
    with pytest.raises(DataError, match="'9' is described but no text has it"):
        FewShot(str(minilm), steps=0).fit(texts, list("345"), descriptions={"9": "a", "3": "b"})


@pytest.mark.parametrize("head", ["linear", "neighbours"])
def test_several_labels(head: Any, rows: tuple[list[str], list[str]], minilm: Path, tmp_path: Path) -> None:
    labels = several(rows)
    found = FewShot(str(minilm), steps=3, rows=8, head=head).fit(
        rows[0][:60], labels[:60], dev=(rows[0][60:80], labels[60:80])
    )
    assert found.kind_ == "multi" and found.classes_.tolist() == ["3", "4", "5", "how"]
    assert found.score(rows[0][80:], labels[80:]) > 0.55
    assert all(set(one) <= set(found.classes_) for one in found.predict(rows[0][80:90]))
    found.save(tmp_path / "model")
    again = heedful.load(tmp_path / "model")
    assert again.predict(rows[0][80:]) == found.predict(rows[0][80:])
    np.testing.assert_array_equal(again.target_.thresholds, found.target_.thresholds)
    if head == "neighbours":
        text = rows[0][next(row for row, one in enumerate(labels[:60]) if len(one) > 1)]
        assert "|how" in again.neighbours([text])[0][0].label


def test_a_matrix_of_labels_gives_a_matrix(rows: tuple[list[str], list[str]], minilm: Path) -> None:
    matrix = np.array([[label == "3", True] for label in rows[1][:20]]).astype(int)
    found = FewShot(str(minilm), steps=0).fit(rows[0][:20], matrix)
    answers = found.predict(rows[0][:20])
    assert answers.shape == (20, 2) and (answers[:, 1] == 1).all()


@pytest.mark.parametrize(
    ("settings", "labels", "error", "says"),
    [
        ({"head": "tree"}, "ab", ConfigError, "head"),
        ({"steps": -1}, "ab", ConfigError, "steps"),
        ({"shots": 0}, "ab", ConfigError, "shots"),
        ({"rows": 1}, "ab", ConfigError, "rows"),
        ({}, [0.5, 1.25], DataError, "fractions"),
        ({}, "aa", DataError, "at least 2 classes"),
        ({}, "abc", DataError, "2 texts and 3 labels"),
        ({}, [["a"], "b"], DataError, "labels of row 1"),
    ],
)
def test_bad_input(settings: dict[str, Any], labels: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        FewShot(**settings).fit(["x", "y"], list(labels))


def test_a_folder_of_another_shape_is_refused(chosen: FewShot, tmp_path: Path) -> None:
    chosen.save(tmp_path / "model")
    card = tmp_path / "model" / "heedful.json"
    text = card.read_text()
    (tmp_path / "model" / "manifest.json").unlink()
    card.write_text(text.replace('"kind": "single"', '"kind": "many"'))
    with pytest.raises(CheckpointError, match="unknown kind 'many'"):
        heedful.load(tmp_path / "model")


def test_descriptions_alone(rows: tuple[list[str], list[str]], minilm: Path, tmp_path: Path) -> None:
    found = ZeroShot(str(minilm)).fit(None, DESCRIPTIONS)
    assert found.score(*rows) > 0.6
    best = found.predict_proba(["Who was the first king?", "How many?"])
    assert best.shape == (2, 3) and best[0].argmax() == 0 and best[1].argmax() == 2
    vectors = found.logits(["Where is it? Which city or country?"]) / found.sharpness
    assert vectors[0, 1] == pytest.approx(1, abs=1e-3) and (vectors[0] <= 1.001).all()
    found.save(tmp_path / "model")
    np.testing.assert_array_equal(
        heedful.load(tmp_path / "model").logits(rows[0][:5]), found.logits(rows[0][:5])
    )
    settled = ZeroShot(str(minilm)).fit(None, DESCRIPTIONS, dev=(rows[0][:40], rows[1][:40]))
    assert settled.temperature_ != 1 and (settled.predict(rows[0]) == found.predict(rows[0])).all()
    names = ZeroShot(str(minilm)).fit(None, ["numbers", "people"])
    assert names.predict(["seventeen", "my uncle"]).tolist() == ["numbers", "people"]


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ("sport", "a mapping of labels"),
        ({"a": "x"}, "found 1 label"),
        ({"a": "x", "b": " "}, "the description of 'b'"),
        ({"a": "x", "b": []}, "the description of 'b'"),
        ({"a": "x", "b": {"c": "d"}}, "the description of 'b'"),
    ],
)
def test_bad_descriptions(labels: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        ZeroShot().fit(None, labels)
