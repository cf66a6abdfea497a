"""`heedful clean`: the published rules for a pretraining corpus, and nothing in it twice."""

from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("corpus", nargs=-1, required=True)
@click.option("-o", "--out", required=True, metavar="FOLDER", help="Where the cleaned corpus goes.")
@click.option("--column", help="The column of texts of JSONL, CSV or Parquet (default: text or content).")
@click.option("--documents", type=click.Choice(["file", "paragraph", "line"]), default="file",
              show_default=True, help="What one document is in a text file.")  # fmt: skip
@click.option("--words", metavar="FILE", help="Words, one a line: documents with one of them are taken out.")
@click.option("--skip", multiple=True, metavar="RULE", help="Leave a rule out; again for another one.")
@click.option("--json", "as_json", is_flag=True, help="Print report.json on stdout, nothing else.")
def clean(
    corpus: tuple[str, ...], out: str, words: str | None, skip: tuple[str, ...], as_json: bool, **read: Any
) -> None:
    """Clean the texts of CORPUS, files and folders, for pretraining, by the rules of C4.

    Text, JSONL, CSV and Parquet are read, packed with gzip or not, of any size. FOLDER gets
    part-*.jsonl.gz, report.json, and README.md, which tells what each rule took. The rules are for English.
    """
    import json

    from heedful.data.clean import clean as work
    from heedful.data.cleaned import told
    from heedful.data.corpus import Corpus
    from heedful.data.rules import word_file

    source = Corpus(corpus, **read)
    for note in source.notes:
        click.echo(f"heedful: {note}", err=True)
    listed = word_file(Path(words)) if words else ()
    report = work(source, out, listed, skip, lambda said: click.echo(f"heedful: {said}", err=True))
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else told(report, out))
