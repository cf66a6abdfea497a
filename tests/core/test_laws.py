"""The laws that every transformer of the config space keeps: packing, caching, time, order."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.core.attention import Packed
from heedful.core.config import (
    Biased,
    FrameInput,
    HeadConfig,
    PatchInput,
    Relative,
    Rotary,
    StackConfig,
    TokenInput,
    TransformerConfig,
)
from heedful.core.model import Transformer
from heedful.errors import ConfigError, DataError

VOCAB = 30
SCHEMES: dict[str, dict[str, Any]] = {  # how places act
    "learned": {"placed": "learned"},
    "sinusoid": {"placed": "sinusoid"},
    "halves": {"placed": "sinusoid_halves", "scaled": True},
    "rotary": {"rotary": Rotary(theta=50.0)},
    "llama3": {"rotary": Rotary(theta=50.0, scaling="llama3", factor=2.0, original=8)},
    "relative": {"relative": Relative(buckets=8, distance=10), "score_scale": 1.0},
    "alibi": {"alibi": True},
    "window": {"rotary": Rotary(), "local_rotary": Rotary(theta=9.0), "window": 2, "local": (True, False)},
    "windows": {"placed": "learned", "window": 3},
    "none": {},
}
STACKS = st.fixed_dictionaries(
    {
        "scheme": st.sampled_from(sorted(SCHEMES)),
        "norm_at": st.sampled_from(["pre", "post"]),
        "norm": st.sampled_from(["layer", "rms"]),
        "kv_heads": st.sampled_from([1, 2, 4]),
        "head_width": st.sampled_from([0, 6]),
        "gated": st.booleans(),
        "biased": st.builds(Biased, key=st.booleans(), up=st.booleans(), norm=st.booleans()),
        "activation": st.sampled_from(["gelu", "gelu_tanh", "relu", "silu", "tanh"]),
        "normed": st.booleans(),
        "first_norm": st.booleans(),
    }
)
LENGTHS = st.lists(st.integers(1, 7), min_size=1, max_size=5).map(tuple)


def stack(scheme: str, normed: bool, *, segments: int = 0, **given: Any) -> StackConfig:
    parts = dict(SCHEMES[scheme])
    of_input = {key: parts.pop(key) for key in ("placed", "scaled") if key in parts}
    source = TokenInput(
        vocab=VOCAB, positions=24, segments=segments, normed=normed, **{"placed": "none", **of_input}
    )
    return StackConfig(input=source, width=16, depth=2, heads=4, hidden=24, norm_eps=1e-6, **parts, **given)


def built(encoder: StackConfig | None, decoder: StackConfig | None, **head: Any) -> Transformer:
    torch.manual_seed(0)
    config = TransformerConfig(
        encoder=encoder,
        decoder=decoder,
        head=HeadConfig(outputs=VOCAB, **{"tied": True, **head}),
        shared=bool(encoder and decoder),
    )
    model = Transformer(config).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def tokens(lengths: tuple[int, ...]) -> torch.Tensor:
    return torch.randint(VOCAB, (sum(lengths),), generator=torch.Generator().manual_seed(sum(lengths)))


@settings(deadline=None, max_examples=60)
@given(STACKS, LENGTHS, st.booleans())
def test_packed_is_one_by_one(given: dict[str, Any], lengths: tuple[int, ...], causal: bool) -> None:
    one = stack(**given, causal=causal)
    model = built(None, one) if causal else built(one, None)
    ids = tokens(lengths)
    together, _ = model(ids, Packed(lengths))
    alone = torch.cat([model(part)[0] for part in ids.split(list(lengths))])
    torch.testing.assert_close(together, alone, atol=1e-10, rtol=0)


@settings(deadline=None, max_examples=40)
@given(STACKS, LENGTHS, st.data())
def test_packed_pairs_are_one_by_one(
    given: dict[str, Any], lengths: tuple[int, ...], data: st.DataObject
) -> None:
    model = built(stack(**given), stack(**given, causal=True, cross=True))
    sources = data.draw(st.lists(st.integers(1, 7), min_size=len(lengths), max_size=len(lengths)).map(tuple))
    texts, targets = tokens(sources), tokens(lengths)
    together, _ = model(texts, Packed(sources), (targets, Packed(lengths)))
    pairs = zip(texts.split(list(sources)), targets.split(list(lengths)), strict=True)
    alone = torch.cat([model(text, None, (target, None))[0] for text, target in pairs])
    torch.testing.assert_close(together, alone, atol=1e-10, rtol=0)


@settings(deadline=None, max_examples=60)
@given(STACKS, LENGTHS)
def test_the_future_cannot_change_the_past(given: dict[str, Any], lengths: tuple[int, ...]) -> None:
    model = built(None, stack(**given, causal=True))
    ids = tokens(lengths)
    before, _ = model(ids, Packed(lengths))
    changed = ids.clone()
    ends = torch.tensor(lengths).cumsum(0) - 1
    changed[ends] = (ids[ends] + 1) % VOCAB
    after, _ = model(changed, Packed(lengths))
    past = torch.ones(len(ids), dtype=torch.bool)
    past[ends] = False
    torch.testing.assert_close(before[past], after[past], atol=1e-12, rtol=0)
    assert (before[ends] - after[ends]).abs().max() > 1e-6


@settings(deadline=None, max_examples=60)
@given(STACKS, LENGTHS, st.data())
def test_a_cache_changes_nothing(
    given: dict[str, Any], lengths: tuple[int, ...], data: st.DataObject
) -> None:
    model = built(None, stack(**given, causal=True))
    check_cache(model, None, lengths, data)


@settings(deadline=None, max_examples=60)
@given(STACKS, LENGTHS, st.data())
def test_a_cache_changes_nothing_beside_an_encoder(
    given: dict[str, Any], lengths: tuple[int, ...], data: st.DataObject
) -> None:
    model = built(stack(**given), stack(**given, causal=True, cross=True))
    sources = data.draw(st.lists(st.integers(1, 7), min_size=len(lengths), max_size=len(lengths)).map(tuple))
    assert model.encoder is not None
    check_cache(model, model.encoder(tokens(sources), Packed(sources)), lengths, data)


def check_cache(
    model: Transformer,
    memory: tuple[torch.Tensor, Packed] | None,
    lengths: tuple[int, ...],
    data: st.DataObject,
) -> None:
    """Feed the rows in random pieces, and half way shuffle, drop and repeat rows as beam search does."""
    assert model.decoder is not None
    texts = list(tokens(lengths).split(list(lengths)))
    whole, _ = model.decoder(torch.cat(texts), Packed(lengths), memory=memory)
    expected = list(whole.split(list(lengths)))
    cut = [data.draw(st.integers(1, length)) for length in lengths]
    cache = model.cache(len(texts), max(lengths))
    heads = [text[:n] for text, n in zip(texts, cut, strict=True)]
    got, _ = model.decoder(torch.cat(heads), Packed(tuple(cut)), memory=memory, cache=cache)
    parts = list(got.split(cut))
    rows = [row for row in data.draw(st.permutations(range(len(texts)))) if cut[row] < lengths[row]]
    for row, part in enumerate(parts):
        torch.testing.assert_close(part, expected[row][: cut[row]], atol=1e-10, rtol=0)
    rows += rows[:1]
    if not rows:
        return
    cache.choose(rows)
    while rows:
        past = cache.past
        new = [data.draw(st.integers(1, lengths[row] - at)) for row, at in zip(rows, past, strict=True)]
        fed = torch.cat([texts[row][at : at + n] for row, at, n in zip(rows, past, new, strict=True)])
        got, _ = model.decoder(fed, Packed(tuple(new)), cache=cache)
        for part, row, at, n in zip(got.split(new), rows, past, new, strict=True):
            torch.testing.assert_close(part, expected[row][at : at + n], atol=1e-10, rtol=0)
        left = [i for i, row in enumerate(rows) if cache.past[i] < lengths[row]]
        rows = [rows[i] for i in left]
        cache.choose(left)


@settings(deadline=None, max_examples=40)
@given(STACKS, st.integers(2, 9))
def test_without_positions_order_does_not_matter(given: dict[str, Any], length: int) -> None:
    model = built(stack(**{**given, "scheme": "none"}), None)
    ids = tokens((length,))
    order = torch.randperm(length)
    torch.testing.assert_close(model(ids)[0][order], model(ids[order])[0], atol=1e-10, rtol=0)


@settings(deadline=None, max_examples=40)
@given(STACKS.filter(lambda given: given["scheme"] != "none"))
def test_with_positions_it_does(given: dict[str, Any]) -> None:
    model = built(stack(**given), None)
    ids, order = torch.arange(8), torch.tensor([2, 0, 5, 1, 7, 3, 6, 4])  # a mirror image may look the same
    assert (model(ids)[0][order] - model(ids[order])[0]).abs().max() > 1e-6


@settings(deadline=None, max_examples=25)
@given(STACKS)
def test_gradients_reach_every_weight(given: dict[str, Any]) -> None:
    model = built(stack(**given, segments=2), stack(**given, causal=True, cross=True), tied=False, dense=True)
    x, layout = model(tokens((3, 4)), Packed((3, 4)), (tokens((4, 5)), Packed((4, 5))))
    (model.scores(x, layout) * torch.randn(9, VOCAB)).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        silent = name.endswith("key.bias")  # softmax ignores a shift
        assert parameter.grad.abs().sum() > 0 or silent, name


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
@pytest.mark.parametrize("kv_heads", [1, 4])
def test_bf16_is_near(scheme: str, kv_heads: int) -> None:
    given = {"scheme": scheme, "normed": True, "kv_heads": kv_heads, "gated": True}
    model = built(stack(**given), stack(**given, causal=True, cross=True)).float()
    source, target = (tokens((4, 3)), Packed((4, 3))), (tokens((5, 2)), Packed((5, 2)))
    exact, _ = model(*source, target)
    with torch.autocast("cpu", torch.bfloat16):
        rough, _ = model(*source, target)
    assert torch.nn.functional.cosine_similarity(exact, rough.float()).mean() > 0.98
    assert not torch.equal(exact, rough)


def test_segments_tell_two_texts_apart() -> None:
    model = built(stack("learned", True, segments=2), None)
    ids = torch.arange(6)
    plain, _ = model(ids)
    torch.testing.assert_close(plain, model(ids, segments=torch.zeros(6, dtype=torch.int64))[0])
    assert (plain - model(ids, segments=torch.tensor([0, 0, 0, 1, 1, 1]))[0]).abs().max() > 1e-3


def test_images_and_sound_are_read_row_by_row() -> None:
    shape = {"width": 16, "depth": 2, "heads": 4, "hidden": 24, "norm_at": "pre"}
    images = torch.randn(3, 2, 8, 8).double()
    seeing = Transformer(
        TransformerConfig(encoder=StackConfig(input=PatchInput(image=8, patch=4, channels=2), **shape))
    ).double()
    x, layout = seeing(images)
    assert layout.lengths == (5, 5, 5)
    torch.testing.assert_close(x[5:10], seeing(images[1:2])[0])
    with pytest.raises(DataError, match=r"expected \(B, 2, 8, 8\)"):
        seeing(images[:, :, :7])
    spectra = torch.randn(2, 4, 11).double()
    hearing = Transformer(
        TransformerConfig(encoder=StackConfig(input=FrameInput(bands=4, positions=6), **shape))
    ).double()
    x, layout = hearing(spectra)
    assert layout.lengths == (6, 6)
    torch.testing.assert_close(x[6:], hearing(spectra[1:])[0])
    with pytest.raises(DataError, match="expected at most 12"):
        hearing(torch.randn(1, 4, 20).double())


def test_too_many_tokens_are_refused() -> None:
    model = built(None, stack("learned", True, causal=True))
    with pytest.raises(DataError, match="25 tokens; this model has places for 24"):
        model(torch.zeros(25, dtype=torch.int64))
    cache = model.cache(1, 3)
    with pytest.raises(DataError, match="the cache has places for 3"):
        model.decoder(torch.zeros(4, dtype=torch.int64), Packed((4,)), cache=cache)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"heads": 5}, "width 16 is no multiple of heads 5"),
        ({"kv_heads": 3}, "heads 4 is no multiple of kv_heads 3"),
        ({"depth": 0}, "depth is 0; expected a whole number"),
        ({"depth": 10**6}, "at most 1000"),
        ({"width": 1.5}, "width is 1.5"),
        ({"activation": "tanhish"}, "expected one of gelu, gelu_tanh, relu, silu, tanh"),
        ({"norm_at": "both"}, "expected one of pre, post"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"causal": "yes"}, "causal is 'yes'; expected true or false"),
        ({"head_width": 3, "rotary": Rotary()}, "rotary positions need an even one"),
        ({"local": (True,)}, "local marks 1 blocks; expected 2"),
        ({"window": 0}, "window is 0"),
        ({"score_scale": "big"}, "score_scale is 'big'"),
    ],
)
def test_a_config_that_cannot_be_is_refused(changes: dict[str, object], said: str) -> None:
    given = {"width": 16, "depth": 2, "heads": 4, "hidden": 24, **changes}
    with pytest.raises(ConfigError, match=said.replace("(", r"\(")):
        StackConfig(input=TokenInput(vocab=9, positions=9), **given)


def test_stacks_that_do_not_fit_are_refused() -> None:
    encoder, decoder = stack("none", True), stack("none", True, causal=True)
    with pytest.raises(ConfigError, match="neither encoder nor decoder"):
        TransformerConfig()
    with pytest.raises(ConfigError, match="cross is False"):
        TransformerConfig(encoder=encoder, decoder=decoder)
    with pytest.raises(ConfigError, match="multiple of 4"):
        Relative(buckets=7)
