"""`compare`: read, check, split, then one method after the other, each measured in a process of its own."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from heedful import __version__
from heedful.artefact import CARD
from heedful.compare.document import opening
from heedful.compare.launch import run_method
from heedful.compare.leaderboard import PAGE, Leaderboard
from heedful.compare.rank import Row, Scored, failed, rank, score
from heedful.compare.results import Result
from heedful.data.checks import inspect
from heedful.data.splits import Split, split
from heedful.data.table import read_table
from heedful.errors import ConfigError, DataError, ServiceError
from heedful.estimator import Clock
from heedful.models import LEADERBOARD, METHODS
from heedful.storage import locked

WEIGHTS = {  # how the time is shared among the methods; what one leaves over goes to those after it
    "majority": 1, "bayes": 3, "ngram": 5, "word2vec": 8, "cnn": 12, "lstm": 20,
    "probe": 35, "neighbours": 35, "fewshot": 35, "finetune": 80,
}  # fmt: skip
SETTINGS: Mapping[str, Mapping[str, Any]] = {"fewshot": {"shots": 8, "steps": 60}}  # unless others are named
SPLIT_SEED = 0
RESERVE_SHARE = 0.03  # of the whole time, for reading back, scoring and writing
GRACE_SECONDS = 10.0  # a worker may overrun its share by this before it is ended

Methods = Iterable[str] | Mapping[str, Mapping[str, Any]]
Progress = Callable[[str, Mapping[str, Any]], None]


def compare(
    table: Any,
    *,
    text: str | None = None,
    label: str | None = None,
    test: Any = None,
    methods: Methods | None = None,
    seeds: int = 3,
    minutes: float = 20,
    out: Path | str | None = None,
    leaks: Literal["drop", "keep"] = "drop",
    progress: Progress | None = None,
) -> Leaderboard:
    """Train every method on one split of a table, score it on the test part, and keep it all in a folder.

    `table` (and `test`, where a test part is published) is a file, a catalogue name or a DataFrame.
    `methods` are names, or a mapping from names to settings. `minutes` bounds the whole run. `out` is the
    folder (else NAME-compare here); what an earlier run of the same finished there is taken over. `progress`
    is called with ("check", document), ("start", {"name", "seconds"}), ("end", row and "reused")
    and ("done", {"folder"}). DataError: nothing can be learned from the table. ServiceError: no method
    finished.
    """
    clock = Clock(minutes * 60)
    chosen = _chosen(methods)
    _check_settings(seeds, minutes, leaks)
    train = read_table(table, text=text, label=label)
    named = (text or train.text_column, label or train.label_column)
    tested = None if test is None else read_table(test, *named)
    found = inspect(train, tested)
    parts = split(train, tested, found, seed=SPLIT_SEED, leaks=leaks)
    document = opening(train, tested, found, parts, seeds=seeds, minutes=minutes, leaks=leaks)
    tell = progress or silent
    tell("check", document)
    folder = Path(out if out is not None else f"{document['name']}-compare")
    _check_free(folder, chosen)
    with locked(folder):
        run = Run(folder, chosen, parts, list(range(seeds)), minutes, clock, document, tell)
        return run.all()


def silent(event: str, about: Mapping[str, Any]) -> None:
    """Say nothing."""


def _chosen(methods: Methods | None) -> dict[str, Mapping[str, Any]]:
    """Return the settings of each method, in the order of METHODS."""
    if isinstance(methods, str):
        methods = [methods]
    named = (
        dict(methods)
        if isinstance(methods, Mapping)
        else {name: {} for name in (METHODS if methods is None else methods)}
    )
    if methods is not None and not named:
        raise ConfigError(f"no method is named; known are {', '.join(METHODS)}.")
    for name in named:
        if name not in METHODS:
            near = get_close_matches(name, METHODS, n=1)
            hint = f"Did you mean {near[0]}?" if near else ""
            raise ConfigError(f"unknown method {name!r}. {hint} Known are {', '.join(METHODS)}.")
    return {name: {**SETTINGS.get(name, {}), **named[name]} for name in METHODS if name in named}


def _check_settings(seeds: int, minutes: float, leaks: str) -> None:
    if not 1 <= seeds <= 100:
        raise ConfigError(f"found {seeds} seeds; expected 1 to 100.")
    if not 0 < minutes < float("inf"):
        raise ConfigError(f"found {minutes} minutes; expected more than 0.")
    if leaks not in ("drop", "keep"):
        raise ConfigError(f"found leaks={leaks!r}; expected 'drop' or 'keep'.")


def _check_free(folder: Path, methods: Iterable[str]) -> None:
    """Refuse a folder where the run would write over what is not its own."""
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; expected a folder to write to. Name another one with --out.")
    foreign = [n for n in methods if (folder / n).exists() and not (folder / n / CARD).is_file()]
    if (folder / LEADERBOARD).exists():
        Leaderboard.load(folder)
    elif (folder / PAGE).exists():
        foreign.append(PAGE)
    if foreign:
        raise DataError(
            f"{folder} already has {foreign[0]!r}, which Heedful did not make. Name another --out folder."
        )


@dataclass
class Run:
    """One comparison under way."""

    folder: Path
    methods: dict[str, Mapping[str, Any]]
    parts: Split
    seeds: list[int]
    minutes: float
    clock: Clock
    document: Row
    tell: Progress
    scored: list[Scored] = field(default_factory=list)

    def all(self) -> Leaderboard:
        """Run what is not there yet; the leaderboard on disk grows with each method."""
        kept = {name: result for name in self.methods if (result := self._kept(name))}
        todo = [name for name in self.methods if name not in kept]
        for name in self.methods:
            result, why = (kept[name], None) if name in kept else self._train(name, todo)
            one = failed(name, why or "") if result is None else score(result, self.parts.test, self.folder)
            self.scored.append(one)
            board = self._board()
            board.save(self.folder)
            self.tell("end", {**one.row, "reused": name in kept})
        if board.best_ is None:
            reasons = "; ".join(f"{one.row['name']}: {one.row['why']}" for one in self.scored)
            raise ServiceError(f"no method finished: {reasons}")
        self.tell("done", {"folder": self.folder.as_posix()})
        return board

    def _board(self) -> Leaderboard:
        self.document = {**self.document, **rank(self.scored), "seconds": self.clock.elapsed()}
        cut = [one.row["truncated"] for one in self.scored if one.samples is not None]
        most = round(max(cut, default=0) * len(self.parts.test.texts))  # by the method that cuts most
        self.document["data"] = {**self.document["data"], "truncated": most}
        return Leaderboard(self.document)

    def _kept(self, name: str) -> Result | None:
        result = Result.read(self.folder, name)
        if result is None or not result.serves(self._key(name), self.seeds, self.minutes):
            return None
        return result if result.artefact_fits(self.folder) else None

    def _train(self, name: str, todo: list[str]) -> tuple[Result | None, str | None]:
        left = self.clock.left() - RESERVE_SHARE * self.clock.seconds
        if left <= 0:
            return None, f"the {self.minutes:g} minutes were over before it began; give more with --minutes."
        weights = [WEIGHTS.get(one, 15) for one in todo[todo.index(name) :]]
        grace = min(GRACE_SECONDS, left / 4)
        seconds = (left - grace) * weights[0] / sum(weights)
        self.tell("start", {"name": name, "seconds": seconds})
        return run_method(self._job(name, seconds), seconds + grace)

    @cached_property
    def _texts(self) -> dict[str, Any]:
        """The three parts, as a worker gets them."""
        parts = {"train": self.parts.train, "dev": self.parts.dev, "test": self.parts.test}
        return {name: (list(part.texts), list(part.labels)) for name, part in parts.items()}

    @cached_property
    def _data(self) -> str:
        return hashlib.sha256(json.dumps(self._texts).encode()).hexdigest()

    def _key(self, name: str) -> str:
        """Name all that a method's outcome depends on, but for the seeds and the time."""
        about = [__version__, self._data, self.document["fingerprint"], name, dict(self.methods[name])]
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

    def _job(self, name: str, seconds: float) -> Row:
        return {
            "method": name,
            "home": METHODS[name],
            "params": dict(self.methods[name]),
            "seeds": self.seeds,
            "seconds": seconds,
            "ends_at": time.time() + seconds,
            "minutes": self.minutes,
            "folder": str(self.folder.absolute()),
            "key": self._key(name),
            "about": {
                "table": self.document["name"],
                "text_column": self.document["columns"]["text"],
                "label_column": self.document["columns"]["label"],
                "data_fingerprint": self.document["fingerprint"],
                "train_rows": len(self.parts.train.texts),
                "heedful": __version__,
            },
            **self._texts,
        }
