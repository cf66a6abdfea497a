"""Filler: the reference's probabilities at each mask."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from tasks.scribe import folder, reference

from heedful.errors import CheckpointError, ConfigError, DataError, TokenizerError
from heedful.tasks.fill import Filler

TEXTS = ["the <mask> of the <mask>", "she sells <mask>", "<mask>"]


@pytest.mark.parametrize("name", ["bert", "roberta", "distilbert"])
def test_probabilities_are_the_references(name: str) -> None:
    filler, model = Filler.load(folder(name)), reference(name)
    found = filler.fill(TEXTS, top=4)
    assert [len(gaps) for gaps in found] == [2, 1, 1]
    for text, gaps in zip(TEXTS, found, strict=True):
        ids = torch.tensor(filler.tokenizer.encode([text]).ids)
        with torch.inference_mode():
            chances = model(ids).logits[0][ids[0] == 3].softmax(-1)
        for gap, row in zip(gaps, chances, strict=True):
            best = row.topk(4)
            assert [guess.id for guess in gap] == best.indices.tolist()
            assert [guess.probability for guess in gap] == pytest.approx(best.values.tolist(), abs=1e-5)
            assert all(guess.token for guess in gap)


def test_every_token_has_its_probability() -> None:
    (gaps,) = Filler.load(folder("bert")).fill(["she <mask>"], top=10**6)
    assert sum(guess.probability for guess in gaps[0]) == pytest.approx(1, abs=1e-5)


def test_what_cannot_be_filled_is_refused() -> None:
    filler = Filler.load(folder("bert"))
    with pytest.raises(DataError, match="text 2 has no gap; expected <mask>"):
        filler.fill(["the <mask>", "the [MASK]"])
    with pytest.raises(DataError, match="64 positions"):
        filler.fill(["<mask>" + "日本" * 50])
    with pytest.raises(DataError, match="list of texts"):
        filler.fill("the <mask>")
    with pytest.raises(ConfigError, match="top"):
        filler.fill(["<mask>"], top=0)
    with pytest.raises(CheckpointError, match="no masked model"):
        Filler.load(folder("gpt2"))
    assert filler.fill([]) == []


def test_the_mask_is_found_in_any_of_the_files(tmp_path: Path) -> None:
    home = tmp_path / "model"
    shutil.copytree(folder("bert"), home)
    config = home / "tokenizer_config.json"
    config.write_text(json.dumps({"mask_token": {"content": "<|im_end|>"}}))
    assert Filler.load(home).mask == "<|im_end|>"
    config.write_text("{}")
    (home / "special_tokens_map.json").write_text(json.dumps({"mask_token": "<s>"}))
    assert Filler.load(home).mask == "<s>"
    (home / "special_tokens_map.json").unlink()
    assert Filler.load(home).mask == "<mask>"
    engine = json.loads((home / "tokenizer.json").read_text())
    engine["added_tokens"] = [one for one in engine["added_tokens"] if one["content"] != "<mask>"]
    (home / "tokenizer.json").write_text(json.dumps(engine))
    with pytest.raises(TokenizerError, match="names no mask"):
        Filler.load(home)
