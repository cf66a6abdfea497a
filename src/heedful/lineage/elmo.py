"""ELMo (Peters et al. 2018): a word's vector depends on its sentence, from two language models, one each way.

What both models hold at each layer is mixed with learned weights; they themselves stay as they are. The
paper's models read letters and a billion words; these read whole words, far fewer. Shapes: see language.py.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, layer_norm

from heedful.lineage import language
from heedful.lineage.language import Model, Task
from heedful.lineage.outcome import Effort, Gate, Outcome
from heedful.types import Floats, Ints

WORDS, LABELS = (200_000, 20_000), 100  # of prose, in full and in short; of questions
Pair = tuple[Model, Model]


class Mixed(nn.Module):
    """gamma sum_j s_j h_j, s a softmax (equation 1), and a linear map of the text's mean to its class."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.mix, self.gamma = nn.Parameter(torch.zeros(language.LAYERS + 1)), nn.Parameter(torch.ones(()))
        self.weight = nn.Parameter(torch.zeros(width, classes))
        self.bias = nn.Parameter(torch.zeros(classes))

    def forward(self, layers: Tensor) -> Tensor:
        """Return logits (N, C) for the layers' means (N, L + 1, 2 W): the mixture's mean is the same."""
        mixed = self.gamma * (self.mix.softmax(0)[:, None] * layers).sum(1)
        return mixed @ self.weight + self.bias


def held(models: Pair, texts: list[Ints]) -> Tensor:
    """Return what both models hold of each text: means over its words, normed by layer, (N, L + 1, 2 W)."""
    sides = []
    for model, given in zip(models, (texts, [text[::-1] for text in texts]), strict=True):
        ids, inside = language.padded(given)
        with torch.inference_mode():
            layers = torch.stack(model(ids).layers, 2)  # (N, T, L + 1, W)
        normed = layer_norm(layers, layers.shape[-1:]) * inside[:, :, None, None]
        sides.append(normed.sum(1) / inside.sum(1)[:, None, None])
    return torch.cat(sides, -1)


def fit(layers: Tensor, labels: Tensor, steps: int = 200, decay: float = 1e-3) -> Mixed:
    """Learn the mixture and the linear map (Adam, weights decay)."""
    model = Mixed(layers.shape[-1], int(labels.max()) + 1)
    adam = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=decay)
    for _ in range(steps):
        adam.zero_grad()
        cross_entropy(model(layers), labels).backward()  # type: ignore[no-untyped-call]
        adam.step()
    return model


def right(models: Pair, given: Task, count: int, seed: int) -> tuple[Floats, Mixed]:
    """Learn from `count` labelled questions; return 1 or 0 for each of the test's, and the classifier."""
    texts, labels = given.few(count, seed)
    classifier = fit(held(models, texts).clone(), torch.from_numpy(labels))
    with torch.inference_mode():
        found = classifier(held(models, given.tested)).argmax(-1).numpy()
    return (found == given.wanted).astype(np.float64), classifier


def both_ways(given: Task, seed: int, epochs: int) -> tuple[Pair, list[float]]:
    """Read prose, then the questions without labels, forwards and backwards; return the forward losses."""
    models, losses = (Model(given.vocab, seed), Model(given.vocab, seed + 1)), []
    for model, step in zip(models, (1, -1), strict=True):
        for texts, passes in ((given.prose, 1), (given.texts, epochs)):
            losses.append(language.train(model, [text[::step] for text in texts], passes))
    return models, losses[0] + losses[1]


def run(effort: Effort) -> Outcome:
    """Questions by kind from few labels, with what two language models hold of them."""
    given = language.task(effort, effort.choose(*WORDS))
    models, losses = both_ways(given, effort.seed, effort.choose(3, 1))
    fresh = Model(given.vocab, effort.seed), Model(given.vocab, effort.seed + 1)
    seeds = effort.seeds(5)
    trained = [right(models, given, LABELS, seed) for seed in seeds]
    plain = [right(fresh, given, LABELS, seed)[0] for seed in seeds]
    what = f"kind of question from {LABELS} labels"
    paper = "0.7 to 4.2 points over strong models on six tasks (unverified)"
    gates = language.lift(what, paper, [a - b for (a, _), b in zip(trained, plain, strict=True)])
    gates += [
        Gate(f"{what}, language models trained", "none given", [float(one.mean()) for one, _ in trained]),
        Gate(f"{what}, the same models untrained", "none given", [float(one.mean()) for one in plain]),
    ]
    for number, name in enumerate(("the words' vectors", "the first layer", "the second layer")):
        shares = [float(model.mix.detach().softmax(0)[number]) for _, model in trained]
        gates.append(Gate(f"share of {name} in the mixture", "depends on the task", shares))
    return Outcome(gates, [language.learning(losses)])
