"""The deep LSTM pair against the paper's equations, step by step, and what it can learn."""

import numpy as np
import pytest
import torch
from ancestors import END, SOURCES, TARGETS, Pair, learned, made, scored, written
from torch import Tensor, nn

from heedful.baselines.recurrent import RecurrentConfig, initialise
from heedful.baselines.seq2seq_lstm import Layers, SequenceLSTM
from heedful.core.attention import Packed
from heedful.core.inputs import pack


def cell(layer: nn.LSTM, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """One step of an LSTM for one sequence (Graves 2013, equations 7 to 11, without peepholes)."""
    gates = layer.weight_ih_l0 @ x + layer.bias_ih_l0 + layer.weight_hh_l0 @ h + layer.bias_hh_l0
    i, f, new, o = gates.chunk(4)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(new)
    return torch.sigmoid(o) * torch.tanh(c), c


def walk(layers: Layers, ids: list[int], states: list[tuple[Tensor, Tensor]]) -> list[Tensor]:
    """Read ids one by one through all layers; `states` are moved on, the top ones returned."""
    top = []
    for id in ids:
        x = layers.token.weight[id]
        for i, layer in enumerate(layers.layers):
            states[i] = cell(layer, x, *states[i])
            x = states[i][0]
        top.append(x)
    return top


@pytest.mark.parametrize("depth", [1, 3])
def test_the_equations_of_the_paper(depth: int) -> None:
    model = made(SequenceLSTM, depth=depth)
    zero = torch.zeros(6, dtype=torch.float64)
    for source, target, found in zip(SOURCES, TARGETS, scored(model, SOURCES, TARGETS), strict=True):
        states = [(zero, zero)] * depth
        walk(model.encoder.layers, source[::-1], states)
        top = walk(model.decoder.layers, target, states)
        expected = torch.stack([model.output.weight @ h + model.output.bias for h in top])
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


def test_the_memory_is_one_row_of_states() -> None:
    model = made(SequenceLSTM, depth=3)
    memory, layout = model.encoder(*pack(SOURCES))
    assert memory.shape == (4, 3 * 2 * 6)
    assert layout == Packed((1, 1, 1, 1))
    assert model.places == 0


def test_it_learns_to_copy() -> None:
    def draw(random: np.random.Generator) -> Pair:
        ids = random.integers(2, 6, size=random.integers(2, 5))
        return ids, np.append(ids, END)

    model = SequenceLSTM(RecurrentConfig(vocab=6, width=32, depth=1, dropout=0.0))
    initialise(model, 0)
    learned(model, draw, steps=150, rate=2e-2)
    model.eval()
    sources = [draw(np.random.default_rng([9, seed]))[0].tolist() for seed in range(100)]
    assert written(model, sources, 6) == sources
