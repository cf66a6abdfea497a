"""ELMo and ULMFiT: their equations, what they freeze, and the language model below."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn.functional import layer_norm

from heedful.errors import DataError
from heedful.lineage import elmo, language, ulmfit
from heedful.lineage.outcome import Effort
from heedful.types import Ints

TEXTS = [np.array(text) for text in ([2, 5, 3], [7, 4, 4, 6, 2], [3])]


def test_states_are_carried_on() -> None:
    model, ids = language.Model(9, 0), torch.arange(16).view(2, 8) % 9
    whole = model(ids)
    first = model(ids[:, :5])
    second = model(ids[:, 5:], first.ends)
    for layer in range(language.LAYERS + 1):
        halves = torch.cat([first.layers[layer], second.layers[layer]], 1)
        torch.testing.assert_close(halves, whole.layers[layer])


def test_it_learns_a_language_of_one_sentence() -> None:
    text = np.array([2, 4, 3, 5, 6])
    model = language.Model(9, 0)
    losses = language.train(model, [text] * 1000, epochs=6)
    assert losses[0] > 2 and losses[-1] < 0.05


def test_padding_is_not_read() -> None:
    models = language.Model(9, 0), language.Model(9, 1)
    together = elmo.held(models, TEXTS)
    for row, text in enumerate(TEXTS):
        torch.testing.assert_close(together[row], elmo.held(models, [text])[0])
    classifier = ulmfit.Classifier(models[0], 3, 0)
    logits = classifier(TEXTS)
    for row, text in enumerate(TEXTS):
        torch.testing.assert_close(logits[row], classifier([text])[0])


def test_elmo_mixes_the_layers_of_both_models_word_by_word() -> None:
    models, text = (language.Model(9, 0), language.Model(9, 1)), np.array([2, 5, 3])
    mixer = elmo.Mixed(2 * language.WIDTH, 4)
    with torch.no_grad():
        mixer.mix.copy_(torch.tensor([0.3, -1.0, 2.0]))
        mixer.gamma.fill_(1.7)
        mixer.weight.normal_(generator=torch.Generator().manual_seed(0))
    forward = models[0](torch.tensor([[2, 5, 3, language.END]])).layers
    back = models[1](torch.tensor([[3, 5, 2, language.END]])).layers
    norms = [[layer_norm(x[0], x.shape[-1:]) for x in side] for side in (forward, back)]
    shares = mixer.mix.softmax(0)
    sides = [sum(s * x for s, x in zip(shares, side, strict=True)).mean(0) for side in norms]
    wanted = 1.7 * torch.cat(sides) @ mixer.weight
    torch.testing.assert_close(mixer(elmo.held(models, [text]).clone())[0], wanted)


def test_the_slanted_triangle_is_that_of_equation_3() -> None:
    rates = [ulmfit.slanted(step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(1 / 32) and rates[10] == 1.0
    assert rates[5] == pytest.approx((1 + 0.5 * 31) / 32)
    assert rates[55] == pytest.approx((1 + 0.5 * 31) / 32)
    assert np.argmax(rates) == 10 and rates[-1] < 0.06


def moved(epochs: int, gently: bool) -> list[float]:
    """Return how far each group of layers moves, from the top down."""
    model, labels = language.Model(9, 0), np.array([0, 1, 2])
    classifier = ulmfit.Classifier(model, 3, 0)
    before = [[value.detach().clone() for value in group] for group in classifier.groups()]
    ulmfit.fit(classifier, TEXTS, labels, 0, epochs, gently)
    pairs = zip(classifier.groups(), before, strict=True)
    return [max(float((a - b).detach().abs().max()) for a, b in zip(*pair, strict=True)) for pair in pairs]


def test_layers_are_set_free_one_by_one() -> None:
    for epochs in (1, 2, 3):
        found: Ints = np.array(moved(epochs, gently=True))
        assert (found[:epochs] > 0).all() and (found[epochs:] == 0).all()
    assert min(moved(1, gently=False)) > 0


def test_lower_layers_move_less() -> None:
    found = moved(8, gently=True)
    assert found[0] > found[1] > found[2] > found[3] > 0


@pytest.mark.parametrize("run", [elmo.run, ulmfit.run])
def test_without_the_texts_it_says_which(run: Callable[[Effort], object]) -> None:
    with pytest.raises(DataError, match=r"english/train\.txt\.gz"):
        run(Effort(short=True))
