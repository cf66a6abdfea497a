"""Back-propagation by hand against autograd, and the family trees."""

import numpy as np
import torch

from heedful.lineage import backpropagation, family_trees, multilayer
from heedful.lineage.outcome import Effort


def test_the_gradient_is_autograd_s() -> None:
    random = np.random.default_rng(0)
    weights = backpropagation.begin((3, 4, 2), [0, 1], 1.0)
    x, wanted = random.normal(size=(5, 3)), random.uniform(size=(5, 2))
    slopes = backpropagation.backward(weights, backpropagation.forward(weights, x), wanted)
    leaves = [torch.tensor(layer, requires_grad=True) for layer in weights]
    y = torch.tensor(x).expand(2, 5, 3)
    for leaf in leaves:
        y = torch.sigmoid(torch.cat([y, torch.ones(2, 5, 1, dtype=y.dtype)], -1) @ leaf)
    (((y - torch.tensor(wanted)) ** 2).sum() / 2).backward()
    for mine, leaf in zip(slopes, leaves, strict=True):
        assert np.abs(mine - leaf.grad.numpy()).max() < 1e-12  # type: ignore[union-attr]


def test_networks_side_by_side_are_those_of_their_own() -> None:
    x, rule = multilayer.patterns(2), backpropagation.Rule(0.5, 0.9, 50)
    wanted = (x.sum(axis=1, keepdims=True) == 1) * 1.0
    both, one = backpropagation.begin((2, 2, 1), [3, 4], 0.3), backpropagation.begin((2, 2, 1), [4], 0.3)
    for weights in (both, one):
        backpropagation.train(weights, x, wanted, rule)
    assert all(np.allclose(a[1], b[0], atol=1e-12) for a, b in zip(both, one, strict=True))


def test_there_are_104_questions_about_two_families_of_one_shape() -> None:
    found = family_trees.triples()
    assert len(found) == 104
    english = {(a, b, c) for a, b, c in found if a < 12}
    assert {(a + 12, b, frozenset(one + 12 for one in c)) for a, b, c in english} == set(found) - english
    colin = {relation: people for person, relation, people in found if person == 10}
    assert colin == {"father": {7}, "mother": {6}, "uncle": {5, 9}, "aunt": {4, 8}, "sister": {11}}


def test_connections_that_are_not_there_stay_away() -> None:
    weights = backpropagation.begin(family_trees.SIZES, [0], 1.0)
    masks = family_trees.masks()
    weights = [layer * mask for layer, mask in zip(weights, masks, strict=True)]
    x, wanted = family_trees.coded(family_trees.triples())
    backpropagation.train(weights, x, wanted, backpropagation.Rule(0.05, 0.9, 3), masks)
    assert (weights[0][0, :24, 6:] == 0).all() and (weights[0][0, 24:36, :6] == 0).all()
    assert (weights[0][0, :24, :6] != 0).all()


def test_right_means_the_people_asked_for_come_first() -> None:
    wanted = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    found = np.array([[0.4, 0.1, 0.3], [0.6, 0.5, 0.0]])
    assert family_trees.right(found, wanted).tolist() == [1.0, 0.0]


def test_the_short_experiment_passes() -> None:
    assert multilayer.run(Effort(short=True)).passed
