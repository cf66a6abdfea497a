"""From pairs of texts to the folder of an encoder-decoder, whatever the pairs are for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from heedful.storage import locked
from heedful.tasks.prepare_pairs import Given, prepare_pairs
from heedful.tasks.recipe import Limit, Recipe
from heedful.tasks.rewriting import Aim, Rewriting
from heedful.tasks.rewriting_report import figures, tell
from heedful.tasks.translators import build, opened


def fit_pairs(
    aim: Aim, given: Given, out: Path, recipe: Recipe, method: str, model: str | None, *, tokenizer: str,
    minutes: float | None, epochs: int | None, seed: int, tensorboard: bool, save_seconds: float,
    say: Callable[[str], None] | None,
) -> dict[str, Any]:  # fmt: skip
    """Clean, cut into tokens, train, score, save and tell; return the figures."""
    seconds = None if epochs and minutes is None else Limit.of(minutes, None, recipe).seconds
    hear = say or (lambda text: None)  # noqa: ARG005
    with locked(out):
        chosen = opened(model) if model else None
        prepared = prepare_pairs(
            given, chosen.writer.tokenizer if chosen else tokenizer, recipe.vocab, out / "data", hear
        )
        for note in prepared.notes:
            hear(note)
        built = chosen or build(method, recipe, prepared.tokenizer, seed)
        how = f"tuned from {model}" if chosen else method
        run = Rewriting(aim, how, recipe, prepared, built, out, seed)
        progress = run.train(seconds, epochs, save_seconds, tensorboard, quiet=say is None)
        hear(f"answering the {'test' if prepared.test else 'dev'} part")
        found = figures(run, progress, len(run.batches(progress.epoch)))
        run.save(found)
        tell(run, found)
    return found
