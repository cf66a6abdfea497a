"""The convolutional network: shared fields, and answers that move with the image."""

import numpy as np
import pytest
import torch

from heedful.lineage import convolution
from heedful.lineage.outcome import Effort


def test_each_place_has_the_same_weights_on_its_own_field() -> None:
    random = torch.Generator().manual_seed(0)
    x, filters = torch.randn(2, 3, 5, 4, generator=random), torch.randn(6, 27, generator=random)
    found = convolution.look(x, filters, torch.arange(6.0))
    field = x[1, :, 2:5, 1:4].flatten()  # around line 3, column 2
    assert torch.allclose(found[1, :, 3, 2], filters @ field + torch.arange(6.0), atol=1e-5)


def test_the_scores_of_a_shifted_image_are_the_same() -> None:
    """Where the biases are 0, nothing is answered outside the image."""
    parts = convolution.network(torch.Generator().manual_seed(0))
    x = torch.zeros(3, 16, 16)
    x[:, 5:11, 5:11] = torch.rand(3, 6, 6, generator=torch.Generator().manual_seed(1))
    moved = convolution.convolved(parts, x.roll((1, -1), (1, 2)))
    assert torch.allclose(moved, convolution.convolved(parts, x), atol=1e-5)
    assert not torch.allclose(moved, convolution.convolved(parts, x.transpose(1, 2)), atol=1e-2)


def test_dropout_leaves_half_of_the_units_out_and_keeps_the_mean() -> None:
    parts = convolution.network(torch.Generator().manual_seed(0))
    x = torch.rand(1, 12, 12, generator=torch.Generator().manual_seed(1)).expand(4000, -1, -1)
    with torch.no_grad():
        dropped = convolution.convolved(parts, x, drop=torch.Generator().manual_seed(2))
        whole = convolution.convolved(parts, x[:1])
    assert torch.allclose(dropped.mean(0), whole[0], atol=0.05 * float(whole.abs().max()) + 0.05)
    assert float(dropped.std(0).min()) > 0


def test_augmentation_moves_by_one_pixel_at_most_and_loses_none() -> None:
    x = torch.zeros(2, 5, 5)
    x[:, 2, 2] = 1
    random = torch.Generator().manual_seed(0)
    seen = {tuple(convolution.moved(x, random)[0].nonzero()[0].tolist()) for _ in range(200)}
    assert seen == {(i, j) for i in (1, 2, 3) for j in (1, 2, 3)}


def test_a_shift_is_asked_in_four_directions() -> None:
    x = np.zeros((1, 8, 8))
    x[0, 0, 4] = 1

    def upper(_: list[torch.Tensor], seen: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(seen.flatten(1).argmax(1) // 12, 12)

    assert convolution.right([], upper, x, np.array([2])) == 100
    assert convolution.right([], upper, x, np.array([2]), shift=1) == pytest.approx(50)


def test_the_short_experiment_passes() -> None:
    assert convolution.run(Effort(short=True)).passed
