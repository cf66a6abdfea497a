"""`heedful predict`: labels and calibrated probabilities from a saved classifier."""

import click


@click.command()
@click.argument("artefact")
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option("--file", "table", metavar="TABLE", help="Take the texts from a table instead.")
@click.option("--text", "column", metavar="COLUMN", help="The table's column of texts (default: guessed).")
@click.option("-o", "--out", metavar="OUT", help="Write a table (csv, tsv, jsonl, parquet by suffix).")
@click.option(
    "--top", default=1, show_default=True, type=click.IntRange(1), help="Show the N most probable labels."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def predict(
    artefact: str,
    texts: tuple[str, ...],
    table: str | None,
    column: str | None,
    out: str | None,
    top: int,
    as_json: bool,
) -> None:
    """Label texts with the classifier in the folder ARTEFACT.

    The texts are the arguments, or a column of --file, or the lines of standard input. On a terminal the
    answers are a table; piped they are tab-separated lines: label, probability (for each of --top), text.
    """
    from heedful.cli import show
    from heedful.cli.artefact import classifier
    from heedful.cli.source import gather
    from heedful.studio.answers import answers

    name, given = gather(texts, table, column, out)
    estimator = classifier(artefact)
    found = answers(estimator, given, show.progress(len(given)), reasons=out is None)
    show.warnings(given, found["truncated"])
    if out is not None:
        show.write(out, name, given, found["predictions"])
    if as_json:
        show.document(given, found, out)
    elif out is None:
        show.predictions(given, found["predictions"], top)
