"""`heedful index add`: more rows for an index."""

import click


@click.command(short_help="Add the rows of a table.")
@click.argument("folder", metavar="INDEX")
@click.argument("table")
@click.option("--model", metavar="MODEL", help="Where the encoder is now, if it was moved.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def add(folder: str, table: str, model: str | None, as_json: bool) -> None:
    """Add the rows of a TABLE, with the columns that the INDEX was built from: all of them or none.

    A row whose id is there takes the old one's place; without a column of ids, rows are numbered on.
    """
    from heedful.cli import indexes
    from heedful.cli.index_source import more
    from heedful.search.intake import Added

    with indexes.opened(folder, model) as index:
        counts = index.add_rows(more(index, table), Added(), indexes.progress())
        indexes.came_in(index, counts, as_json)
