"""`heedful topics`: what a table of texts is about, on one page with a map."""

from typing import Any

import click

WAYS = click.Choice(["neighbours", "pca", "umap"])


@click.command()
@click.argument("table")
@click.option("--text", metavar="COLUMN", help="The column of texts (default: guessed).")
@click.option("--topics", default="auto", show_default=True, metavar="N|auto", help="How many topics.")
@click.option("--over", metavar="COLUMN", help="Dates (2004, 2004-03, 2004-03-05): topics over time.")
@click.option("--per", metavar="COLUMN", help="A column of classes: topics per class.")
@click.option("--encoder", default="minilm", show_default=True, help="A folder, or a name as for `fetch`.")
@click.option("--vectors", metavar="FILE", help="Vectors of the rows made beforehand (.npy).")
@click.option("--reduction", type=WAYS, default="neighbours", show_default=True, help="Of the vectors.")
@click.option("--nearest", is_flag=True, help="Give outliers the nearest topic.")
@click.option(
    "--repeat", default=2, show_default=True, type=click.IntRange(0, 20), help="Fits for stability."
)
@click.option("--seed", default=0, show_default=True, help="Where random choices begin.")
@click.option("-o", "--out", metavar="FOLDER", help="Write report.html, topics.json, documents.csv, model/.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def topics(table: str, out: str | None, as_json: bool, **settings: Any) -> None:
    """Find the topics of the texts of TABLE (CSV, TSV, JSONL or Parquet).

    Texts become vectors, near ones a topic, told by the words that set it apart. Empty texts are left out and
    counted. With -o the folder gets a page with a map of the documents, a table with the topic of each row,
    and a model that `heedful.load` opens.
    """
    from heedful.cli import topic_tables

    topic_tables.check_out(out, table)
    given = topic_tables.read(table, settings)
    found = topic_tables.find(given, settings)
    if out is not None:
        topic_tables.write(out, given, found)
    topic_tables.show(given, found, out, as_json)
