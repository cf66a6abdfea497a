"""`heedful index delete`: rows out of an index."""

import json

import click


@click.command(short_help="Delete rows by ids, or by a filter.")
@click.argument("folder", metavar="INDEX")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--where", metavar="FILTER", help="Delete the rows that fit a filter.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def delete(folder: str, ids: tuple[str, ...], where: str | None, as_json: bool) -> None:
    """Delete rows of an INDEX by their IDs, or by a filter: all of them or none."""
    from heedful.search.index import Index

    if bool(ids) == (where is not None):
        raise click.UsageError("give the ids to delete, or --where with a filter.")
    with Index.open(folder) as index:
        told = index.delete(ids if where is None else index.ids(where))
        shown = {"deleted": told.deleted, "unknown": told.unknown, "rows": len(index)}
    if as_json:
        click.echo(json.dumps(shown))
    else:
        click.echo(", ".join(f"{name} {count:,}" for name, count in shown.items()))
