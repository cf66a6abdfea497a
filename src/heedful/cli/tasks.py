"""The tasks of `heedful fit` and the options of each."""

from typing import Any

import click


def option(*names: str, **more: Any) -> click.Option:
    """Return an option."""
    return click.Option(names, **more)


def column(name: str, holds: str, default: str = "guessed") -> click.Option:
    """Return the option that names a column of the table."""
    return option(name, metavar="COLUMN", help=f"The column of {holds} (default: {default}).")


def number(name: str, about: str) -> click.Option:
    """Return the option of a whole number; the task knows its default and its limits."""
    return option(name, type=int, help=about)


FIRST = [
    option("--train", required=True, metavar="TABLE", help="What to learn from."),
    option("--dev", metavar="TABLE", help="What to score on (default: a part of --train, held out)."),
    option("--model", required=True, help="What to tune: a folder, a catalogue name, or hf:owner/name."),
]
LAST = [
    number("--epochs", "How often to go through the table."),
    option("--rate", type=float, help="The highest learning rate."),
    number("--rows", "Rows in a batch."),
    option("--minutes", type=click.FloatRange(0, min_open=True), help="Train no longer than this."),
    number("--lora", "Learn updates of this rank instead of all weights; they are folded in at the end."),
    option("--seed", default=0, show_default=True, help="The same seed, the same model."),
    option("-o", "--out", required=True, metavar="FOLDER", help="Gets the folders model and checkpoints."),
    option("--json", "as_json", is_flag=True, help="Print the figures as JSON on stdout."),
]
WAYS = click.Choice(["transformer", "attention", "multiplicative", "lstm"])
PARALLEL = {
    "--train": "What to learn from.",
    "--dev": "What chooses the weights (default: held out of train).",
    "--test": "What is scored at the end (default: dev).",
}
MORE = """

Pairs stand in a table, or in two files line by line (gzip too). FOLDER gets report.html as well, and what was
written for the scored part. The same command again goes on where it ended."""
PAIRED = {
    "translate": (
        f"Train a translator on pairs of texts.\n\nIt is scored by BLEU and chrF.{MORE}",
        {
            "--source": ("texts to translate", "the first of two"),
            "--target": ("their translations", "the second"),
        },
    ),
    "summarize": (
        f"Train a summariser on documents and summaries.\n\nIt is scored by ROUGE.{MORE}",
        {"--source": ("documents", "document"), "--target": ("summaries", "summary")},
    ),
}


MODEL = [
    option("--method", type=WAYS, default="transformer", show_default=True,
           help="Vaswani 2017, Bahdanau 2015, Luong 2015, Sutskever 2014."),
    option("--size", default="mini", show_default=True, metavar="tiny|mini|small|FILE.yaml",
           help="The model and its training; a YAML file sets any of them."),
    option("--tokenizer", default="bpe", show_default=True, metavar="bpe|unigram|FOLDER",
           help="Learn one for both sides, or take a folder's."),
    option("--model", help="Tune this encoder-decoder instead: a folder or a name."),
]  # fmt: skip


def columns(names: dict[str, tuple[str, str]]) -> list[click.Option]:
    """Return the options that say what is learned from, and by what kind of model."""
    return [
        *(option(name, multiple=True, required=name == "--train", metavar="TABLE|SOURCE TARGET", help=about)
          for name, about in PARALLEL.items()),
        *(column(name, *words) for name, words in names.items()),
        *MODEL,
        option("--prefix", default="", help="Put this before each source, as T5 is told what to do."),
    ]  # fmt: skip


RUN = [
    option("--minutes", type=click.FloatRange(0, min_open=True), help="Train this long (default: 15)."),
    number("--epochs", "Go through the pairs so often instead."),
    option("--seed", default=0, show_default=True, help="The same seed, the same model."),
    option("--tensorboard", is_flag=True, help="Write TensorBoard's files too."),
    option(
        "-o", "--out", required=True, metavar="FOLDER", help="Gets the folder model, report and checkpoints."
    ),
    option("--json", "as_json", is_flag=True, help="Print the figures as JSON on stdout."),
]
KINDS = click.Choice(["auto", "single", "multi", "number"])
WAYS_ALIKE = click.Choice(["bm25", "semantic", "both"])
LIKES = click.Choice(["auto", "pairs", "triplets", "graded", "classes", "texts"])
LOSSES = click.Choice(["auto", "ranking", "triplet", "cosent", "cosine", "softmax", "tsdae"])
TASKS = {
    "classify": ("Give texts a label, several labels, or a number.", [
        column("--text", "texts"), column("--pair", "second texts", "none"), column("--label", "labels"),
        option("--kind", type=KINDS, help="What the labels are (default: auto, told from them)."),
    ]),
    "tag": ("Find names in texts.\n\nTABLE has a word and its tag on each line, as CoNLL has them.", []),
    "answer": ("Mark the answer to a question in a text.\n\nTABLE is SQuAD's JSON, or has its columns.", [
        number("--window", "Tokens that are read at once."),
        number("--stride", "Tokens that two windows share."),
        number("--max-answer-tokens", "The longest answer."),
    ]),
    "embed": ("Train a sentence encoder on texts that belong together.\n\nTABLE has pairs, triplets, graded "
              "pairs, pairs with a class, or texts alone.", [
        column("--text", "texts"), column("--pair", "texts that belong to them"),
        column("--negative", "texts that do not", "none"), column("--label", "grades or classes", "none"),
        option("--kind", type=LIKES, help="What the rows are (default: auto, told from the columns)."),
        option("--loss", type=LOSSES, help="What is minimised (default: auto, told from the kind)."),
        option("--matryoshka", metavar="D,D...", help="Dimensions that shall do alone, such as 256,128,64."),
    ]),
    "augment": ("Train a sentence encoder on given and new pairs.\n\nThe new ones are graded by a "
                "cross-encoder. This is Augmented SBERT, with the scores of each of its steps.", [
        column("--text", "texts"), column("--pair", "second texts"), column("--label", "grades"),
        option("--more", metavar="TABLE", help="Further texts, to make pairs of."),
        option("--cross", metavar="MODEL", help="What the cross-encoder is tuned from (default: --model)."),
        option("--way", type=WAYS_ALIKE, help="How pairs are made (default: both)."),
        number("--top", "New pairs of a text, by each way (default: 3)."),
        number("--most", "At most so many new pairs (default: 20000)."),
    ]),
    "rank": ("Train a cross-encoder on pairs of texts.\n\nIt says how well one text answers another. "
             "TABLE has pairs, triplets, or graded pairs.", [
        column("--text", "texts"), column("--pair", "texts that belong to them"),
        column("--negative", "texts that do not", "none"), column("--label", "grades", "none"),
        option("--kind", type=LIKES, help="What the rows are (default: auto, told from the columns)."),
        number("--negatives", "Other texts that a pair is set beside (default: 4)."),
    ]),
    "write": ("Write the answer to a prompt.\n\nTABLE has both, or a column of messages.", [
        column("--text", "prompts"), column("--label", "answers"),
        option("--chat", is_flag=True, default=None, help="Put prompts into the model's chat template."),
        number("--max-tokens", "The longest prompt with its answer; what is more is cut from the prompt."),
    ]),
}  # fmt: skip
