"""The pair with attention against the papers' equations, step by step; its weights; what it can learn."""

import numpy as np
import pytest
import torch
from ancestors import END, SOURCES, TARGETS, Pair, learned, made, scored, written
from torch import Tensor, nn

from heedful.baselines.recurrent import RecurrentConfig, initialise
from heedful.baselines.seq2seq_attention import SequenceAttention
from heedful.core.inputs import pack


def gru(layer: nn.GRU, way: str, xs: list[Tensor]) -> list[Tensor]:
    """The states of a GRU for one sequence (A.1.1, the reset gate behind the map); `way` is its suffix."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    w, u, b, d = (getattr(layer, f"{name}_l0{way}") for name in names)
    h, states = torch.zeros(layer.hidden_size, dtype=torch.float64), []
    for x in xs:
        (r, z, n), (rh, zh, nh) = (w @ x + b).chunk(3), (u @ h + d).chunk(3)
        z = torch.sigmoid(z + zh)
        h = (1 - z) * torch.tanh(n + torch.sigmoid(r + rh) * nh) + z * h
        states.append(h)
    return states


def annotated(model: SequenceAttention, ids: list[int]) -> list[Tensor]:
    """Forward state and backward state of each source word (section 3.2), layer over layer."""
    xs = [model.encoder.token.weight[id] for id in ids]
    for layer in model.encoder.layers:
        forth, back = gru(layer, "", xs), gru(layer, "_reverse", xs[::-1])[::-1]
        xs = [torch.cat(both) for both in zip(forth, back, strict=True)]
    return xs


def energy(model: SequenceAttention, s: Tensor, h: Tensor) -> Tensor:
    """How well a source word fits a state: A.1.2, or Luong's general score."""
    score = model.decoder.score
    if model.config.score == "multiplicative":
        return s @ score.key.weight @ h
    return score.fit.weight[0] @ torch.tanh(score.query.weight @ s + score.key.weight @ h)


def decoded(model: SequenceAttention, source: list[int], target: list[int]) -> tuple[Tensor, Tensor]:
    """The scores (T, V) and attention weights (T, S) of one pair, word by word (3.1, A.2.2)."""
    decoder, hs = model.decoder, annotated(model, source)
    s = torch.tanh(decoder.begin.weight @ hs[0][6:] + decoder.begin.bias)
    scores, looks = [], []
    for id in target:
        y = decoder.token.weight[id]
        alphas = torch.stack([energy(model, s, h) for h in hs]).exp()
        alphas = alphas / alphas.sum()
        c = sum((alpha * h for alpha, h in zip(alphas, hs, strict=True)), torch.zeros(12).double())
        given = decoder.word.weight @ y + decoder.word.bias + decoder.context.weight @ c
        (r, z, n), (rh, zh, nh) = given.chunk(3), (decoder.recurrent.weight @ s).chunk(3)
        new, z = torch.tanh(n + torch.sigmoid(r + rh) * nh), torch.sigmoid(z + zh)
        s = (1 - z) * new + z * s
        t = decoder.maxout.weight @ torch.cat([s, y, c]) + decoder.maxout.bias
        t = torch.stack([max(t[2 * j], t[2 * j + 1]) for j in range(len(t) // 2)])
        scores.append(model.output.weight @ t + model.output.bias)
        looks.append(alphas)
    return torch.stack(scores), torch.stack(looks)


@pytest.mark.parametrize("score", ["additive", "multiplicative"])
@pytest.mark.parametrize("depth", [1, 2])
def test_the_equations_of_the_papers(score: str, depth: int) -> None:
    model = made(SequenceAttention, score=score, depth=depth)
    assert isinstance(model, SequenceAttention)
    found = scored(model, SOURCES, TARGETS)
    looks = model.weights(*pack(SOURCES), *pack(TARGETS))
    for row, (source, target) in enumerate(zip(SOURCES, TARGETS, strict=True)):
        scores, alphas = decoded(model, source, target)
        torch.testing.assert_close(found[row], scores, atol=1e-12, rtol=0)
        torch.testing.assert_close(looks[row], alphas, atol=1e-12, rtol=0)


def test_weights_are_shares_of_the_true_source() -> None:
    model = made(SequenceAttention)
    assert isinstance(model, SequenceAttention)
    looks = model.weights(*pack(SOURCES), *pack(TARGETS))
    assert [tuple(one.shape) for one in looks] == [(3, 4), (5, 1), (1, 7), (4, 3)]
    for one in looks:
        assert bool((one > 0).all())
        torch.testing.assert_close(one.sum(-1), torch.ones(len(one), dtype=one.dtype))


def test_the_memory_is_one_annotation_for_each_word() -> None:
    memory, layout = made(SequenceAttention).encoder(*pack(SOURCES))
    assert memory.shape == (15, 12)
    assert layout.lengths == (4, 1, 7, 3)


@pytest.mark.parametrize("score", ["additive", "multiplicative"])
def test_it_learns_to_write_backwards_and_looks_where_it_should(score: str) -> None:
    def draw(random: np.random.Generator) -> Pair:
        ids = random.integers(2, 10, size=random.integers(4, 7))
        return ids, np.append(ids[::-1], END)

    model = SequenceAttention(RecurrentConfig(vocab=10, width=32, depth=1, dropout=0.0, score=score))  # type: ignore[arg-type]
    initialise(model, 0)
    learned(model, draw, steps=120, rate=2e-2)
    model.eval()
    sources = [draw(np.random.default_rng([9, seed]))[0].tolist() for seed in range(100)]
    assert written(model, sources, 8) == [source[::-1] for source in sources]
    with torch.inference_mode():
        (look,) = model.weights(*pack([[2, 5, 7, 3, 9]]), *pack([[0, 9, 3, 7, 5]]))
    assert look.argmax(-1).tolist() == [4, 3, 2, 1, 0]
