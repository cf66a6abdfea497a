"""One model for several tasks, told apart by what stands before a text (Raffel et al. 2020, section 2.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heedful.data.bitext import Mixture, Pair
from heedful.errors import ConfigError
from heedful.tasks.fit_summarize import SUMMARY
from heedful.tasks.fit_summarize import given as documents
from heedful.tasks.fit_translate import TRANSLATION
from heedful.tasks.fit_translate import given as parallel
from heedful.tasks.prepare_pairs import Given
from heedful.tasks.recipe import read_yaml
from heedful.tasks.rewriting import Aim, Rewriting

TASKS = {"translate": (TRANSLATION, parallel), "summarize": (SUMMARY, documents)}
FILES, COLUMNS = ("train", "dev", "test"), ("source", "target")
KNOWN = ("task", "prefix", *FILES, *COLUMNS)
CARD = """# A model for {count} tasks

A text begins with what is to be done with it: {prefixes}.

On the command line: `heedful generate THIS_FOLDER "{first}..."`, or `heedful translate` and
`heedful summarize` with `--prefix`.
In Python: `heedful.load("THIS_FOLDER").write(["{first}..."])[0].text`."""


@dataclass(frozen=True)
class Task:
    """One of the tasks: what it is for, and its pairs."""

    aim: Aim
    given: Given


def read_tasks(file: Path) -> tuple[list[Task], float]:
    """Return the tasks of a YAML file, and the temperature at which they are mixed.

    It has a list `tasks`, each with `task` (translate or summarize), `prefix`, `train`, and perhaps `dev`,
    `test`, `source` and `target`, as the options of `heedful fit` have them; files lie beside it.
    """
    found = read_yaml(file)
    listed, temperature = found.get("tasks"), found.get("temperature", 2.0)
    if not isinstance(listed, list) or len(listed) < 2 or not all(isinstance(one, dict) for one in listed):
        raise ConfigError(f"{file} lists no tasks; expected two or more under `tasks:`.")
    if type(temperature) not in (int, float) or not 0.1 <= temperature <= 100:
        raise ConfigError(f"{file}: temperature is {temperature!r:.50}; expected a number from 0.1 to 100.")
    tasks = [task(one, number, file) for number, one in enumerate(listed, 1)]
    prefixes = [one.given.prefix for one in tasks]
    if len(set(prefixes)) < len(prefixes):
        raise ConfigError(f"{file}: two tasks have the same prefix; the model could not tell them apart.")
    return tasks, float(temperature)


def task(one: Mapping[str, Any], number: int, file: Path) -> Task:
    """Return one task of the file; ConfigError where it says what it cannot."""
    where = f"{file}, task {number}"
    unknown = [name for name in one if name not in KNOWN]
    if unknown:
        raise ConfigError(f"{where} sets {unknown[0]!r:.50}; known are {', '.join(KNOWN)}.")
    if one.get("task") not in TASKS:
        raise ConfigError(f"{where}: task is {one.get('task')!r:.50}; expected {' or '.join(TASKS)}.")
    wrong = [name for name in ("prefix", *COLUMNS) if not isinstance(one.get(name, ""), str)]
    if wrong or not one.get("prefix") or not one.get("train"):
        raise ConfigError(f"{where} lacks a prefix or train, or has one that is no text.")
    aim, open_given = TASKS[one["task"]]
    train, dev, test = (files(one.get(name), file.parent, where) for name in FILES)
    given = open_given(train, dev, test, one.get("source"), one.get("target"), one["prefix"])
    return Task(aim, given)


def files(value: Any, folder: Path, where: str) -> list[Path]:
    """Return the files that a value names: none, one or several."""
    named = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) for name in named):
        raise ConfigError(f"{where} names {value!r:.80}; expected a file, or a list of two.")
    return [folder / name for name in named]


class Mixed(Rewriting):
    """One run on several tasks; `sides` are the same model on each of them alone."""

    def __init__(self, sides: Sequence[Rewriting], temperature: float, out: Path) -> None:
        first = sides[0]
        super().__init__(first.aim, first.method, first.recipe, first.prepared, first.built, out, first.seed)
        self.sides, self.temperature = sides, temperature
        self.mixture = Mixture([side.bitext for side in sides], temperature, first.seed)

    def batches(self, epoch: int) -> Sequence[Sequence[Pair]]:
        """Return the batches of an epoch."""
        return self.mixture.epoch(epoch)

    def evaluate(self) -> tuple[float, float, float]:
        """Return the means over the tasks."""
        parts = zip(*(side.evaluate() for side in self.sides), strict=True)
        first, loss, score = (sum(values) / len(self.sides) for values in parts)
        return first, loss, score

    @property
    def measure(self) -> str:
        """What a trial is scored by."""
        return "mean score"

    def what(self) -> dict[str, Any]:
        """Return what tells this run from others."""
        return {"temperature": self.temperature, "tasks": [side.what() for side in self.sides]}

    def save(self, figures: dict[str, Any]) -> None:
        """Write the model's folder, whole or not at all."""
        prefixes = [side.prepared.prefix for side in self.sides]
        quoted = ", ".join(f"`{prefix}`" for prefix in prefixes)
        text = CARD.format(count=len(prefixes), prefixes=quoted, first=prefixes[0])
        self.write("mix", text, figures, {"prefixes": prefixes})
