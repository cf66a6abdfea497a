"""From pairs of texts to the folder of an encoder-decoder, whatever the pairs are for."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedful.storage import locked
from heedful.tasks.prepare_pairs import Given, prepare_pairs
from heedful.tasks.recipe import Limit, Recipe
from heedful.tasks.rewriting import Aim, Rewriting
from heedful.tasks.rewriting_report import figures, tell
from heedful.tasks.translators import Built, build, opened
from heedful.train.progress import Progress


@dataclass(frozen=True, kw_only=True)
class How:
    """How to train on pairs: by a `method` from nothing, or, with `model`, by tuning that encoder-decoder.

    `tokenizer` is a kind to learn or a folder that has one. The training ends after `minutes` (15) or
    `epochs`. `say` hears what is done (None: nobody).
    """

    method: str = "transformer"
    model: str | None = None
    tokenizer: str = "bpe"
    minutes: float | None = None
    epochs: int | None = None
    seed: int = 0
    tensorboard: bool = False
    save_seconds: float = 120.0
    say: Callable[[str], None] | None = None

    def seconds(self, recipe: Recipe) -> float | None:
        """Return the limit of time, None where epochs alone end the training; ConfigError if it is none."""
        return None if self.epochs and self.minutes is None else Limit.of(self.minutes, None, recipe).seconds

    def hear(self, text: str) -> None:
        """Tell who listens."""
        if self.say:
            self.say(text)

    def chosen(self) -> Built | None:
        """Open the model that is tuned."""
        return opened(self.model) if self.model else None

    @property
    def name(self) -> str:
        """The method as figures name it."""
        return f"tuned from {self.model}" if self.model else self.method

    def train(self, run: Rewriting) -> Progress:
        """Train from where the folder of a run stands."""
        seconds = self.seconds(run.recipe)
        return run.train(seconds, self.epochs, self.save_seconds, self.tensorboard, quiet=self.say is None)


def fit_pairs(aim: Aim, given: Given, out: Path, recipe: Recipe, how: How) -> dict[str, Any]:
    """Clean, cut into tokens, train, score, save and tell; return the figures."""
    how.seconds(recipe)
    with locked(out):
        chosen = how.chosen()
        words = chosen.writer.tokenizer if chosen else how.tokenizer
        prepared = prepare_pairs(given, words, recipe.vocab, out / "data", how.hear)
        for note in prepared.notes:
            how.hear(note)
        built = chosen or build(how.method, recipe, prepared.tokenizer, how.seed)
        run = Rewriting(aim, how.name, recipe, prepared, built, out, how.seed)
        progress = how.train(run)
        how.hear(f"answering the {'test' if prepared.test else 'dev'} part")
        found = figures(run, progress, len(run.batches(progress.epoch)))
        run.save(found)
        tell(run, found)
    return found
