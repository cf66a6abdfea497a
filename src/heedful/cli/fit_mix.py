"""`heedful fit mix`: one model for several tasks, told apart by what stands before a text."""

import click

from heedful.cli.fit_pairs import run
from heedful.cli.tasks import MODEL, RUN

ABOUT = """Train one model for several tasks.

They stand in TASKS.yaml and are told apart by prefixes, as T5's are. It has `temperature:` and a list
`tasks:`, each with `task: translate` or `summarize`, `prefix:`, `train:` and perhaps `dev: test: source:
target:`, as the options of those have them; files lie beside it. FOLDER gets report.html as well. The same
command again goes on where it ended."""


def started(**options: object) -> None:
    """Train, and print what it came to."""
    run("mix", **options)  # type: ignore[arg-type]


mix = click.Command(
    "mix",
    callback=started,
    params=[click.Argument(["tasks"], metavar="TASKS.yaml"), *MODEL, *RUN],
    help=ABOUT,
)
