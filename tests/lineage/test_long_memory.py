"""Recurrent cells against torch's, and the tasks that ask for a long memory."""

import pytest
import torch
from torch import Generator, nn

from heedful.lineage import long_memory, sequences, vanishing
from heedful.lineage.cells import Cell, Gru, Lstm
from heedful.lineage.outcome import Effort


@pytest.mark.parametrize(("kind", "theirs"), [(Lstm, nn.LSTM), (Gru, nn.GRU), (Cell, nn.RNN)])
def test_cells_are_torch_s(kind: type[Cell], theirs: type[nn.RNNBase]) -> None:
    mine, other = kind(3, 5, [0, 1]), theirs(3, 5)
    x = torch.randn(7, 2, 4, 3, generator=Generator().manual_seed(0))
    for net in range(2):
        with torch.no_grad():
            other.weight_ih_l0.copy_(mine.inward[net].T)
            other.weight_hh_l0.copy_(mine.across[net].T)
            other.bias_ih_l0.copy_(mine.bias[net, 0])
            other.bias_hh_l0.zero_()
        assert (mine(x)[:, net] - other(x[:, net])[0]).abs().max() < 1e-6


def test_peepholes_and_open_gates_are_the_formula() -> None:
    cell = Lstm(2, 1, [0], peepholes=True, without="f")
    x = torch.randn(2, 1, 1, 2, generator=Generator().manual_seed(0))
    h = c = 0.0
    wide, across, bias = cell.inward[0].detach(), cell.across[0, 0].detach(), cell.bias[0, 0].detach()
    p = cell.peep[0, :, 0, 0].tolist()  # type: ignore[index]
    for step in x[:, 0, 0]:
        i, _, g, o = (step @ wide + h * across + bias).unbind()
        c = c + float(torch.sigmoid(i + p[0] * c) * torch.tanh(g))
        h = float(torch.sigmoid(o + p[2] * c)) * float(torch.tanh(torch.tensor(c)))
    assert abs(float(cell(x)[-1].detach()) - h) < 1e-6


def test_a_network_depends_on_its_own_seed_only() -> None:
    x = torch.randn(4, 1, 2, 3, generator=Generator().manual_seed(0))
    assert torch.allclose(Lstm(3, 5, [7, 8])(x)[:, 1], Lstm(3, 5, [8])(x)[:, 0], atol=1e-7)


def test_strings_of_the_grammar_return_to_their_beginning() -> None:
    strings = sequences.reber(50, Generator().manual_seed(1))
    for column in range(50):
        steps = int(strings.inside[:, column].sum())
        symbols = [sequences.SYMBOLS[int(row.argmax())] for row in strings.x[:steps, 0, column]]
        symbols.append(sequences.SYMBOLS[int(strings.following[steps - 1, column])])
        assert symbols[1] == symbols[-2] and symbols[1] in "TP"
        assert symbols[0] == symbols[2] == "B" and symbols[-1] == symbols[-3] == "E"
        assert strings.outer[:, column].nonzero().tolist() == [[steps - 2]]
        told = strings.legal[torch.arange(steps), column, strings.following[:steps, column]]
        assert (told == 1).all()


def test_the_sum_is_that_of_the_marked_values() -> None:
    x, wanted = sequences.adding(64, 40, Generator().manual_seed(2))
    values, marked = x[:, 0, :, 0], x[:, 0, :, 1] == 1
    assert (marked.sum(0) == 2).all() and 40 <= len(x) <= 44
    assert ((values * marked).sum(0) / 4 + 0.5 - wanted).abs().max() < 1e-6


def test_the_order_can_be_read_off() -> None:
    x, wanted = sequences.order(40, Generator().manual_seed(3))
    symbols = x[:, 0].argmax(-1)
    for column in range(40):
        signs = [int(s) - 4 for s in symbols[:, column] if s in (4, 5)]
        assert signs[0] * 2 + signs[1] == wanted[column] and len(signs) == 2


def test_gradients_are_shortened_net_by_net() -> None:
    parameters = [nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(2, 1, 2))]
    parameters[0].grad = torch.tensor([[3.0, 0.0, 0.0], [0.3, 0.0, 0.0]])
    parameters[1].grad = torch.tensor([[[4.0, 0.0]], [[0.4, 0.0]]])
    long_memory.clip(parameters)
    assert torch.allclose(parameters[0].grad[:, 0], torch.tensor([0.6, 0.3]))
    assert torch.allclose(parameters[1].grad[:, 0, 0], torch.tensor([0.8, 0.4]))


def test_the_short_experiments_pass() -> None:
    assert long_memory.run(Effort(short=True)).passed
    assert vanishing.run(Effort(short=True)).passed
