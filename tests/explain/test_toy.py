"""The course's toy example: "the bank of the river" with two numbers a word, and query = key = value."""

import math

import pytest
import torch
from torch import Tensor

from heedful.core.attention import Reach, attend, watched
from heedful.explain import toy


def attended(scale: float) -> tuple[Tensor, Tensor]:
    """Return the weights of "bank" and its new vector."""
    x = torch.tensor([toy.VECTORS[word] for word in toy.SENTENCE], dtype=torch.float64)[
        :, None
    ]  # (T, H = 1, K)
    count = len(toy.SENTENCE)
    with watched() as seen:
        made = attend(x, x, x, Reach(((1, count, count),), (None,)), scale)
    return seen[0].weights()[0, 0, toy.WORD], made[toy.WORD, 0]


def test_the_weights_of_bank_are_the_known_ones_to_the_last_digit() -> None:
    weights, made = attended(1.0)
    assert [f"{weight:.8f}" for weight in weights.tolist()] == [f"{known:.8f}" for known in toy.WEIGHTS]
    assert toy.WEIGHTS == (0.16150348, 0.24093488, 0.16978394, 0.16150348, 0.26627422)
    by_hand = [math.exp(0.1), math.exp(0.5), math.exp(0.15), math.exp(0.1), math.exp(0.6)]
    assert weights.tolist() == pytest.approx([one / sum(by_hand) for one in by_hand], abs=1e-15)
    vectors = [toy.VECTORS[word] for word in toy.SENTENCE]
    for axis in range(2):
        expected = sum(a * v[axis] for a, v in zip(by_hand, vectors, strict=True)) / sum(by_hand)
        assert made[axis].item() == pytest.approx(expected, abs=1e-15)
    assert made[1] / made[0] == pytest.approx(2, abs=0.05)  # "twice as much water", the page says


def test_with_a_scale_they_would_be_others() -> None:
    assert (attended(2**-0.5)[0] - torch.tensor(toy.WEIGHTS)).abs().max() > 1e-2
