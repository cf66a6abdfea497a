"""Autoencoders: the penalties against autograd and sums, and the tied linear one against PCA."""

import pytest
import torch

from heedful.lineage import autoencoder
from heedful.lineage.outcome import Effort
from heedful.lineage.run import run
from heedful.lineage.story import named


def coder(seed: int = 0) -> autoencoder.Coder:
    random = torch.Generator().manual_seed(seed)
    return autoencoder.Coder(
        *(torch.randn(size, generator=random, dtype=torch.float64) for size in ((5, 3), (3,), (5,)))
    )


def test_contraction_is_the_norm_of_the_jacobian() -> None:
    one = coder()
    x = torch.rand(4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    slopes = [torch.autograd.functional.jacobian(one.code, row).pow(2).sum() for row in x]
    assert torch.allclose(autoencoder.contraction(one.code(x), one.weights), torch.stack(slopes).mean())


def test_sparseness_is_none_where_units_are_on_as_rarely_as_wanted() -> None:
    h = torch.full((6, 4), autoencoder.RARE)
    assert float(autoencoder.sparseness(h)) == pytest.approx(0, abs=1e-5)
    rare, often = torch.tensor(autoencoder.RARE), torch.tensor(0.5)
    kl = rare * (rare / often).log() + (1 - rare) * ((1 - rare) / often).log()
    assert float(autoencoder.sparseness(torch.full((6, 4), 0.5))) == pytest.approx(4 * float(kl), rel=1e-4)


def test_a_denoising_code_does_not_see_all_pixels() -> None:
    hurt = autoencoder.masked(torch.ones(100, 50), torch.Generator().manual_seed(0))
    assert float(hurt.mean()) == pytest.approx(1 - autoencoder.MASKED, abs=0.03)


def test_the_code_learns_to_draw_what_it_was_shown() -> None:
    x = torch.eye(8).repeat(10, 1)
    learned = autoencoder.fit(x, 4, torch.Generator().manual_seed(0), epochs=150, rate=0.03)
    assert (learned.image(x).argmax(1) == x.argmax(1)).all()


def test_decibels() -> None:
    assert autoencoder.psnr(torch.zeros(4), torch.full((4,), 0.1)) == pytest.approx(20, abs=1e-4)


def test_tied_linear_weights_find_the_space_of_pca() -> None:
    error, spanned = autoencoder.against_pca(0, width=3)
    assert error == pytest.approx(1, abs=1e-3)
    assert spanned == pytest.approx(1, abs=1e-3)


def test_the_short_experiment_passes() -> None:
    assert run(named("autoencoder"), Effort(short=True)).passed
