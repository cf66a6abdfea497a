"""The CycleGAN: its losses against their equations, and a rule of style that a net cannot peek at."""

import numpy as np
import pytest
import torch
from torch import nn

from heedful.lineage import cyclegan
from heedful.lineage.cyclegan import Pair


class Plus(nn.Module):
    """Adds a number that is learned."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.tensor(start))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.shift


def pair(there: float, back: float) -> Pair:
    return Pair(nn.Sequential(Plus(float(there))), nn.Sequential(Plus(float(back))))


def test_coming_home_is_free_only_where_the_ways_undo_each_other() -> None:
    x, y = torch.randn(2, 3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    tells = pair(0, 0)
    for there, back, off in ((0.5, -0.5, 0.0), (0.5, -0.3, 0.2), (0.0, 0.1, 0.1)):
        makes = pair(there, back)
        made = makes.back(y), makes.there(x)
        without = cyclegan.makers_loss(makes, tells, x, y, made, 0.0)
        whole = cyclegan.makers_loss(makes, tells, x, y, made, 3.0)
        assert (whole - without).item() == pytest.approx(3 * 2 * off, abs=1e-5)
        taken = ((x + there - 1) ** 2).mean() + ((y + back - 1) ** 2).mean()
        assert without.item() == pytest.approx(taken.item(), rel=1e-5)


def test_critics_learn_from_made_images_and_makers_do_not_hear() -> None:
    x, y = torch.randn(2, 3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    makes, tells = pair(0.5, -0.2), pair(0.1, 0.3)
    made = makes.back(y), makes.there(x)
    lost = cyclegan.critics_loss(tells, x, y, *made)
    wanted = ((y + 0.1 - 1) ** 2).mean() + ((x + 0.5 + 0.1) ** 2).mean()
    wanted += ((x + 0.3 - 1) ** 2).mean() + ((y - 0.2 + 0.3) ** 2).mean()
    assert lost.item() == pytest.approx(wanted.item(), rel=1e-5)
    lost.backward()  # type: ignore[no-untyped-call]
    assert all(part.grad is None for net in makes for part in net.parameters())
    assert all(part.grad is not None for net in tells for part in net.parameters())


def test_the_second_style_is_thick_and_white_on_black() -> None:
    x = np.zeros((1, 8, 8))
    x[0, 2:6, 3] = 0.8
    found = cyclegan.restyled(x)
    assert found[0, 3, 3] == pytest.approx(0.2) and found[0, 0, 0] == 1
    assert int((found < 0.5).sum()) == 8


def test_a_seed_gives_the_same_nets() -> None:
    a, b = torch.rand(2, 9, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    x = np.random.default_rng(0).random((4, 8, 8))
    one, same, other = (cyclegan.translated(cyclegan.fit(a, b, seed, 2).there, x) for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.allclose(one, other)
    assert one.shape == (4, 8, 8) and one.min() >= 0 and one.max() <= 1
