"""Training one model on several tasks at once, told apart by prefixes."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from heedful.report.machine import machine
from heedful.storage import locked, writing
from heedful.tasks.mixed import Mixed, Task, read_tasks
from heedful.tasks.prepare import make
from heedful.tasks.prepare_pairs import prepare_pairs, sides
from heedful.tasks.recipe import Limit
from heedful.tasks.rewriting import Rewriting
from heedful.tasks.rewriting_report import axis, examples, figures
from heedful.tasks.translators import build, opened, recipe_of
from heedful.text.marks import MARKS
from heedful.text.tokenizer import UNCUT, Tokenizer
from heedful.train.follow import METRICS
from heedful.train.metrics import read_metrics
from heedful.train.report import write_report


def fit_mix(
    tasks: str | Path, out: str | Path, *, method: str = "transformer", size: str = "mini",
    tokenizer: str = "bpe", model: str | None = None, minutes: float | None = None,
    epochs: int | None = None, seed: int = 0, tensorboard: bool = False, save_seconds: float = 120.0,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train a model on the tasks of a YAML file (see `heedful.tasks.mixed.read_tasks`); return its figures.

    Otherwise as `fit_translate`. `out` gets a folder with what was written for each task too.
    """
    listed, temperature = read_tasks(Path(tasks))
    recipe, out = recipe_of(method, size, model is not None, context=256), Path(out)
    seconds = None if epochs and minutes is None else Limit.of(minutes, None, recipe).seconds
    hear = say or (lambda text: None)  # noqa: ARG005
    with locked(out):
        chosen = opened(model) if model else None
        words = chosen.writer.tokenizer if chosen else joint(listed, tokenizer, recipe.vocab, out, hear)
        prepared = [
            prepare_pairs(one.given, words, recipe.vocab, out / "data" / name, hear, out)
            for name, one in zip(names(listed), listed, strict=True)
        ]
        built = chosen or build(method, recipe, words, seed)
        how = f"tuned from {model}" if chosen else method
        parts = [
            Rewriting(one.aim, how, recipe, data, built, out / name, seed)
            for name, one, data in zip(names(listed), listed, prepared, strict=True)
        ]
        run = Mixed(parts, temperature, out)
        progress = run.train(seconds, epochs, save_seconds, tensorboard, quiet=say is None)
        for part in parts:
            part.averaged = run.averaged
            part.out.mkdir(exist_ok=True)
        scored = {part.out.name: figures(part, progress, len(run.batches(0))) for part in parts}
        found = {"task": "mix", "method": how, "temperature": temperature, "tasks": scored}
        run.save(found)
        tell(run, found)
    return found


def names(tasks: list[Task]) -> list[str]:
    """Return a name for each task: its kind and its number."""
    return [f"{one.aim.name}-{number}" for number, one in enumerate(tasks, 1)]


def joint(tasks: list[Task], kind: str, vocab: int, out: Path, say: Callable[[str], None]) -> Tokenizer:
    """Return a tokenizer for all tasks: the one that was learned of the same texts, or a new one."""
    about = [[one.given.fingerprints(), one.given.prefix] for one in tasks]
    folder = out / "data" / f"tokenizer-{sha256(json.dumps([about, kind, vocab]).encode()).hexdigest()[:16]}"
    if folder.is_dir():
        return Tokenizer.load(folder, UNCUT)

    def pieces() -> Iterator[Any]:
        for one in tasks:
            yield from sides(one.given.cleaning().good(one.given.train.numbered()), one.given.prefix)

    say("learning the tokenizer")
    made = make(kind, pieces(), vocab, MARKS["translate"], UNCUT)
    with writing(folder) as fresh:
        made.save(fresh)
    return made


def tell(run: Mixed, found: dict[str, Any]) -> None:
    """Write report.html."""
    facts: dict[str, object] = {}
    for side in run.sides:
        scores = side.aim.facts(found["tasks"][side.out.name]["scores"])
        facts |= {f"{side.prepared.prefix.strip()} {name}": values for name, values in scores.items()}
    shares = dict(zip((side.out.name for side in run.sides), run.mixture.counts.tolist(), strict=True))
    facts |= {"Batches of an epoch": shares, "Model": {**asdict(run.recipe), "seed": run.seed}}
    facts["Machine"] = machine()
    shown = [pair for side in run.sides for pair in examples(side)[:3]]
    write_report(
        run.out / "report.html", f"{len(run.sides)} tasks: {run.out.name}", read_metrics(run.out / METRICS),
        facts, {}, shown, axis=axis(run), measure=run.measure,
    )  # fmt: skip
