"""Hard negatives, and the new pairs of Augmented SBERT."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tasks.kin import graded, table
from tasks.scribe import folder

import heedful
from heedful.cli.main import main
from heedful.data.likes import read_likes
from heedful.errors import ConfigError, DataError
from heedful.tasks.augment import candidates, pair_of
from heedful.tasks.fit_augment import fit_augment
from heedful.tasks.mine import Mining
from heedful.types import Texts

PLACES = {"q": 0.0, "own": 0.3, "near": 0.35, "nearer": 0.29, "far": 1.2, "Q": 0.0}


class Circle:
    """Texts on a circle, by their angle."""

    def encode(self, texts: Texts) -> Any:
        angles = np.array([PLACES[text] for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def likes(path: Path, *rows: tuple[str, str]) -> Any:
    return read_likes(table(path / "t.jsonl", [{"query": a, "document": b} for a, b in rows]))


def test_the_likest_that_is_not_too_like_is_mined(tmp_path: Path) -> None:
    rows = likes(tmp_path, ("q", "own"), ("far", "near"), ("far", "nearer"), ("near", "Q"))
    found = Mining(count=2, most=0.995).mine(rows, Circle())
    first = [triplet for triplet, row in zip(found.triplets, found.rows, strict=True) if row == 1]
    assert first == [("q", "own", "near")]  # "nearer" is liker than "own"; "Q" is the query itself
    assert found.left_out["too like what belongs there"] >= 1 and found.left_out["the text itself"] == 2
    assert found.left_out["belongs to it"] >= 4
    loose = Mining(count=2, most=2.0).mine(rows, Circle())
    assert ("q", "own", "nearer") in loose.triplets


def test_words_find_negatives_too(tmp_path: Path) -> None:
    rows = likes(tmp_path, ("q", "own"), ("far", "near"))
    assert Mining(way="bm25", most=2.0).mine(rows, Circle()).triplets == []  # no word is shared
    assert len(Mining(way="both", most=2.0).mine(rows, Circle()).triplets) == 2
    with pytest.raises(ConfigError, match="way is 'x'"):
        Mining(way="x")
    with pytest.raises(DataError, match="one second text"):
        Mining().mine(likes(tmp_path, ("q", "own")), Circle())


def test_the_verb_writes_what_fit_embed_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"query": f"river {i}", "document": f"the bank of river {i}"} for i in range(20)]
    path, out = table(tmp_path / "t.jsonl", rows), tmp_path / "mined.jsonl"
    words = [
        "mine",
        path,
        "--model",
        str(folder("bert")),
        "--most",
        "2",
        "--count",
        "2",
        "-o",
        str(out),
        "--json",
    ]
    assert main(words) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["rows"] == 20 and figures["negatives"] == 40 and figures["rows_without"] == 0
    found = read_likes(out)
    assert found.kind == "triplets" and len(found.texts) == 40
    assert all(row[1] != row[2] for row in found.texts)
    assert main([*words[:-3], "-o", str(tmp_path / "x.txt")]) == 2
    assert "expected one of .csv" in capsys.readouterr().err


def test_new_pairs_are_not_gold_and_come_once(tmp_path: Path) -> None:
    gold = read_likes(table(tmp_path / "t.jsonl", graded(24)))
    encoder = heedful.load(folder("bert"))
    for way in ("bm25", "semantic", "both"):
        found = candidates(gold, ["the river of 77"], encoder, way, top=2, most=1000)
        keys = [pair_of(*pair) for pair in found]
        assert found and len(set(keys)) == len(keys)
        assert not set(keys) & {pair_of(*row) for row in gold.texts}
        assert any("77" in one + other for one, other in found)
    assert len(candidates(gold, [], encoder, "both", top=3, most=5)) == 5


@pytest.mark.slow
def test_augmented_sbert_as_one_call(tmp_path: Path) -> None:
    given: dict[str, Any] = {"epochs": 4, "rate": 2e-3, "rows": 16, "most": 40}
    train = table(tmp_path / "t.jsonl", graded(80))
    found = fit_augment(train, None, str(folder("bert")), tmp_path / "out", **given)
    assert set(found["scores"]) == {"untrained", "gold_alone", "augmented", "cross_encoder"}
    assert found["silver"] == 40 and set(found["difference"]) == {
        "augmented beyond untrained", "augmented beyond gold_alone", "augmented beyond cross_encoder",
    }  # fmt: skip
    assert found["scores"]["augmented"] != found["scores"]["gold_alone"]
    again = fit_augment(train, None, str(folder("bert")), tmp_path / "out", **given)
    assert again["scores"] == found["scores"]
