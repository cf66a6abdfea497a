"""Laws that both ancestors of the translating transformer keep, and what they share."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from ancestors import SOURCES, TARGETS, made, scored

from heedful.baselines.recurrent import Recurrent, RecurrentConfig, States, initialise, inside, padded
from heedful.baselines.seq2seq_attention import SequenceAttention
from heedful.baselines.seq2seq_lstm import SequenceLSTM
from heedful.core.attention import Packed
from heedful.core.inputs import pack
from heedful.errors import ConfigError, DataError
from heedful.train.cores import Replicas, pool
from heedful.train.objectives import sequence_to_sequence

Make = Callable[..., Recurrent]
PAIRS = [(np.array(s), np.array([*t[1:], 1])) for s, t in zip(SOURCES, TARGETS, strict=True)] * 8


@pytest.fixture(params=["lstm", "additive", "multiplicative"])
def make(request: pytest.FixtureRequest) -> Make:
    """Return a maker of one of the three models."""
    if request.param == "lstm":
        return lambda **settings: made(SequenceLSTM, **settings)
    return lambda **settings: made(SequenceAttention, score=request.param, **settings)


def test_a_batch_is_its_rows(make: Make) -> None:
    model = make()
    together = scored(model, SOURCES, TARGETS)
    for row, (source, target) in enumerate(zip(SOURCES, TARGETS, strict=True)):
        (alone,) = scored(model, [source], [target])
        torch.testing.assert_close(together[row], alone, atol=1e-12, rtol=0)
        assert alone.shape == (len(target), 10)


def test_in_float32_too(make: Make) -> None:
    model = make().float()
    together = scored(model, SOURCES, TARGETS)
    alone = [scored(model, [s], [t])[0] for s, t in zip(SOURCES, TARGETS, strict=True)]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_the_future_cannot_change_the_past(make: Make) -> None:
    model = make()
    (whole,) = scored(model, [[3, 4, 5]], [[0, 2, 3, 4]])
    (begun,) = scored(model, [[3, 4, 5]], [[0, 2, 9]])
    torch.testing.assert_close(whole[:2], begun[:2])
    assert (whole[2] - begun[2]).abs().max() > 1e-6


@pytest.mark.parametrize("cuts", [(1, 1, 1, 1), (2, 1, 1), (3, 1)])
def test_a_cache_changes_nothing(make: Make, cuts: tuple[int, ...]) -> None:
    model, targets = make(), [[0, 5, 6, 2], [0, 2, 3, 4], [0, 9, 9, 9], [0, 8, 8, 3]]
    expected = torch.stack(scored(model, SOURCES, targets))
    cache, memory = model.cache(4, 9), model.encoder(*pack(SOURCES))
    found, begin = [], 0
    for length in cuts:
        ids, layout = pack([row[begin : begin + length] for row in targets])
        x, layout = model.decoder(ids, layout, memory=memory, cache=cache)
        assert layout == Packed((length,) * 4, (begin,) * 4)
        found.append(model.scores(x, layout).unflatten(0, (4, -1)))
        memory, begin = None, begin + length
    torch.testing.assert_close(torch.cat(found, 1), expected)
    assert cache.past == [4] * 4


def test_beginnings_may_differ_in_length(make: Make) -> None:
    model, cache = make(), make().cache(4, 9)
    model.decoder(*pack(TARGETS), memory=model.encoder(*pack(SOURCES)), cache=cache)
    x, layout = model.decoder(*pack([[7]] * 4), cache=cache)
    assert layout.past == (3, 5, 1, 4)
    expected = [one[-1] for one in scored(model, SOURCES, [[*row, 7] for row in TARGETS])]
    torch.testing.assert_close(model.scores(x, layout), torch.stack(expected))


def test_rows_may_be_chosen(make: Make) -> None:
    model, cache = make(), make().cache(4, 9)
    model.decoder(*pack(TARGETS), memory=model.encoder(*pack(SOURCES)), cache=cache)
    cache.choose([2, 0, 2, 3, 3])
    assert cache.past == [1, 3, 1, 4, 4]
    x, layout = model.decoder(*pack([[4], [5], [6], [7], [8]]), cache=cache)
    rows = [(2, 4), (0, 5), (2, 6), (3, 7), (3, 8)]
    expected = scored(model, [SOURCES[row] for row, _ in rows], [[*TARGETS[row], new] for row, new in rows])
    torch.testing.assert_close(model.scores(x, layout), torch.stack([one[-1] for one in expected]))


def test_gradients_reach_every_value(make: Make) -> None:
    model = make().train()
    total, count = sequence_to_sequence(model, PAIRS, 0, 0.1)  # type: ignore[arg-type]
    assert count == sum(len(target) for _, target in PAIRS)
    total.backward()
    for name, x in model.named_parameters():
        assert x.grad is not None, name
        assert x.grad.abs().max() > 0, name


def test_the_order_of_the_source_matters(make: Make) -> None:
    one, other = scored(make(), [[3, 4, 5], [4, 3, 5]], [[0], [0]])
    assert (one - other).abs().max() > 1e-6


def test_parts_on_replicas_add_up_to_the_batch(make: Make) -> None:
    model = make(dropout=0.0)
    sequence_to_sequence(model, PAIRS)[0].backward()  # type: ignore[arg-type]
    expected = [x.grad.clone() for x in model.parameters()]
    model.zero_grad()
    replicas = Replicas(model, [0, 1, 2], 3, 0, False, 2)
    with pool(2) as threads:
        _, count = replicas.backward(sequence_to_sequence, PAIRS, 0, threads)  # type: ignore[arg-type]
    assert count == sum(len(target) for _, target in PAIRS)
    torch.testing.assert_close([x.grad for x in model.parameters()], expected)


def test_dropout_is_all_from_the_generators_that_training_sets(make: Make) -> None:
    def losses() -> list[float]:
        model = make(dropout=0.5).train()
        replicas = Replicas(model, [0, 1], 2, 7, False, 1)
        with pool(1) as threads:
            return [
                replicas.backward(sequence_to_sequence, PAIRS, step, threads)[0]  # type: ignore[arg-type]
                for step in (0, 1)
            ]

    first = losses()
    assert first == losses()
    assert first[0] != first[1]


def test_a_seed_draws_the_same_values(make: Make) -> None:
    one, same, other = make(), make(), make(seed=1)
    torch.testing.assert_close(one.state_dict(), same.state_dict(), atol=0, rtol=0)
    assert not torch.equal(one.output.weight, other.output.weight)


def test_bf16_runs(make: Make) -> None:
    model = make().float().train()
    with torch.autocast("cpu", torch.bfloat16):
        loss, _ = sequence_to_sequence(model, PAIRS)  # type: ignore[arg-type]
    loss.backward()
    assert torch.isfinite(loss)


def test_forget_gates_begin_open_and_states_pass_orthogonally() -> None:
    lstm = made(SequenceLSTM).decoder.layers.layers[1]
    assert (lstm.bias_ih_l0 + lstm.bias_hh_l0).tolist() == [0.0] * 6 + [1.0] * 6 + [0.0] * 12
    attention = made(SequenceAttention)
    for map in (lstm.weight_hh_l0, attention.decoder.recurrent.weight):
        for gate in map.split(6):
            torch.testing.assert_close(gate @ gate.T, torch.eye(6, dtype=gate.dtype), atol=1e-5, rtol=0)


def test_the_memory_that_is_missing_or_does_not_fit(make: Make) -> None:
    model = make()
    with pytest.raises(DataError, match="nothing to begin with"):
        model.decoder(*pack([[0]]))
    with pytest.raises(DataError, match="2 of tokens, 2 of the cache, 1 of the memory"):
        model.decoder(*pack([[0], [0]]), memory=model.encoder(*pack([[4]])))
    with pytest.raises(DataError, match="sequence 2 has no tokens"):
        model.encoder(*pack([[3], []]))


@pytest.mark.parametrize(
    "setting",
    [{"vocab": 0}, {"width": 2.0}, {"depth": 0}, {"dropout": 1.0}, {"dropout": -0.1}, {"score": "dot"}],
)
def test_what_a_config_refuses(setting: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        RecurrentConfig(**{"vocab": 10, "width": 6, **setting})  # type: ignore[arg-type]


def test_padding_there_and_back() -> None:
    layout, x = Packed((2, 3, 1), (4, 4, 4)), torch.arange(12.0).view(6, 2)
    wide = padded(x, layout)
    assert wide.shape == (3, 3, 2)
    assert wide[2].tolist() == [[10.0, 11.0], [0.0, 0.0], [0.0, 0.0]]
    torch.testing.assert_close(wide[inside(layout, x.device)], x)


def test_states_are_reordered_repeated_and_dropped() -> None:
    states = States(3)
    states.past, states.held = [1, 2, 3], {"a": torch.arange(3), "b": torch.arange(6).view(3, 2)}
    states.choose([2, 2, 0, 2])
    assert states.past == [3, 3, 1, 3]
    assert states.held["a"].tolist() == [2, 2, 0, 2]
    assert states.held["b"].tolist() == [[4, 5], [4, 5], [0, 1], [4, 5]]
    states.choose([])
    assert states.past == []
    assert states.held["b"].shape == (0, 2)


def test_initialise_leaves_nothing_as_it_was() -> None:
    model = made(SequenceAttention)
    for x in model.parameters():
        x.data.fill_(float("nan"))
    initialise(model, 3)
    assert all(torch.isfinite(x).all() for x in model.parameters())
