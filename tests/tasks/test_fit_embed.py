"""Training sentence encoders: each loss learns, what is saved opens elsewhere, a killed run goes on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tasks.kin import NAMES, graded, pairs, table
from tasks.scribe import folder

import heedful
from heedful.data.likes import read_likes
from heedful.errors import CheckpointError, ConfigError
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.fit_embed import How, fit_embed
from heedful.tasks.score_embed import Scorer
from heedful.tasks.tune_embed import Rows


def trained(tmp_path: Path, rows: list[dict[str, Any]], **settings: Any) -> dict[str, Any]:
    given = {"epochs": 20, "rate": 3e-3, "rows": 16, **settings}
    return fit_embed(table(tmp_path / "t.jsonl", rows), None, str(folder("bert")), tmp_path / "out", **given)


def test_ranking_learns_to_find_and_opens_in_sentence_transformers(tmp_path: Path) -> None:
    found = trained(tmp_path, pairs(), matryoshka="16,8")
    scores = found["scores"]
    assert found["kind"] == "pairs" and found["loss"] == "ranking" and found["rows"]["scored"] == 16
    assert scores["documents"] > scores["queries"] == 16
    assert scores["after"]["mrr@10"]["value"] >= scores["before"]["mrr@10"]["value"] + 0.1
    gap = scores["after"]["ndcg@10"]["value"] - scores["before"]["ndcg@10"]["value"]
    assert scores["difference"]["ndcg@10"]["value"] == pytest.approx(gap)
    assert set(found["baselines"]) == {"bm25"}
    ours = heedful.load(tmp_path / "out")
    assert isinstance(ours, SentenceEncoder)
    library = pytest.importorskip("sentence_transformers")
    theirs = library.SentenceTransformer(str(tmp_path / "out" / "model"), device="cpu")
    texts = ["river 3", "all about number 9"]
    assert np.abs(ours.encode(texts) - theirs.encode(texts)).max() < 1e-5


@pytest.mark.parametrize("loss", ["cosent", pytest.param("cosine", marks=pytest.mark.slow)])
def test_grades_are_learned(tmp_path: Path, loss: str) -> None:
    found = trained(tmp_path, graded(), loss=loss)
    scores = found["scores"]
    assert found["kind"] == "graded" and scores["after"]["spearman"]["value"] > 0.6
    assert scores["difference"]["spearman"]["value"] > 0 and "word_overlap" in found["baselines"]


def test_triplets_classes_and_bare_texts(tmp_path: Path) -> None:
    rows = [{**row, "negative": f"all about {NAMES[i % 5]}"} for i, row in enumerate(pairs(40))]
    assert trained(tmp_path / "a", made(tmp_path / "a", rows), loss="triplet", epochs=2)["loss"] == "triplet"
    classes = [
        {
            "premise": f"the {NAMES[i % 12]} {i}",
            "hypothesis": f"{NAMES[(i + i % 2) % 12]} x{i}",
            "label": "yn"[i % 2],
        }
        for i in range(60)
    ]
    found = trained(tmp_path / "b", made(tmp_path / "b", classes), matryoshka="8", epochs=4)
    assert found["loss"] == "softmax" and 0 <= found["scores"]["accuracy"] <= 1
    assert found["baselines"]["majority"]["accuracy"] > 0
    bare = [{"text": row["document"]} for row in pairs(40)]
    out = tmp_path / "c"
    dev = table(made(out, [{}]) and out / "dev.jsonl", graded(20))
    found = fit_embed(table(out / "t.jsonl", bare), dev, str(folder("bert")), out / "out", epochs=2, rows=8)
    assert found["loss"] == "tsdae" and found["scores"]["after"]["spearman"]["value"] <= 1
    assert found["scores"]["after"] != found["scores"]["before"]


def made(path: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    path.mkdir(exist_ok=True)
    return rows


def test_the_same_call_goes_on_and_another_is_refused(tmp_path: Path) -> None:
    first = trained(tmp_path, pairs(40), epochs=2)
    weights = (tmp_path / "out" / "model" / "model.safetensors").read_bytes()
    again = trained(tmp_path, pairs(40), epochs=2)
    assert again["scores"] == first["scores"]
    assert (tmp_path / "out" / "model" / "model.safetensors").read_bytes() == weights
    with pytest.raises(CheckpointError, match="another run"):
        trained(tmp_path, pairs(40), epochs=2, rate=1e-3)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    for settings, words in (
        ({"loss": "cosent"}, "does not go with pairs"),
        ({"matryoshka": "8,x"}, "expected dimensions such as"),
        ({"matryoshka": "999"}, "999 dimensions"),
        ({"epochs": 0}, "epochs is 0"),
    ):
        with pytest.raises(ConfigError, match=words):
            trained(tmp_path, pairs(30), **settings)
    with pytest.raises(ConfigError, match="grades run from -3"):
        trained(tmp_path, [{**row, "score": row["score"] - 3} for row in graded(40)])


def test_what_belongs_together_is_no_negative(tmp_path: Path) -> None:
    rows = [
        {"query": "one", "document": "first"}, {"query": "two", "document": "second"},
        {"query": "three", "document": "One"}, {"query": "two", "document": "first"},
    ]  # fmt: skip
    likes = read_likes(table(tmp_path / "t.jsonl", rows))
    allowed = Rows.of(likes, SentenceEncoder.load(folder("bert"))).allowed([0, 1, 2, 3]).tolist()
    assert allowed == [
        [True, True, False, False],  # "One" is the query itself; the fourth is its own document again
        [False, True, True, False],  # "first" belongs to "two" as well
        [True, True, True, True],
        [False, False, True, True],
    ]


def test_scores_are_those_of_the_search(tmp_path: Path) -> None:
    likes = read_likes(table(tmp_path / "t.jsonl", pairs(12)))

    class Right:
        def encode(self, texts: Any) -> Any:
            vectors = np.zeros((len(texts), 12), np.float32)
            for row, text in enumerate(texts):
                vectors[row, next(i for i in range(12) if str(i) in text.split())] = 1.0
            return vectors

    scorer = Scorer(likes)
    assert scorer.search is not None
    perfect = scorer.put("x", scorer.search.scores(scorer.search.by_vectors(Right())))
    assert all(one["value"] == 1.0 for one in perfect.values())


def test_how_knows_its_batch() -> None:
    assert How().batch("ranking") == 128 and How().batch("cosent") == 32 and How(rows=7).batch("x") == 7
