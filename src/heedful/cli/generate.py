"""`heedful generate`: let a model write, and watch it."""

from typing import Any

import click

from heedful.cli import told


@click.command()
@click.argument("model")
@click.argument("prompt", required=False)
@click.option("--max-tokens", default=128, show_default=True, type=click.IntRange(1), help="Length at most.")
@click.option("--temperature", type=float, help="Draw by chance; low is careful (default: the best token).")
@click.option("--top-p", type=float, help="Draw from the best tokens of this total probability.")
@click.option("--top-k", type=int, help="Draw from the K best tokens.")
@click.option("--min-p", type=float, help="Draw from tokens with P of the best one's probability.")
@click.option("--beams", default=1, help="Search with N beams instead; shown when it is done.")
@click.option("--seed", default=0, help="The same seed, the same answer.")
@click.option("--stop", multiple=True, metavar="TEXT", help="End before this text (may be repeated).")
@click.option("--alternatives", default=0, type=click.IntRange(0), help="Tell the N best at each step.")
@told.precision
@click.option("--chat", is_flag=True, help="The prompt is a message, put into the model's own template.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def generate(
    model: str, prompt: str | None, precision: str, chat: bool, as_json: bool, **options: Any
) -> int:
    """Continue PROMPT, or answer it, with the model in MODEL (a folder or a name).

    Without PROMPT, standard input is the prompt. Ctrl-C ends the answer and keeps what there is.
    """
    text = told.prompt(prompt)
    from heedful.tasks.write import Writer

    writer = Writer.load(model, precision)
    stream = writer.stream([{"role": "user", "content": text}] if chat else text, **options)
    try:
        for piece in stream:
            if not as_json:
                click.echo(told.safe(piece), nl=False)
    except KeyboardInterrupt:
        pass
    told.ending(model, text, stream, as_json)
    return 130 if stream.answer.finished == "interrupted" else 0
