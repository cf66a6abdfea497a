"""Cross-encoders: scores equal sentence-transformers', long pairs are read whole, training orders better."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tasks.kin import NAMES, graded, pairs, table
from tasks.scribe import folder

import heedful
from heedful.data.likes import read_likes
from heedful.errors import CheckpointError, ConfigError, DataError
from heedful.tasks.fit_rank import fit_rank, questions
from heedful.tasks.rank import CrossEncoder

PAIRS = [("the bank", "of the river"), ("sea", "shells by the sea shore"), ("größer", "日本語 🙂"), ("", "x")]


def trained(tmp_path: Path, rows: list[dict[str, Any]], **settings: Any) -> dict[str, Any]:
    given = {"epochs": 6, "rate": 3e-3, "rows": 16, **settings}
    return fit_rank(table(tmp_path / "t.jsonl", rows), None, str(folder("bert")), tmp_path / "out", **given)


def test_what_is_saved_gives_equal_scores_in_sentence_transformers(minilm: Path, tmp_path: Path) -> None:
    library = pytest.importorskip("sentence_transformers")
    torch = pytest.importorskip("torch")
    ours = CrossEncoder.under(minilm, seed=3)
    ours.save(tmp_path / "saved")
    theirs = library.CrossEncoder(str(tmp_path / "saved"), device="cpu")
    assert theirs.config.num_labels == 1
    wanted = theirs.predict(PAIRS, activation_fn=torch.nn.Identity())
    assert np.abs(ours.score(PAIRS) - wanted).max() < 1e-5
    assert np.abs(CrossEncoder.load(tmp_path / "saved").score(PAIRS) - ours.score(PAIRS)).max() < 1e-6
    assert np.abs(ours.score(PAIRS[:1]) - ours.score(PAIRS)[:1]).max() < 1e-5


@pytest.mark.parametrize("name", ["bert", "roberta", "distilbert"])
def test_the_reference_reads_what_is_saved(name: str, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    ours = CrossEncoder.under(folder(name), seed=3)
    ours.save(tmp_path / "saved")
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "saved").eval()
    cut = ours.slicer.cut(PAIRS[:3])
    for place, ids in enumerate(cut.ids):
        segments = {} if cut.segments is None else {"token_type_ids": torch.tensor([cut.segments[place]])}
        wanted = theirs(torch.tensor([ids]), **segments).logits.item()
        assert ours.score(PAIRS[:3])[place] == pytest.approx(wanted, abs=1e-5)


def test_the_pooler_of_the_encoder_is_kept() -> None:
    one, other = (CrossEncoder.under(folder("bert"), seed=seed).transformer.head for seed in (0, 1))
    assert one is not None and other is not None and one.dense is not None and other.dense is not None
    assert one.dense.weight.equal(other.dense.weight)
    assert one.output is not None and other.output is not None
    assert not one.output.weight.equal(other.output.weight)


def test_a_long_pair_counts_by_its_best_window() -> None:
    encoder = CrossEncoder.under(folder("bert"), seed=0)
    long = ("the bank of the river", "sea shells " * 60)
    assert encoder.windows([long, PAIRS[0]]) == 1
    cut = encoder.slicer.cut([long])
    assert cut.counts[0] > 1
    scores = [
        float(encoder([ids], None if cut.segments is None else [cut.segments[i]]).item())
        for i, ids in enumerate(cut.ids)
    ]
    assert encoder.score([long])[0] == pytest.approx(max(scores), abs=1e-5)
    order = encoder.rank("the bank", ["sea", "river", "bus"])
    assert sorted(place for place, _ in order) == [0, 1, 2] and order[0][1] >= order[1][1] >= order[2][1]


def test_what_is_none_is_refused(minilm: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is no cross-encoder"):
        CrossEncoder.load(minilm)
    with pytest.raises(DataError, match="one string"):
        CrossEncoder.under(folder("bert"), 0).score("a text")  # type: ignore[arg-type]
    classes = [{"premise": f"a {i}", "hypothesis": f"b {i}", "label": "yn"[i % 2]} for i in range(30)]
    with pytest.raises(ConfigError, match="these are classes"):
        trained(tmp_path, classes)
    with pytest.raises(ConfigError, match="negatives is 0"):
        trained(tmp_path, pairs(30), negatives=0)


def test_it_learns_which_document_answers(tmp_path: Path) -> None:
    found = trained(tmp_path, pairs(), negatives=3)
    scores = found["scores"]
    assert found["pairs"]["asked"] == 4 * found["rows"]["train"] and found["stopped"] is None
    assert scores["after"]["mrr@10"]["value"] > scores["before"]["mrr@10"]["value"]
    assert scores["difference"]["mrr@10"]["value"] > 0.05 and found["baselines"]["bm25"]
    model = heedful.load(tmp_path / "out")
    assert isinstance(model, CrossEncoder) and model.score(PAIRS).shape == (4,)
    again = trained(tmp_path, pairs(), negatives=3)
    assert again["scores"] == scores


def test_grades_and_triplets(tmp_path: Path) -> None:
    easy = [{**row, "sentence2": f"{row['sentence2']} {'same' * (row['score'] > 0)}"} for row in graded()]
    found = trained(tmp_path, easy, epochs=10)
    assert found["scores"]["after"]["spearman"]["value"] > 0.5 and "word_overlap" in found["baselines"]
    rows = [{**row, "negative": f"nothing of {NAMES[i % 5]}"} for i, row in enumerate(pairs(40))]
    (tmp_path / "three").mkdir()
    assert trained(tmp_path / "three", rows, epochs=1)["kind"] == "triplets"


def test_negatives_do_not_belong_there(tmp_path: Path) -> None:
    rows = [{"query": f"q {i // 2}", "document": f"river {i}"} for i in range(30)]
    likes = read_likes(table(tmp_path / "t.jsonl", rows))
    asked = questions(likes, 4, seed=0)
    known = set(likes.texts)
    others = [pair for pair, target in zip(asked.pairs, asked.targets, strict=True) if target == 0]
    assert len(others) == 120 and not known & set(others)
    assert asked.targets[:30].all() and json.dumps(asked.pairs) == json.dumps(questions(likes, 4, 0).pairs)
