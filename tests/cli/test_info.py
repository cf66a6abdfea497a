"""`heedful info` and `heedful convert` on golden folders."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from heedful.checkpoint.folder import load_transformer
from heedful.cli.main import main

GOLDEN = Path(__file__).parent.parent / "families" / "golden"
Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir()))
def test_info_counts_every_parameter(name: str, capsys: Capture) -> None:
    assert main(["info", str(GOLDEN / name), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    counts = found["parameters"]
    model = load_transformer(GOLDEN / name).transformer
    assert counts.pop("all") == sum(counts.values()) == sum(value.numel() for value in model.parameters())
    assert found["bytes"] == sum(path.stat().st_size for path in (GOLDEN / name).glob("*.safetensors"))
    assert bool(found["heads"]) == (model.head is not None)
    assert main(["info", str(GOLDEN / name)]) == 0
    said = capsys.readouterr().out
    assert f"({found['architecture']})" in said
    assert "\t" not in said


def test_operations_are_two_for_each_weight_of_a_map(capsys: Capture) -> None:
    assert main(["info", str(GOLDEN / "gpt2"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    width, hidden, depth, vocab = 16, 64, 2, 40
    assert found["operations"]["per_token"] == 2 * (
        depth * (4 * width**2 + 2 * width * hidden) + width * vocab
    )
    assert found["operations"]["per_token_looked_at"] == depth * 4 * width
    assert found["heads"] == ["next word"]


def test_convert_writes_a_folder_that_is_the_same_model(tmp_path: Path, capsys: Capture) -> None:
    source = Path(shutil.copytree(GOLDEN / "bart", tmp_path / "source"))
    torch.save(load_file(source / "model.safetensors"), source / "pytorch_model.bin")
    (source / "model.safetensors").unlink()
    target = str(tmp_path / "clean")
    assert main(["convert", str(source), target]) == 2
    assert "--pickle" in capsys.readouterr().err
    assert main(["convert", str(source), target, "--pickle", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["family"] == "bart"
    found, expected = load_transformer(Path(target)), load_transformer(GOLDEN / "bart")
    for name, value in expected.transformer.state_dict().items():
        assert torch.equal(value, found.transformer.state_dict()[name]), name
    assert main(["convert", str(GOLDEN / "bart"), target]) == 2
    assert "not empty" in capsys.readouterr().err


def test_what_is_no_model_is_one_line(tmp_path: Path, capsys: Capture) -> None:
    for arguments in (["info", str(tmp_path)], ["convert", str(tmp_path), str(tmp_path / "x")]):
        assert main(arguments) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
        assert not (tmp_path / "x").exists()
