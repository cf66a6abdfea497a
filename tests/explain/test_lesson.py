"""The numbers of a lesson against a stack written out, for each setting of the switches."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from formulas import Formula
from small import folder
from tokenizers import Tokenizer as Engine
from tokenizers import decoders, models, pre_tokenizers

from heedful.checkpoint.folder import load_transformer
from heedful.errors import CheckpointError, DataError
from heedful.explain.see import LONGEST, Lesson, kept, label, see, tokenised
from heedful.explain.switches import SWITCHES, able, combined, flipped
from heedful.text.tokenizer import Tokenizer

Lessons = Callable[[str], Lesson]
FLIPS = combined(SWITCHES)
TINIES = ["bert", "gpt2", "llama-biased", "t5-encoder"]


@pytest.mark.parametrize("name", TINIES)
def test_every_setting_of_the_switches_is_the_formula_written_out(lesson: Lessons, name: str) -> None:
    found = lesson(name)
    formula, ids = Formula(found.stack), [token.id for token in found.tokens]
    settings = [off for off in FLIPS if name != "t5-encoder" or "scale" not in off]  # it has none
    assert set(found.runs) == set(settings)
    outcomes = []
    for off in settings:
        states, weights = formula.run(ids, off)
        run = found.runs[off]
        np.testing.assert_allclose(run.states.numpy(), states, atol=3e-5, rtol=1e-4, err_msg=str(set(off)))
        for i, layer in run.layers.items():
            np.testing.assert_allclose(layer.weights.numpy(), weights[i], atol=2e-5, err_msg=str(set(off)))
        outcomes.append(states)
    for i, one in enumerate(outcomes):  # no switch is without effect
        assert all(np.abs(one - other).max() > 1e-2 for other in outcomes[:i])


@pytest.mark.parametrize("name", [*TINIES, "llama", "mistral", "mpnet", "modernbert", "bart", "marian"])
def test_rows_of_weights_sum_to_one_and_the_untouched_run_is_the_model(lesson: Lessons, name: str) -> None:
    found = lesson(name)
    assert found.kept == tuple(range(found.stack.config.depth))
    for run in found.runs.values():
        for layer in run.layers.values():
            assert (layer.weights.sum(-1) - 1).abs().max() < 1e-6
    with torch.inference_mode():
        again, _ = found.stack(torch.tensor([token.id for token in found.tokens]))
    assert torch.equal(found.runs[frozenset()].states, again)


def test_the_encoder_of_an_encoder_decoder_is_shown(lesson: Lessons) -> None:
    found = lesson("bart")
    assert not found.stack.config.causal and not found.stack.config.cross


def test_flipping_leaves_nothing_behind(tmp_path: Path) -> None:
    stack = load_transformer(folder("t5", tmp_path)).transformer.encoder
    assert stack is not None
    ids = torch.tensor([3, 4, 5, 6, 3])
    before, names = stack(ids)[0], set(stack.state_dict())
    for off in combined(able(stack)):
        with flipped(stack, off):
            changed = stack(ids)[0]
        assert (changed - before).abs().max() > 1e-3 or not off
        assert torch.equal(stack(ids)[0], before)
    assert set(stack.state_dict()) == names
    assert not any("add" in vars(block) or block._forward_pre_hooks for block in stack.blocks)


def test_a_mask_put_on_keeps_the_learned_shifts(lesson: Lessons) -> None:
    found = lesson("mpnet")
    free, masked = (found.runs[frozenset(off)].layers[0].bias for off in ((), ("mask",)))
    assert free is not None and masked is not None
    future = torch.ones_like(free).triu(1).bool()
    assert torch.equal(masked[~future], free[~future])
    assert bool((masked[future] == -torch.inf).all())


def test_the_layers_that_fit_are_kept_the_first_and_the_last_always(lesson: Lessons) -> None:
    config = lesson("gpt2").stack.config
    assert kept(replace(config, depth=1), 32, 16) == (0,)
    large = replace(config, width=768, heads=12, head_width=64, kv_heads=12, depth=24)
    chosen = kept(large, 32, 16)
    assert chosen[0] == 0 and chosen[-1] == 23 and 2 <= len(chosen) < 24
    assert len(kept(large, 12, 16)) > len(chosen)
    assert kept(replace(config, width=384, heads=12, head_width=32, kv_heads=12, depth=6), 12, 16) == tuple(
        range(6)
    )


def test_a_long_text_is_cut_and_the_whole_is_counted(minilm: Path) -> None:
    tokens, total, shown = tokenised(Tokenizer.load(minilm, LONGEST), "river " * 10_000)
    assert (len(tokens), total) == (32, 10_002)
    assert shown == " ".join(["river"] * 30 + ["…"])
    assert [tokens[0].raw, tokens[1].raw, tokens[-1].raw] == ["[CLS]", "river", "[SEP]"]
    assert [token.special for token in tokens[:2]] == [True, False]


def test_a_model_with_fewer_places_sets_the_limit(tmp_path: Path) -> None:
    found = see(folder("gpt2", tmp_path), "bank " * 40)
    assert (len(found.tokens), found.total) == (24, 40)


@pytest.mark.parametrize("sentence", ["", "   ", "\n\t"])
def test_an_empty_sentence_is_refused(tmp_path: Path, minilm: Path, sentence: str) -> None:
    for source in (minilm, folder("gpt2", tmp_path)):
        with pytest.raises(DataError, match="the sentence is empty"):
            see(source, sentence)


def test_a_model_of_images_is_refused(tmp_path: Path) -> None:
    for name in ("vit", "whisper"):
        with pytest.raises(CheckpointError, match="reads no text"):
            see(folder(name, tmp_path), "bank")


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    place = folder("gpt2", tmp_path)
    engine = Engine(models.WordLevel({"bank": 41, "[UNK]": 0}, unk_token="[UNK]"))
    engine.save(str(place / "tokenizer.json"))
    with pytest.raises(CheckpointError, match="gave the id 41, the model has 40 rows"):
        see(place, "bank")


def test_labels_can_be_read() -> None:
    engine = Engine(
        models.BPE({letter: i for i, letter in enumerate(pre_tokenizers.ByteLevel.alphabet())}, [])
    )
    engine.pre_tokenizer, engine.decoder = (
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        decoders.ByteLevel(),
    )
    tokens, total, shown = tokenised(Tokenizer(engine.to_str(), 32), "a é🌊")
    assert (total, shown) == (8, "a é🌊")
    assert [token.label for token in tokens] == ["a", "␣", "é", "é", "🌊", "🌊", "🌊", "🌊"]
    assert label("▁bank", "bank") == "␣bank"
    assert label("##s", "s") == "##s"
