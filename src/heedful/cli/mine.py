"""`heedful mine`: hard negatives for the training of sentence encoders and cross-encoders."""

import json
from typing import Any

import click

WAYS = click.Choice(["semantic", "bm25", "both"])


@click.command()
@click.argument("table")
@click.option("--text", metavar="COLUMN", help="The column of texts (default: told from the names).")
@click.option("--pair", metavar="COLUMN", help="The column of texts that belong to them.")
@click.option("--model", default="minilm", show_default=True, help="A sentence encoder: a name or a folder.")
@click.option("--way", type=WAYS, default="semantic", show_default=True, help="By what texts are alike.")
@click.option("--count", default=1, show_default=True, type=click.IntRange(1), help="Negatives for a pair.")
@click.option("--top", default=50, show_default=True, type=click.IntRange(1), help="Candidates for a text.")
@click.option("--most", default=0.95, show_default=True, type=click.FloatRange(0, min_open=True),
              help="Leave out what is liker than so much of the likeness of what belongs there.")  # fmt: skip
@click.option("-o", "--out", required=True, metavar="OUT", help="Write a table (csv, tsv, jsonl, parquet).")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON on stdout.")
def mine(
    table: str, text: str | None, pair: str | None, model: str, out: str, as_json: bool, **settings: Any
) -> None:
    """Find for each pair of texts in TABLE others that look like the second and do not belong to the first.

    OUT has a row for each: both texts, the negative, and the row of TABLE. `heedful fit embed` and
    `heedful fit rank` learn from it.
    """
    from heedful.cli.source import check_out
    from heedful.cli.vectors import opened
    from heedful.data.likes import read_likes
    from heedful.data.write import write_columns
    from heedful.tasks.mine import Mining, columns

    check_out(out, table)
    likes = read_likes(table, text=text, pair=pair, kind="pairs")
    found = Mining(**settings).mine(likes, opened(model))
    write_columns(out, columns(found, likes))
    without = len(likes.rows) - len(set(found.rows))
    figures = {"rows": len(likes.rows), "negatives": len(found.rows), "rows_without": without,
               "left_out": found.left_out, "notes": likes.notes, "out": out}  # fmt: skip
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
    else:
        click.echo(f"{len(found.rows):,} negatives for {len(likes.rows):,} pairs written to {out}")
        click.echo(f"{without:,} pairs have none; left out: {figures['left_out']}", err=True)
