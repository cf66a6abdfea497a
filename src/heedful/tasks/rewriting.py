"""One training of an encoder-decoder on pairs of texts, taken apart: model, batches, scores, folder."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from heedful.artefact import write_card
from heedful.data.bitext import Bitext, Pair, shorter
from heedful.data.parallel import Pair as Texts
from heedful.generate import Settings
from heedful.storage import writing
from heedful.tasks.prepare_pairs import PreparedPairs
from heedful.tasks.recipe import Recipe
from heedful.tasks.rewrite import Rewriter
from heedful.tasks.score_language import mean_loss
from heedful.tasks.translators import Built
from heedful.train.batches import by_length
from heedful.train.cores import Objective
from heedful.train.follow import Place, follow, take_mean
from heedful.train.objectives import sequence_to_sequence
from heedful.train.progress import Progress
from heedful.train.team import ALONE

TRIALS = 20
PATIENCE = 10  # trials without a better one
SAMPLE = 200  # pairs of dev that a trial answers
LITTLE = 5.0  # of 100; below this the loss tells more of a model than what it writes


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What the pairs are for: translation, or summaries.

    A trial writes with the settings `trial` and is scored by `judge(found, wanted)`, called `measure`.
    `answer(model, sources)` gives the final texts and counts of what befell them, `scores(sources, found,
    wanted)` their figures, `facts` these figures as the report has them; `file` keeps the texts. With `cut`,
    long sources are cut.
    """

    name: str
    file: str
    kind: type[Rewriter]
    title: str
    measure: str
    judge: Callable[[Sequence[str], Sequence[str]], float]
    answer: Callable[[Any, Sequence[str]], tuple[list[str], dict[str, int]]]
    scores: Callable[[list[str], list[str], list[str]], dict[str, Any]]
    facts: Callable[[Mapping[str, Any]], dict[str, Any]]
    trial: Mapping[str, Any] = field(default_factory=dict)
    cut: bool = False


CARD = """# {title} ({method})

On the command line: `heedful {name} THIS_FOLDER ...`.
In Python: `heedful.load("THIS_FOLDER").{name}(["a text"])[0].text`."""


class Rewriting:
    """One run: what is learned from, what is trained, how far it is."""

    def __init__(
        self,
        aim: Aim,
        method: str,
        recipe: Recipe,
        prepared: PreparedPairs,
        built: Built,
        out: Path,
        seed: int,
    ) -> None:
        self.aim, self.method, self.recipe, self.prepared = aim, method, recipe, prepared
        self.built, self.out, self.seed = built, out, seed
        before = tuple(prepared.tokenizer.around[:-1])
        self.bitext = Bitext(prepared.train, recipe.context, recipe.batch_tokens, seed, aim.cut, before)
        self.module = built.writer.transformer
        self.model = aim.kind(built.writer, recipe.context, prepared.prefix)
        start = built.writer.start
        self.exact = cast(Objective, partial(sequence_to_sequence, start=start))
        self.objective = cast(
            Objective, partial(sequence_to_sequence, start=start, smoothing=recipe.smoothing)
        )
        self.sample = self.tokens(prepared.dev[:SAMPLE])

    def batches(self, epoch: int) -> Sequence[Sequence[Pair]]:
        """Return the batches of an epoch."""
        return self.bitext.epoch(epoch)

    def tokens(self, pairs: Sequence[Texts]) -> list[Pair]:
        """Return pairs as tokens; those that are too long are cut at the context."""
        encode, most = self.prepared.tokenizer.encode, self.recipe.context
        sources = encode([self.prepared.prefix + source for source, _ in pairs]).ids
        targets = encode([target for _, target in pairs]).ids
        return [
            (shorter(np.array(a), most), shorter(np.array(b), most))
            for a, b in zip(sources, targets, strict=True)
        ]

    def evaluate(self) -> tuple[float, float, float]:
        """Return how good the likeliest texts are on a sample of dev, or LITTLE; minus its loss; how good."""
        most = max(len(target) for _, target in self.sample)
        how = Settings(max_tokens=min(self.recipe.context, most + most // 4), **self.aim.trial)
        found = self.model.answers([source.tolist() for source, _ in self.sample], how)
        wanted = [target for _, target in self.prepared.dev[:SAMPLE]]
        score = self.aim.judge([one[0].text for one in found], wanted)
        return max(score, LITTLE), -self.loss(self.sample), score

    def loss(self, pairs: Sequence[Pair]) -> float:
        """Return the mean of -log P over the tokens of the targets."""
        groups = by_length([len(a) + len(b) for a, b in pairs], self.recipe.batch_tokens)
        return mean_loss(self.module, [[pairs[row] for row in rows] for rows in groups], self.exact, ALONE)

    def train(
        self, seconds: float | None, epochs: int | None, save_seconds: float, tensorboard: bool, quiet: bool
    ) -> Progress:
        """Train from where the folder stands; the mean of the last checkpoints is taken if it is better."""
        recipe = self.recipe
        plan = recipe.plan(epochs=epochs, trials=TRIALS, patience=PATIENCE, spare=0.0, seed=self.seed)
        place = Place(
            out=self.out, what={**self.what(), "epochs": epochs, "seconds": seconds},
            keep=2 * recipe.average, quiet=quiet,
            measures=(("", 0.0), ("loss", -1.0), (self.measure, 1.0)),
            pause=save_seconds if recipe.average == 1 else math.inf,
            board=self.out / "tensorboard" if tensorboard else None,
        )  # fmt: skip
        self.module.requires_grad_(True)
        progress, keeper = follow(
            self.module, self.batches, self.objective, plan, seconds, self.evaluate, place
        )
        self.averaged = recipe.average > 1 and take_mean(self.module, keeper, recipe.average, self.evaluate)
        self.module.requires_grad_(False)
        return progress

    def what(self) -> dict[str, Any]:
        """Return what tells this run from others."""
        return {
            "task": self.aim.name, "method": self.method, "recipe": asdict(self.recipe), "seed": self.seed,
            "pairs": dict(self.prepared.train.about),
        }  # fmt: skip

    @property
    def measure(self) -> str:
        """What a trial is scored by."""
        return self.aim.measure

    def save(self, figures: dict[str, Any]) -> None:
        """Write the model's folder, whole or not at all."""
        name = self.aim.name
        text = CARD.format(title=self.aim.title, method=self.method, name=name)
        self.write(name, text, figures, {"prefix": self.prepared.prefix})

    def write(self, name: str, text: str, figures: dict[str, Any], state: dict[str, Any]) -> None:
        """Write the model's folder with its card."""
        recipe = self.recipe
        state = {"method": self.method, "max_tokens": recipe.context, **state}
        with writing(self.out / "model") as fresh:
            self.built.save(fresh)
            self.prepared.tokenizer.save(fresh)
            write_card(fresh, name, name, figures, text, params=asdict(recipe), state=state)
