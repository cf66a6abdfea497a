"""ULMFiT (Howard and Ruder 2018): a whole language model is tuned for a task and does not forget.

Three stages: learn a language, go on with the task's texts (no labels), then learn the task: lower layers at
lower rates, rates that rise and fall as a slanted triangle, layers set free one by one. The paper's model has
three layers and read 103 million words; this one has two and read far fewer. Shapes as in language.py.
"""

import copy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu

from heedful.lineage import language
from heedful.lineage.language import Model, Task
from heedful.lineage.outcome import Effort, Gate, Outcome, Picture
from heedful.report.plot import Curve, plot
from heedful.types import Floats, Ints

WORDS, LABELS = (200_000, 20_000), 100  # of prose, in full and in short; of questions
RATE = 0.02  # the highest
CUT, RATIO = 0.1, 32  # share of the steps that rise, highest over lowest rate (section 3.2)
LOWER = 2.6  # how much lower a layer's rate is than that of the layer above (section 3.2)


class Classifier(nn.Module):
    """A language model, and on [last, largest, mean] of its top layer 50 units and a class (section 3.3)."""

    def __init__(self, model: Model, classes: int, seed: int) -> None:
        super().__init__()
        self.model = copy.deepcopy(model)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.hidden, self.output = nn.Linear(3 * language.WIDTH, 50), nn.Linear(50, classes)

    def forward(self, texts: list[Ints]) -> Tensor:
        """Return logits (B, C)."""
        ids, inside = language.padded(texts)
        top = self.model(ids).layers[-1]  # (B, T, W)
        outside, count = ~inside[:, :, None], inside.sum(1)
        last = top[torch.arange(len(top)), count - 1]
        mean = top.masked_fill(outside, 0).sum(1) / count[:, None]
        pooled = torch.cat([last, top.masked_fill(outside, -1).amax(1), mean], 1)
        return self.output(relu(self.hidden(pooled)))  # type: ignore[no-any-return]

    def groups(self) -> list[list[Tensor]]:
        """Return the parameters from the top down: the new layers, each LSTM, the word vectors."""
        layers: list[list[Tensor]] = [list(layer.parameters()) for layer in reversed(self.model.layers)]
        top: list[Tensor] = [*self.hidden.parameters(), *self.output.parameters()]
        return [top, *layers, [self.model.token.weight]]


def slanted(step: int, steps: int) -> float:
    """Return the share of the highest rate: equation 3."""
    cut = max(1, int(steps * CUT))
    share = step / cut if step < cut else 1 - (step - cut) / (cut * (1 / CUT - 1))
    return (1 + share * (RATIO - 1)) / RATIO


def fit(
    classifier: Classifier, texts: list[Ints], labels: Ints, seed: int, epochs: int, gently: bool
) -> None:
    """Learn the task: with the paper's three measures, or (not `gently`) all at once at one rate."""
    groups, random = classifier.groups(), np.random.default_rng(seed)
    rates = [RATE / LOWER**depth if gently else RATE for depth in range(len(groups))]
    adam = torch.optim.Adam([{"params": g, "lr": r} for g, r in zip(groups, rates, strict=True)])
    batches = max(1, len(texts) // 20)
    for epoch in range(epochs):
        for part, rows in enumerate(np.array_split(random.permutation(len(texts)), batches)):
            share = slanted(epoch * batches + part, epochs * batches) if gently else 1.0
            for depth, (group, highest) in enumerate(zip(adam.param_groups, rates, strict=True)):
                frozen = gently and depth > epoch  # one group more is free at each epoch
                group["lr"] = 0.0 if frozen else highest * share
            wanted = torch.from_numpy(labels[rows])
            adam.zero_grad()
            cross_entropy(classifier([texts[row] for row in rows]), wanted).backward()  # type: ignore[no-untyped-call]
            adam.step()


def right(model: Model, given: Task, seed: int, epochs: int, gently: bool = True) -> Floats:
    """Learn from labelled questions, starting from a language model; return 1 or 0 for each of the test's."""
    texts, labels = given.few(LABELS, seed)
    classifier = Classifier(model, int(given.labels.max()) + 1, seed)
    fit(classifier, texts, labels, seed, epochs, gently)
    with torch.inference_mode():
        found = classifier(given.tested).argmax(-1).numpy()
    return np.where(found == given.wanted, 1.0, 0.0)


def run(effort: Effort) -> Outcome:
    """Questions by kind from few labels, from a language model that knows the language, or does not."""
    given = language.task(effort, effort.choose(*WORDS))
    fresh = Model(given.vocab, effort.seed)
    prose = copy.deepcopy(fresh)
    losses = language.train(prose, given.prose)
    tuned = copy.deepcopy(prose)
    losses += language.train(tuned, given.texts, effort.choose(3, 1))
    epochs, seeds = effort.choose(30, 6), effort.seeds(5)
    whole = [right(tuned, given, seed, epochs) for seed in seeds]
    untrained = [right(fresh, given, seed, epochs) for seed in seeds]
    others = {
        "the language model untrained": untrained,
        "without the stage on the task's texts": [right(prose, given, seed, epochs) for seed in seeds[:3]],
        "all layers at once, one rate": [right(tuned, given, s, epochs, gently=False) for s in seeds[:3]],
    }
    what = f"kind of question from {LABELS} labels"
    paper = "as good with 100 labels as from scratch with 10 times as many (IMDb; unverified)"
    gates = language.lift(what, paper, [a - b for a, b in zip(whole, untrained, strict=True)])
    gates.append(Gate(f"{what}, all three stages", "none given", [float(one.mean()) for one in whole]))
    gates += [
        Gate(f"{what}, {name}", "worse", [float(one.mean()) for one in found])
        for name, found in others.items()
    ]
    steps = epochs * (LABELS // 20)
    rates = [
        Curve(name, [(step, RATE / LOWER**depth * slanted(step, steps) * (step >= depth * (LABELS // 20)))
                     for step in range(steps)], kind)
        for depth, (name, kind) in enumerate(
            (("new layers", "first"), ("second layer", "second"), ("first layer", "faint")))
    ]  # fmt: skip
    chart = plot(rates, "Rates of the layers", ("steps", "rate"))
    told = "A slanted triangle, lower for lower layers, which are set free one by one."
    return Outcome(gates, [Picture("Rates of the layers", told, chart), language.learning(losses)])
