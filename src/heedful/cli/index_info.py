"""`heedful index info`: what an index holds."""

import click


@click.command(short_help="Show counts, size, engine and columns.")
@click.argument("folder", metavar="INDEX")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def info(folder: str, as_json: bool) -> None:
    """Show counts, size, engine, model and columns of an INDEX."""
    from heedful.cli import indexes
    from heedful.search.index import Index

    with Index.open(folder) as index:
        indexes.figures({"index": folder, **index.info()}, as_json)
