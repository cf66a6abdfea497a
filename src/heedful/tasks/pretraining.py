"""One pretraining run, taken apart: what is read, what is trained, what is told, what is kept."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import nn

from heedful.artefact import write_card
from heedful.checkpoint.describe import operations
from heedful.checkpoint.folder import save_transformer
from heedful.core.model import Transformer
from heedful.data.chunks import Batches
from heedful.errors import ConfigError
from heedful.storage import writing
from heedful.tasks.fresh import planned
from heedful.tasks.prepare import Prepared
from heedful.tasks.recipe import Limit, Recipe
from heedful.tasks.score_language import mean_loss
from heedful.tasks.ways import KINDS, Kind, Way
from heedful.train.follow import Place, follow, take_mean
from heedful.train.initial import begin
from heedful.train.progress import Progress
from heedful.train.shares import whole
from heedful.train.team import Team

TRIALS = 12
SAMPLE = 1 << 15  # held-out tokens of a trial


def kind_of(objective: str, recipe: Recipe) -> Kind:
    """Return the way that an objective and a recipe's noise name."""
    if objective not in KINDS:
        raise ConfigError(f"there is no objective {objective!r}; known are {', '.join(KINDS)}.")
    ways = KINDS[objective]
    noise = recipe.noise or next(iter(ways))
    if noise not in ways:
        raise ConfigError(f"noise is {noise!r}; {objective} has {', '.join(ways)}.")
    return ways[noise]


class Pretraining:
    """One run, taken apart: what is read, what is trained, what is told."""

    def __init__(
        self, objective: str, recipe: Recipe, prepared: Prepared, out: Path, seed: int, team: Team,
        tensorboard: bool = False,
    ) -> None:  # fmt: skip
        self.objective, self.recipe, self.prepared = objective, recipe, prepared
        self.out, self.seed, self.team = out, seed, team
        self.board = out / "tensorboard" if tensorboard else None
        self.kind = kind_of(objective, recipe)
        self.way: Way = self.kind.bind(prepared.tokenizer, recipe, seed)
        kind = self.kind
        self.model, self.form = planned(recipe, prepared.tokenizer, kind.marks, kind.family, (kind.head,))
        with torch.device("meta"):
            self.module: nn.Module = self.way.wrap(self.model)
        begin(self.module, seed, team)
        self.held = Batches(self.way.source(prepared.dev, False), 0, recipe.rows, self.way.make)
        self.sample = list(islice(self.held, max(1, SAMPLE // recipe.batch_tokens)))

    def batches(self, epoch: int) -> Sequence[Sequence[Any]]:
        """Return the batches of an epoch."""
        source = self.way.source(self.prepared.train, True)
        return Batches(source, epoch, self.recipe.rows, self.way.make)

    def evaluate(self) -> tuple[float]:
        """Return minus the mean loss on a sample of what is held out."""
        return (-mean_loss(self.module, self.sample, self.way.objective, self.team),)

    def train(self, limit: Limit, save_seconds: float, quiet: bool) -> Progress:
        """Train from where the folder stands."""
        recipe, team = self.recipe, self.team
        plan = recipe.plan(steps=limit.steps, trials=TRIALS, spare=0.0, seed=self.seed)
        what = {
            "objective": self.objective, "recipe": asdict(recipe), "seed": self.seed,
            "steps": limit.steps, "minutes": limit.minutes, "tokens": dict(self.prepared.train.about),
        }  # fmt: skip
        place = Place(
            out=self.out, what=what, keep=2 * recipe.average, pause=self.pause(save_seconds),
            flops=flops(self.model, recipe.context), board=self.board, quiet=quiet,
        )  # fmt: skip
        progress, keeper = follow(
            self.module, self.batches, self.way.objective, plan, limit.seconds, self.evaluate, place, team
        )
        if recipe.average > 1:
            take_mean(self.module, keeper, recipe.average, self.evaluate)
        return progress

    def pause(self, seconds: float) -> float:
        """Return the seconds between two checkpoints; where their mean counts, only trials write them."""
        return seconds if self.recipe.average == 1 else math.inf

    def save(self, figures: dict[str, Any]) -> None:
        """Write the model's folder, whole or not at all."""
        state = {name: kept(whole(value), self.team) for name, value in self.model.state_dict().items()}
        if not self.team.first:
            return
        with writing(self.out / "model") as fresh:
            save_transformer(self.model, self.form, fresh, state)
            self.prepared.tokenizer.save(fresh)
            text = f"# A {self.form.family.name} model pretrained by {self.objective}"
            write_card(fresh, "pretrain", self.objective, figures, text, params=asdict(self.recipe))


def kept(value: torch.Tensor, team: Team) -> torch.Tensor:
    """Return the value in the process that writes, nothing in the others."""
    return value if team.first else value[:0]


def flops(model: Transformer, context: int) -> float | None:
    """Return the operations of a training step for each token: three times those of the forward pass.

    None with an encoder and a decoder: what is counted are targets, and the sources hang on the noise.
    """
    if model.encoder is not None and model.decoder is not None:
        return None
    found = operations(model)
    return 3.0 * (found["per_token"] + found["per_token_looked_at"] * context / 2)
