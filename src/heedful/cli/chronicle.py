"""What `heedful lineage` shows: the list of techniques, and each run as it ends."""

import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from heedful.errors import DataError

if TYPE_CHECKING:
    from heedful.lineage.run import Run
    from heedful.lineage.story import Technique

WIDTH = 100


def listed(techniques: Iterable["Technique"], as_json: bool) -> str:
    """Return the techniques in order, with what each is."""
    if as_json:
        return json.dumps([asdict(one) for one in techniques], ensure_ascii=False)
    parts = []
    for one in techniques:
        lines = [f"{one.name}: {one.title} ({one.authors})"]
        for word, said in (("idea", one.idea), ("added", one.added), ("could not", one.limits)):
            lines.append(
                textwrap.fill(f"{word}: {said}", WIDTH, initial_indent="  ", subsequent_indent="    ")
            )
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def ran(
    techniques: Sequence["Technique"], seed: int, short: bool, data: Path | None, out: Path | None,
    as_json: bool,
) -> tuple[list[dict[str, Any]], bool]:  # fmt: skip
    """Run the experiments, show each as it ends; return them as JSON, and whether all reach their figures.

    One alone whose data are missing is an error; among several it is passed over and said.
    """
    from heedful.lineage.outcome import Effort
    from heedful.lineage.run import every, write

    if out is not None and out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file; -o names a folder.")
    effort, runs = Effort(seed, short, data), []
    for run in every(techniques, effort, strict=len(techniques) == 1):
        runs.append(run)
        click.echo(told(run), err=as_json)
        sys.stdout.flush()
    if out is not None:
        write(runs, effort, out)
        click.echo(f"{out / 'lineage.html'} tells the story.", err=True)
    return [run.document() for run in runs], all(run.passed for run in runs if run.outcome)


def told(run: "Run") -> str:
    """Return what a person reads of a run."""
    lines = [f"{run.technique.title} ({run.technique.authors}), {run.seconds:.1f} s"]
    if run.outcome is None:
        return "\n".join([*lines, f"  not run: {run.reason}", ""])
    for gate in run.outcome.gates:
        mark = ("reached" if gate.passed else "FELL SHORT") if gate.judged else "told"
        wanted = f"; wanted {gate.wanted()}" if gate.judged else ""
        lines.append(f"  {mark:<11}{gate.what}")
        lines.append(f"             here {gate.found()}{wanted}; paper: {gate.paper}")
    return "\n".join([*lines, ""])
