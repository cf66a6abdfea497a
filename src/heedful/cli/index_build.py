"""`heedful index build`: an index from a table."""

from typing import Any

import click


@click.command(short_help="Build an index over a table of texts.")
@click.argument("table")
@click.option("-o", "--out", required=True, metavar="INDEX", help="The folder of the index.")
@click.option("--text", metavar="COLUMN", help="The column of texts (default: guessed).")
@click.option("--id", "id_column", metavar="COLUMN", help="The column of ids (default: numbers of rows).")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Keep a column, to show and to filter by.")
@click.option("--model", default="minilm", show_default=True, help="A sentence encoder: a folder or a name.")
@click.option(
    "--store", default="exact", show_default=True, help="exact, milvus (embedded) or a server's URI."
)
@click.option("--windows", is_flag=True, help="Read long texts whole, in windows.")
@click.option("--preset", type=click.Choice(["patents"]), help="Claims: windows, dates and CPC subclasses.")
@click.option("--replace", is_flag=True, help="Take the place of an index that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def build(table: str, out: str, as_json: bool, **options: Any) -> None:
    """Build an index over the texts of a TABLE: CSV, TSV, JSONL, Parquet or lines of text.

    A row whose id comes again takes the first one's place. A build that was killed goes on when the same
    command is given again; until it is whole, there is no index.
    """
    from pathlib import Path

    from heedful.cli import indexes
    from heedful.cli.index_source import source
    from heedful.search.build import build, check_target

    check_target(Path(out).absolute(), options["replace"])
    given = source(table, options)
    encoder = indexes.encoder(options["model"], given.about["windows"])
    index, counts = build(
        out, given.read(), encoder, model=options["model"], columns=given.columns, store=options["store"],
        about=given.about, replace=options["replace"], watch=indexes.progress(),
    )  # fmt: skip
    with index:
        indexes.came_in(index, counts, as_json, given.notes)
