"""The DCGAN: its nets' shapes, what its judge's figures mean, and that it starts from its seed alone."""

import numpy as np
import pytest
import torch

from heedful.lineage import dcgan


def test_a_transposed_convolution_goes_the_way_of_a_strided_one_back() -> None:
    """Both nets step between 8 x 8, 4 x 4 and 2 x 2 places."""
    makes, tells = dcgan.generator().eval(), dcgan.critic().eval()
    x = torch.randn(3, dcgan.NOISE, generator=torch.Generator().manual_seed(0))
    up = [x := layer(x) for layer in makes]
    down = [x := layer(x) for layer in tells]
    assert list(dict.fromkeys(one.shape[2] for one in up[1:])) == [2, 4, 8]
    assert list(dict.fromkeys(one.shape[2] for one in down[:5])) == [4, 2]
    assert up[-1].shape == (3, 1, 8, 8) and float(up[-1].detach().abs().max()) <= 1
    assert down[-1].shape == (3,)


def test_the_score_is_one_for_one_class_or_for_doubt_and_ten_for_all_ten() -> None:
    sure = np.eye(10)
    assert dcgan.score(sure) == pytest.approx(10) and dcgan.evenness(sure) == pytest.approx(1)
    assert dcgan.score(np.full((5, 10), 0.1)) == pytest.approx(1)
    assert dcgan.score(sure[[3, 3, 3]]) == pytest.approx(1)
    assert dcgan.evenness(sure[[3, 3, 3]]) == pytest.approx(0)
    assert dcgan.score(sure[[1, 2]]) == pytest.approx(2)
    assert dcgan.evenness(sure[[1, 2]]) == pytest.approx(np.log10(2))


def test_the_nearest_is_told() -> None:
    known = np.zeros((2, 8, 8))
    known[1] += 0.25
    assert dcgan.nearest(known, known) == 0
    assert dcgan.nearest(np.full((1, 8, 8), 0.5), known) == pytest.approx(2)


def test_shuffled_digits_keep_their_ink() -> None:
    x = np.random.default_rng(0).random((4, 8, 8))
    found = dcgan.shuffled(x, 1)
    assert np.allclose(np.sort(found.reshape(4, -1)), np.sort(x.reshape(4, -1)))
    assert not np.allclose(found, x)


def test_samples_do_not_depend_on_each_other_nor_on_the_global_state() -> None:
    x = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    torch.manual_seed(1)
    one = dcgan.fit(x, 3, 2)
    torch.manual_seed(2)
    other = dcgan.fit(x, 3, 2)
    few, many = dcgan.sampled(one, 5, 0), dcgan.sampled(other, 50, 0)
    assert np.allclose(few, many[:5], atol=1e-5)
    assert not np.allclose(few, dcgan.sampled(dcgan.fit(x, 4, 2), 5, 0), atol=1e-3)
