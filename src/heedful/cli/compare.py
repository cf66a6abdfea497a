"""`heedful compare`: from a table of labelled text to an honest leaderboard."""

from typing import Any

import click


@click.command()
@click.argument("table")
@click.option("--text", metavar="COLUMN", help="The column of texts (default: guessed).")
@click.option("--label", metavar="COLUMN", help="The column of labels (default: guessed).")
@click.option("--test", metavar="TABLE", help="A published test part (default: 20 % of the rows).")
@click.option("--methods", metavar="a,b,...", help="Only these methods (default: all nine).")
@click.option("--seeds", default=3, show_default=True, help="Seeds per method.")
@click.option("--minutes", default=20.0, show_default=True, help="Bound of the whole run.")
@click.option("--leaks", type=click.Choice(["drop", "keep"]), default="drop", show_default=True,
              help="Test rows that stand in train: out of the score, or in it.")  # fmt: skip
@click.option("--out", metavar="FOLDER", help="Where it all goes (default: NAME-compare).")
@click.option("--json", "as_json", is_flag=True, help="Print leaderboard.json on stdout, nothing else.")
def compare(methods: str | None, as_json: bool, **options: Any) -> None:
    """Train every method on one split of TABLE and say which is good enough.

    TABLE is CSV, TSV, JSONL, Parquet, lines of `label text`, or a name from `heedful fetch --list`.
    FOLDER gets report.html, leaderboard.json and one artefact per method. The same command again goes on
    where it ended.
    """
    import json

    from heedful.compare.progress import Lines
    from heedful.compare.run import compare as run

    names = None if methods is None else [name.strip() for name in methods.split(",") if name.strip()]
    try:
        board = run(**options, methods=names, progress=Lines())
    except KeyboardInterrupt:
        click.echo("What is finished is kept: the same command goes on from there.", err=True)
        raise
    if as_json:
        click.echo(json.dumps(board.document, indent=1, allow_nan=False))
        return
    from rich.console import Console

    from heedful.compare.terminal import show

    Console().print(show(board.document, checks=False))
