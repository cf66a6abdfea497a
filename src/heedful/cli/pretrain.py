"""`heedful pretrain`: a model from nothing, out of a corpus."""

from typing import Any

import click


@click.command()
@click.argument("objective", type=click.Choice(["clm", "mlm", "denoise"]))
@click.argument("corpus", nargs=-1, required=True)
@click.option("--size", default="mini", show_default=True, metavar="tiny|mini|small|FILE.yaml",
              help="The model and its training; a YAML file sets any of them.")  # fmt: skip
@click.option("--tokenizer", metavar="bpe|wordpiece|unigram|char|byte|FOLDER",
              help="Learn one of this kind, or take a folder's (default: the usual one).")  # fmt: skip
@click.option("--dev", multiple=True, metavar="FILE", help="Score on this (may be repeated).")
@click.option(
    "--held-out", default=0.1, show_default=True, help="Without --dev: the last share is scored on."
)
@click.option("--documents", type=click.Choice(["file", "paragraph", "line"]), default="file",
              show_default=True, help="What one document is in a text file.")  # fmt: skip
@click.option("--column", metavar="COLUMN", help="The column of texts of tables (default: guessed).")
@click.option("--minutes", type=float, help="Train this long (default: 15).")
@click.option("--tokens", type=float, help="Train on this many tokens instead.")
@click.option("--seed", default=0, show_default=True, help="The same seed, the same model.")
@click.option("--workers", default=1, show_default=True, help="Processes, started by torchrun.")
@click.option("--shard", is_flag=True, help="Each process holds its share of the model only.")
@click.option("--tensorboard", is_flag=True, help="Write TensorBoard's files too.")
@click.option("-o", "--out", default="pretrained", show_default=True, metavar="FOLDER", help="Where to.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON on stdout.")
def pretrain(workers: int, as_json: bool, tokens: float | None, **options: Any) -> int:
    """Train a model from nothing on CORPUS (text, JSONL, Parquet, gzip, folders of them).

    clm foretells each next token (GPT), mlm masked ones (BERT), denoise spans that were taken out (T5, BART).
    FOLDER gets model, report.html and checkpoints. The same command again goes on where it ended.
    """
    import sys

    from heedful.cli import told
    from heedful.storage import locked
    from heedful.train.launch import is_worker, launched

    if not is_worker():
        with locked(options["out"]):
            pass  # what another run writes is refused before anything is loaded
    from heedful.tasks.pretrain import check
    from heedful.tasks.pretrain import pretrain as run

    options["tokens"] = None if tokens is None else int(tokens)
    if workers > 1 and not is_worker():
        check(**options)
        return launched(workers, sys.argv[1:])
    found = run(**options, say=lambda text: click.echo(f"heedful: {text}", err=True))
    told.figures(found, as_json)
    return 0
