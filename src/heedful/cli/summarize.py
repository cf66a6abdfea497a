"""`heedful summarize`: what a document says, in a few of its own sentences or in a model's words."""

from typing import Any

import click

WAYS = click.Choice(["lexrank", "centroid", "lead"])


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--method", type=WAYS, default="lexrank", show_default=True, help="How sentences are chosen.")
@click.option("--sentences", default=3, show_default=True, type=click.IntRange(1), help="At most so many.")
@click.option("--encoder", default="minilm", show_default=True, help="A folder, or a name as for `fetch`.")
@click.option("--column", metavar="COLUMN", help="The table's column of documents (default: guessed).")
@click.option("--reference", metavar="COLUMN", help="The column of right summaries: print ROUGE.")
@click.option("-o", "--out", metavar="OUT", help="Write a table (csv, tsv, jsonl, parquet by suffix).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def summarize(
    files: tuple[str, ...], column: str | None, reference: str | None, out: str | None, as_json: bool,
    **settings: Any,
) -> None:  # fmt: skip
    """Summarise each FILE, or each row of a table, by sentences of its own, in their order.

    A text file is one document, as is standard input; CSV, TSV, JSONL and Parquet have one in each row. One
    document gives a sentence a line, several give a line each. `lead` takes the first sentences, the others
    those most like the rest; with --reference they are scored beside each other. If the first FILE is the
    folder of a model (of `heedful fit summarize`, BART, T5), that writes the summaries.
    """
    from heedful.cli import documents

    model, rest = documents.model(files)
    given = documents.gather(rest, column, reference, out)
    from heedful.cli import summaries

    extractor = summaries.by(model, settings)
    found = extractor.extract(given.texts, summaries.progress(len(given.texts)))
    counted = summaries.counts(found, extractor.truncated(given.texts))
    summaries.warnings(counted)
    told = summaries.scores(extractor, given, found)
    if out is not None:
        summaries.write(out, given, found)
    if as_json:
        summaries.document(extractor, given, found, counted, told, out)
    else:
        summaries.show(given, found, told, out)
