"""Training one model on several tasks at once, told apart by prefixes."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from heedful.report.machine import machine
from heedful.storage import locked, writing
from heedful.tasks.fit_pairs import How
from heedful.tasks.mixed import Mixed, Task, read_tasks
from heedful.tasks.prepare import make
from heedful.tasks.prepare_pairs import prepare_pairs, sides
from heedful.tasks.rewriting import Rewriting
from heedful.tasks.rewriting_report import axis, examples, figures
from heedful.tasks.translators import build, recipe_of
from heedful.text.marks import MARKS
from heedful.text.tokenizer import UNCUT, Tokenizer
from heedful.train.follow import METRICS
from heedful.train.metrics import read_metrics
from heedful.train.report import write_report


def fit_mix(tasks: str | Path, out: str | Path, *, size: str = "mini", **settings: Any) -> dict[str, Any]:
    """Train a model on the tasks of a YAML file (see `heedful.tasks.mixed.read_tasks`); return its figures.

    Otherwise as `fit_translate`. `out` gets a folder with what was written for each task too.
    """
    listed, temperature = read_tasks(Path(tasks))
    how, out = How(**settings), Path(out)
    recipe = recipe_of(how.method, size, how.model is not None, context=256)
    how.seconds(recipe)
    with locked(out):
        chosen = how.chosen()
        words = chosen.writer.tokenizer if chosen else joint(listed, recipe.vocab, out, how)
        built = chosen or build(how.method, recipe, words, how.seed)
        parts = []
        for name, one in zip(names(listed), listed, strict=True):
            data = prepare_pairs(one.given, words, recipe.vocab, out / "data" / name, how.hear, out)
            parts.append(Rewriting(one.aim, how.name, recipe, data, built, out / name, how.seed))
        run = Mixed(parts, temperature, out)
        progress, batches = how.train(run), len(run.batches(0))
        for part in parts:
            part.averaged = run.averaged
            part.out.mkdir(exist_ok=True)
        scored = {part.out.name: figures(part, progress, batches) for part in parts}
        found = {"task": "mix", "method": how.name, "temperature": temperature, "tasks": scored}
        run.save(found)
        tell(run, found)
    return found


def names(tasks: list[Task]) -> list[str]:
    """Return a name for each task: its kind and its number."""
    return [f"{one.aim.name}-{number}" for number, one in enumerate(tasks, 1)]


def joint(tasks: list[Task], vocab: int, out: Path, how: How) -> Tokenizer:
    """Return a tokenizer for all tasks: the one that was learned of the same texts, or a new one."""
    about = [[one.given.fingerprints(), one.given.prefix] for one in tasks]
    folder = (
        out
        / "data"
        / f"tokenizer-{sha256(json.dumps([about, how.tokenizer, vocab]).encode()).hexdigest()[:16]}"
    )
    if folder.is_dir():
        return Tokenizer.load(folder, UNCUT)

    def pieces() -> Iterator[Any]:
        for one in tasks:
            yield from sides(one.given.cleaning().good(one.given.train.numbered()), one.given.prefix)

    how.hear("learning the tokenizer")
    made = make(how.tokenizer, pieces(), vocab, MARKS["translate"], UNCUT)
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
