"""`heedful predict`: what a saved model says of texts."""

import click


@click.command()
@click.argument("artefact")
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option("--file", "table", metavar="TABLE", help="Take the texts from a table instead.")
@click.option("--text", "column", metavar="COLUMN", help="The table's column of texts (default: guessed).")
@click.option("--pair", metavar="COLUMN", help="The column of second texts, for a model of pairs.")
@click.option("--labels", metavar="LABELS", help="With an encoder: choose among these, described in words.")
@click.option("-o", "--out", metavar="OUT", help="Write a table (csv, tsv, jsonl, parquet by suffix).")
@click.option(
    "--top", default=1, show_default=True, type=click.IntRange(1), help="Show the N most probable labels."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def predict(
    artefact: str, texts: tuple[str, ...], table: str | None, column: str | None, pair: str | None,
    labels: str | None, out: str | None, top: int, as_json: bool,
) -> None:  # fmt: skip
    """Answer texts with the model in the folder ARTEFACT: labels, numbers, names, or parts of a text.

    The texts are the arguments, or a column of --file, or the lines of standard input; two texts (a pair, or
    question and context) stand with a tab between. On a terminal the answers are a table; piped they are
    tab-separated lines: label, probability (for each of --top), text. With --labels "sport: games; law:
    courts" (or a YAML file) ARTEFACT is an encoder such as minilm, and no training is needed.
    """
    from heedful.cli import show
    from heedful.cli.described import model_of
    from heedful.cli.source import fitting, gather
    from heedful.studio.answers import answers, paired, shape

    names, given = gather(texts, table, column, out, pair)
    model = model_of(artefact, labels)
    given, kind = fitting(given, paired(model)), shape(model)
    found = answers(model, given, show.progress(len(given)), reasons=out is None)
    show.warnings(given, found["truncated"])
    if out is not None:
        show.write(out, names, given, found["predictions"], kind)
    if as_json:
        show.document(given, found, out)
    elif out is None:
        show.predictions(given, found["predictions"], kind, top)
