"""`heedful label`: give texts labels at the terminal, those first from which most is learned."""

import click


@click.command()
@click.argument("table")
@click.option("--text", "column", metavar="COLUMN", help="The table's column of texts (default: guessed).")
@click.option("--labels", metavar="A,B,C", help="Labels to choose from; others may be typed at any time.")
@click.option("--score", type=click.IntRange(1), metavar="N",
              help="Label N texts of the part kept apart, and print the score.")  # fmt: skip
@click.option("--model", default="minilm", show_default=True, help="The sentence encoder.")
@click.option("--pool", default=5000, show_default=True, type=click.IntRange(10),
              help="Choose among so many texts, drawn at random.")  # fmt: skip
@click.option("--seed", type=int, help="What is drawn, and kept for the score (default: 0, or as begun).")
@click.option("-o", "--out", required=True, metavar="FOLDER", help="Where the labels are kept.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout at the end.")
def label(
    table: str, column: str | None, labels: str | None, score: int | None, model: str, pool: int,
    seed: int | None, out: str, as_json: bool,
) -> None:  # fmt: skip
    """Ask for the label of one text of TABLE after the other, those first that the model is least sure of.

    Answer with a number, first letters, or a new label; s skips, u takes the last answer back, q ends. Each
    answer is on the disk before the next text is shown, and the same command goes on where it ended. A fifth
    of the texts is never asked for but with --score: on them the score is honest. Answers may be piped in,
    one a line. FOLDER gets labels.jsonl, score.jsonl and a model.
    """
    from pathlib import Path

    from heedful.cli import labelling
    from heedful.storage import locked

    folder = labelling.place(out)
    with locked(folder):
        session = labelling.opened(folder, table, column, labels, pool, seed, model)
        labelling.dialogue(session, score)
        labelling.ending(session, Path(out), model, as_json)
