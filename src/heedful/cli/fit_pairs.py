"""`heedful fit translate|summarize`: an encoder-decoder from nothing, or tuned, out of pairs of texts."""

from functools import partial
from importlib import import_module
from typing import Any

import click

from heedful.cli.tasks import PAIRED, PARALLEL, RUN, columns


class Fit(click.Command):
    """Lets an option for parallel text be followed by two files."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read `--train A B` as `--train A --train B`."""
        spread: list[str] = []
        name = ""
        for arg in args:
            if name and not arg.startswith("-") and spread[-1] != name:
                spread.append(name)
            elif arg.startswith("-"):
                name = arg if arg in PARALLEL else ""
            spread.append(arg)
        return super().parse_args(ctx, spread)


def run(task: str, as_json: bool, out: str, **options: Any) -> None:
    """Train, and print what it came to."""
    from heedful.cli import told
    from heedful.storage import locked

    with locked(out):
        pass  # what another run writes is refused before anything is loaded
    fit = getattr(import_module(f"heedful.tasks.fit_{task}"), f"fit_{task}")
    found = fit(out=out, say=lambda text: click.echo(f"heedful: {text}", err=True), **options)
    told.figures(found, as_json)


def command(task: str) -> click.Command:
    """Return the verb of one task."""
    about, names = PAIRED[task]
    return Fit(task, callback=partial(run, task), params=[*columns(names), *RUN], help=about)
