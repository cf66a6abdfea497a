"""`heedful fit`: tune a model on a table, for one of several tasks."""

from functools import partial
from importlib import import_module
from typing import Any

import click

from heedful.cli import fit_pairs
from heedful.cli.fit_mix import mix
from heedful.cli.tasks import FIRST, LAST, PAIRED, TASKS

ABOUT = """Tune a model on a table, score it beside a baseline, and save it to FOLDER/model.

The same command again goes on where it ended."""


def run(task: str, as_json: bool, out: str, **options: Any) -> None:
    """Train, and print what it came to."""
    from heedful.cli import told
    from heedful.storage import locked

    with locked(out):
        pass  # what another run writes is refused before anything is loaded
    from heedful.cli.following import Following

    given = {name: value for name, value in options.items() if value is not None}
    fit_task = getattr(import_module(f"heedful.tasks.fit_{task}"), f"fit_{task}")
    with Following() as watch:
        found = fit_task(**{"dev": None, **given}, out=out, watch=watch)
    told.figures(found, as_json)


def command(task: str) -> click.Command:
    """Return the verb of one task."""
    about, own = TASKS[task]
    return click.Command(task, callback=partial(run, task), params=[*FIRST, *own, *LAST], help=about)


COMMANDS = [*map(command, TASKS), *map(fit_pairs.command, PAIRED), mix]
fit = click.Group("fit", help=ABOUT, commands=COMMANDS, no_args_is_help=False)
