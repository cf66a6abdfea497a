"""Runs of experiments: one technique, or all of them, with what the run was made on."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from heedful.errors import DataError
from heedful.lineage.outcome import Effort, Gate, Outcome
from heedful.lineage.page import guide, page
from heedful.lineage.story import Technique, named
from heedful.report.machine import machine
from heedful.storage import replacing


@dataclass(frozen=True)
class Run:
    """What became of one experiment. `reason` tells why there is no outcome."""

    technique: Technique
    seconds: float
    outcome: Outcome | None = None
    reason: str = ""

    @classmethod
    def read(cls, told: dict[str, Any]) -> "Run":
        """Return a run from its document, without the pictures."""
        keys = ("what", "paper", "values", "least", "most", "by", "share")
        outcome = Outcome([Gate(**{key: gate[key] for key in keys}) for gate in told["gates"]])
        return cls(
            named(told["name"]),
            told["seconds"],
            None if "reason" in told else outcome,
            told.get("reason", ""),
        )

    @property
    def passed(self) -> bool:
        """Did it run, with every judged figure where it has to be?"""
        return self.outcome is not None and self.outcome.passed

    def document(self) -> dict[str, Any]:
        """Return the run as JSON."""
        gates = self.outcome.gates if self.outcome else ()
        told = {"name": self.technique.name, "passed": self.passed, "seconds": round(self.seconds, 1)}
        return {
            **told,
            **({"reason": self.reason} if self.reason else {}),
            "gates": [shown(g) for g in gates],
        }


def shown(gate: Gate) -> dict[str, Any]:
    """Return a gate as JSON."""
    return {
        "what": gate.what, "paper": gate.paper, "found": gate.found(), "wanted": gate.wanted(),
        "values": list(gate.values),
        "least": gate.least, "most": gate.most, "by": gate.by, "share": gate.share,
        "passed": gate.passed if gate.judged else None,
    }  # fmt: skip


def run(technique: Technique, effort: Effort) -> Run:
    """Run a technique's experiment; DataError where what it reads is missing.

    On one thread: the nets are so small that two would mostly wait for each other.
    """
    experiment: Callable[[Effort], Outcome] = import_module(f"heedful.lineage.{technique.module}").run
    start = time.monotonic()
    with threadpool_limits(1):
        outcome = experiment(effort)
    return Run(technique, time.monotonic() - start, outcome)


def every(techniques: Iterable[Technique], effort: Effort, strict: bool = False) -> Iterator[Run]:
    """Run experiments one after the other; where data are missing, the run says so (`strict`: DataError)."""
    for technique in techniques:
        try:
            yield run(technique, effort)
        except DataError as problem:
            if strict:
                raise
            yield Run(technique, 0.0, reason=str(problem))


def write(runs: list[Run], effort: Effort, folder: Path) -> None:
    """Write lineage.html, lineage.md and lineage.json into a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise DataError(f"{folder} cannot be made ({problem.strerror}); -o names a folder.") from None
    document = {
        "seed": effort.seed, "short": effort.short, "machine": machine(),
        "techniques": [one.document() for one in runs],
    }  # fmt: skip
    files = {"html": page(runs, effort), "md": guide(runs), "json": json.dumps(document, indent=1) + "\n"}
    for kind, content in files.items():
        with replacing(folder / f"lineage.{kind}") as path:
            path.write_text(content, encoding="utf-8")
