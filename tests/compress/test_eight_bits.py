"""Linear maps in 8 bits: their numbers, the law of a batch, models that write with them."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from generate.small import PROMPTS, small
from tasks.scribe import folder
from torch.nn.functional import cosine_similarity, linear

from heedful.compress import eight
from heedful.compress.eight import Linear8
from heedful.compress.laid import in_eight_bits
from heedful.compress.sizes import usual_sizes
from heedful.core.attention import Packed
from heedful.errors import ConfigError
from heedful.generate import Settings, generate
from heedful.kernels.native import library
from heedful.tasks.write import Writer

SHAPES = ((512, 512), (64, 48), (510, 70), (33, 5), (7, 1))
NAMES = ("gpt2", "llama", "t5", "bart", "marian")


def maps(inputs: int, outputs: int) -> tuple[torch.Tensor, torch.Tensor, Linear8]:
    """Return a weight, a bias and their map."""
    weight, bias = 0.1 * torch.randn(outputs, inputs), torch.randn(outputs)
    return weight, bias, Linear8(weight, bias)


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 33])
@pytest.mark.parametrize("shape", SHAPES)
def test_whole_numbers_come_near(shape: tuple[int, int], rows: int) -> None:
    torch.manual_seed(rows)
    weight, bias, made = maps(*shape)
    x = 5 * torch.randn(rows, shape[0])
    spread = made(x) - linear(x, weight, bias)
    most = 5 * 0.1 * shape[0] ** 0.5  # a sum's size; each factor is rounded to a 254th of its largest
    assert spread.abs().max() < 0.06 * most


@pytest.mark.skipif(library() is None, reason="no kernels were built, or this processor has no VNNI")
@pytest.mark.parametrize("shape", SHAPES)
def test_the_kernel_and_torch_agree(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    weight, bias, _ = maps(*shape)
    for offset, sizes in ((bias, None), (None, torch.rand(shape[0]) * 5), (None, None)):
        native = Linear8(weight, offset, sizes)
        with monkeypatch.context() as patch:
            patch.setattr(eight, "library", lambda: None)
            plain = Linear8(weight, offset, sizes)
        for rows in range(1, 20):
            x = torch.randn(rows, shape[0]) * torch.logspace(-3, 3, rows)[:, None]
            x[rows // 2] = 0
            size = x.norm(dim=1, keepdim=True) * weight.norm() + 1
            assert ((native(x) - plain(x)).abs() / size).max() < 1e-6


def test_a_row_does_not_depend_on_its_batch() -> None:
    torch.manual_seed(0)
    *_, made = maps(96, 40)
    x = torch.randn(21, 96) * torch.logspace(-2, 2, 21)[:, None]
    together = made(x)
    for row in range(21):
        assert torch.equal(made(x[row : row + 1])[0], together[row])


def test_an_input_that_is_always_large_costs_nothing_where_sizes_are_known() -> None:
    torch.manual_seed(0)
    weight, x = torch.randn(30, 64), torch.randn(50, 64)
    x[:, 7] *= 100
    weight[:, 7] /= 10
    wanted = linear(x, weight)
    errors = [
        float((made(x) - wanted).norm() / wanted.norm())
        for made in (Linear8(weight, None), Linear8(weight, None, x.abs().amax(0)))
    ]
    assert errors[1] < 0.4 * errors[0]


def test_sizes_are_seen_for_every_map_and_leave_nothing_behind() -> None:
    for name in NAMES:
        model = small(name).ours
        maps = {name: part for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)}
        found = usual_sizes(model)
        assert found.keys() == maps.keys()
        assert all(found[name].shape == (part.in_features,) for name, part in maps.items())
        assert not any(part._forward_pre_hooks for part in maps.values())


@pytest.mark.parametrize("name", NAMES)
def test_scores_stay_near(name: str) -> None:
    model = small(name)
    prompts, memory = model.given(PROMPTS)
    reduced = in_eight_bits(model.ours)
    ids, layout = torch.tensor([id for ids in prompts for id in ids]), Packed(tuple(map(len, prompts)))
    with torch.inference_mode():
        pair = []
        for one in (model.ours, reduced):
            assert one.decoder is not None
            x, _ = one.decoder(ids, layout, memory=memory)
            pair.append(one.scores(x, layout))
    assert cosine_similarity(*pair).min() > 0.99
    assert not torch.equal(*pair)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_its_rows_and_the_cache_changes_nothing(name: str) -> None:
    model = small(name)
    reduced, how = in_eight_bits(model.ours), Settings(max_tokens=8)
    prompts, memory = model.given(PROMPTS)
    together = generate(reduced, prompts, how, model.habits, memory)
    for place, source in enumerate(PROMPTS):
        alone, own = model.given([source])
        (one,) = generate(reduced, alone, how, model.habits, own)
        assert one[0].tokens == together[place][0].tokens


def test_a_model_in_eight_bits_is_neither_tuned_nor_saved(tmp_path: Path) -> None:
    writer = Writer.load(folder("gpt2"), "int8")
    assert writer.write(["the bank"], max_tokens=4)[0].tokens
    with pytest.raises(ConfigError, match="loaded in int8"):
        writer.save(tmp_path / "there")
    with pytest.raises(ConfigError, match="loaded in int8"):
        writer.fit(["a"], ["b"])
    assert not (tmp_path / "there").exists()
    with pytest.raises(ConfigError, match="precision"):
        Writer.load(folder("gpt2"), "int4")


def test_without_kernels_the_same_command_works() -> None:
    code = "from heedful.kernels.native import library; assert library() is None"
    subprocess.run([sys.executable, "-c", code], check=True, env={"HEEDFUL_KERNELS": "0"})
