"""Every family against the reference, on its saved file: golden files, live, in fp64, and back again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tiny import TINY, inputs, make, ours, outputs

from heedful.checkpoint.folder import load_transformer, save_transformer
from heedful.families import FAMILIES

GOLDEN = Path(__file__).parent / "golden"
MOST = {torch.float32: 1e-4, torch.float64: 1e-9}


def furthest(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> float:
    assert expected
    for key, value in expected.items():
        assert found[key].shape == value.shape, key
        assert value.abs().max() > 0.1  # nothing to compare in zeros
    return max((found[key] - value).abs().max().item() for key, value in expected.items())


@pytest.mark.parametrize("name", TINY)
def test_golden_files(name: str) -> None:
    stored = load_file(GOLDEN / name / "expected.safetensors")
    given, expected = (
        {key.partition(".")[2]: value for key, value in stored.items() if key.startswith(kind)}
        for kind in ("in.", "out.")
    )
    loaded = load_transformer(GOLDEN / name)
    assert loaded.ignored == loaded.fresh == ()
    assert furthest(ours(name, loaded.transformer, given), expected) < MOST[torch.float32]


def test_every_family_has_golden_files() -> None:
    kinds = {json.loads((GOLDEN / name / "config.json").read_text())["model_type"] for name in TINY}
    assert kinds == set(FAMILIES)


@contextmanager
def no_steps_down() -> Iterator[None]:
    """Keep the reference from computing parts of an fp64 model in fp32, where it otherwise would."""
    plain, to, softmax = torch.Tensor.float, torch.Tensor.to, torch.nn.functional.softmax

    def stay(self: torch.Tensor) -> torch.Tensor:
        return self if self.dtype == torch.float64 else plain(self)

    def move(self: torch.Tensor, *given: Any, **named: Any) -> torch.Tensor:
        down = torch.float32 in (*given, named.get("dtype"))
        return self if self.dtype == torch.float64 and down else to(self, *given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "float", stay)
        patch.setattr(torch.Tensor, "to", move)
        patch.setattr(torch.nn.functional, "softmax", lambda x, dim, **_: softmax(x, dim))
        yield


@pytest.mark.parametrize("name", TINY)
def test_fp64(name: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    model = make(name)
    model.save_pretrained(tmp_path)
    model = model.double()
    loaded = load_transformer(tmp_path).transformer.double()
    given = {key: x.double() if x.is_floating_point() else x for key, x in inputs(name).items()}
    with no_steps_down():
        expected = outputs(name, model, given)
    assert furthest(ours(name, loaded, given), expected) < MOST[torch.float64]


@pytest.mark.parametrize("name", TINY)
def test_what_we_save_is_the_reference_s_again(name: str, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    loaded = load_transformer(GOLDEN / name)
    save_transformer(loaded.transformer, loaded.form, tmp_path)
    again = load_transformer(tmp_path)
    assert again.transformer.config == loaded.transformer.config
    assert again.form == loaded.form
    for key, value in loaded.transformer.state_dict().items():
        assert torch.equal(value, again.transformer.state_dict()[key]), key
    kind = getattr(transformers, TINY[name].model)
    theirs, info = kind.from_pretrained(tmp_path, output_loading_info=True)
    first = kind.from_pretrained(GOLDEN / name)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert not info["mismatched_keys"]
    given = inputs(name)
    assert furthest(outputs(name, theirs.eval(), given), outputs(name, first.eval(), given)) == 0
