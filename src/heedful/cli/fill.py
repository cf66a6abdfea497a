"""`heedful fill`: what a masked model puts into the gaps of a text."""

import click


@click.command()
@click.argument("model")
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option("--top", default=5, show_default=True, type=click.IntRange(1), help="Show the N best tokens.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def fill(model: str, texts: tuple[str, ...], top: int, as_json: bool) -> None:
    """Fill the gaps of each TEXT (or line of standard input) with the masked model in MODEL.

    A gap is the model's own mask, mostly [MASK] or <mask>. Each gap gives lines: probability, token.
    """
    import json
    from dataclasses import asdict

    from heedful.cli.source import gather

    _, given = gather(texts, None, None, None)
    from heedful.tasks.fill import Filler

    filler = Filler.load(model)
    found = filler.fill(given, top)
    if as_json:
        answers = [
            {"text": text, "gaps": [[asdict(guess) for guess in gap] for gap in gaps]}
            for text, gaps in zip(given, found, strict=True)
        ]
        click.echo(json.dumps({"mask": filler.mask, "answers": answers}, ensure_ascii=False, allow_nan=False))
        return
    blocks = [
        "\n".join(f"{guess.probability:.4f}\t{' '.join(guess.token.split())}" for guess in gap)
        for gaps in found
        for gap in gaps
    ]
    click.echo("\n\n".join(blocks))
