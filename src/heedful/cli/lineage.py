"""`heedful lineage`: the techniques that led to the transformer, and their papers' experiments."""

import json
from pathlib import Path

import click


@click.command()
@click.argument("name", required=False)
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, show_default=True, help="The first seed.")
@click.option("--short", is_flag=True, help="The short form: fewer seeds, seconds instead of minutes.")
@click.option(
    "--data", type=click.Path(path_type=Path), envvar="HEEDFUL_DATA",
    help="The folder of the data that some experiments read (Cora, English text).  [HEEDFUL_DATA]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Write lineage.html and more here.")
@click.pass_context
def lineage(
    ctx: click.Context, name: str | None, seed: int, short: bool, data: Path | None, as_json: bool,
    out: Path | None,
) -> None:  # fmt: skip
    """Train NAME on its paper's experiment: the paper's figure, ours over seeds, reached or not.

    Without a NAME: show all techniques. NAME `all` runs them all. Exit code 1: a figure fell short.
    """
    from heedful.cli.chronicle import listed, ran
    from heedful.lineage.story import TECHNIQUES, named

    if name is None:
        click.echo(listed(TECHNIQUES.values(), as_json))
        return
    chosen = list(TECHNIQUES.values()) if name == "all" else [named(name)]
    documents, passed = ran(chosen, seed, short, data, out, as_json)
    if as_json:
        click.echo(json.dumps(documents if name == "all" else documents[0]))
    ctx.exit(0 if passed else 1)
