"""`heedful index check`: is an index whole, and how good is its engine?"""

import click


@click.command(short_help="Read every file again, and measure the engine.")
@click.argument("folder", metavar="INDEX")
@click.option(
    "--queries", default=200, show_default=True, type=click.IntRange(1), help="So many rows are asked."
)
@click.option("--top", default=10, show_default=True, type=click.IntRange(1), help="Neighbours of each.")
@click.option("--where", metavar="FILTER", help="Search among the rows that fit a filter.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def check(folder: str, queries: int, top: int, where: str | None, as_json: bool) -> None:
    """Read every file of an INDEX again, and compare its engine with exact search.

    The queries are vectors of its own rows, one at a time. Times are the engine's, without the encoder.
    """
    from heedful.cli import indexes
    from heedful.search.check import check
    from heedful.search.index import Index

    with Index.open(folder) as index:
        indexes.figures(check(index, queries, top, where), as_json)
