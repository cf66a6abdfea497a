"""Networks that feed back: what they are shown, and what they learn."""

import numpy as np

from heedful.lineage import recurrence
from heedful.lineage.backpropagation import begin
from heedful.lineage.outcome import Effort


def test_every_third_bit_is_the_exclusive_or_of_the_two_before() -> None:
    stream = recurrence.bits(np.random.default_rng(0), 4, 50)[..., 0].astype(int)
    assert (stream[:, 2::3] == (stream[:, ::3] ^ stream[:, 1::3])).all()
    assert 0.3 < stream[:, ::3].mean() < 0.7


def test_the_context_is_the_hidden_state_of_the_step_before() -> None:
    weights = begin((3, 2, 1), [0], 1.0)
    stream = np.array([[[1.0], [0.0], [1.0]]])
    first, second = recurrence.elman(weights, stream)[0, 0, :, 0]

    def step(bit: float, context: list[float]) -> tuple[float, list[float]]:
        hidden = 1 / (1 + np.exp(-(np.array([bit, *context, 1.0]) @ weights[0][0])))
        return float(1 / (1 + np.exp(-(np.array([*hidden, 1.0]) @ weights[1][0])))[0]), hidden.tolist()

    one, context = step(1.0, [0.5, 0.5])
    other, _ = step(0.0, context)
    assert abs(first - one) < 1e-12 and abs(second - other) < 1e-12


def test_without_a_rule_nothing_is_learned() -> None:
    weights = begin((3, 2, 1), [0], 1.0)
    before = [layer.copy() for layer in weights]
    recurrence.elman(weights, recurrence.bits(np.random.default_rng(0), 2, 5))
    assert all((a == b).all() for a, b in zip(before, weights, strict=True))


def test_letters_follow_their_consonants() -> None:
    for text in recurrence.letters(np.random.default_rng(1), 5, 20):
        assert len(text) == 40
        whole = text[: max(text.rfind(c) for c in "bdg")]
        assert whole.replace("ba", "").replace("dii", "").replace("guuu", "") == ""


def test_a_network_that_knows_nothing_carries_out_no_plan() -> None:
    names = sorted(set("".join(recurrence.PLANS)))
    size = len(recurrence.PLANS) + len(names), 16, len(names)
    assert recurrence.carried_out(begin(size, [0], 0.5), names) == 0.0


def test_the_short_experiment_passes() -> None:
    assert recurrence.run(Effort(short=True)).passed
