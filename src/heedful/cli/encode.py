"""`heedful encode`: the sentence vectors of a table's texts."""

import json
from typing import Any

import click

PRECISIONS = click.Choice(["auto", "fp32", "bf16", "int8"])


@click.command()
@click.argument("model")
@click.argument("table")
@click.option("--text", metavar="COLUMN", help="The column of texts (default: guessed).")
@click.option(
    "-o", "--out", required=True, metavar="FILE", help="Write FILE.npy, or FILE.parquet with the texts."
)
@click.option("--normalize", is_flag=True, help="Divide each vector by its length.")
@click.option("--dimensions", type=click.IntRange(1), help="Keep the first D dimensions alone.")
@click.option("--prompt", default="", help="Put this before each text, as some models want it.")
@click.option("--precision", type=PRECISIONS, default="auto", show_default=True, help="Of the arithmetic.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON on stdout.")
def encode(model: str, table: str, text: str | None, out: str, as_json: bool, **wanted: Any) -> None:
    """Write one vector for each row of TABLE, in its order, made by the sentence encoder MODEL.

    Texts that are longer than the model reads are counted and shown. The same command again goes on where it
    ended; what is done stands in FILE.parts until then.
    """
    from heedful.cli import vectors
    from heedful.tasks.encode_table import Wanted, check_out, encode_table

    check_out(vectors.Path(out), table)
    encoder = vectors.opened(model)
    if wanted["precision"] == "int8":
        encoder = encoder.reduced()
    with vectors.Rows() as say:
        found = encode_table(encoder, table, out, Wanted(**wanted), text=text, say=say)
    vectors.warnings(found)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        click.echo(f"{found['rows']:,} vectors of {found['dimensions']:,} dimensions written to {out}")
