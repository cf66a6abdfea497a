"""`heedful compare-texts`: how alike two texts are."""

import json

import click


@click.command("compare-texts")
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option("--model", default="minilm", show_default=True, help="A sentence encoder: a name or a folder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def compare_texts(one: str, other: str, model: str, as_json: bool) -> None:
    """Print how alike the texts A and B are: the cosine of their vectors, and the dot product.

    The dot product is the cosine times the lengths of both vectors; most sentence encoders divide by the
    length, so that both are one number.
    """
    from heedful.cli.vectors import opened
    from heedful.tasks.similarity import compare_texts as compare

    found = compare(opened(model), one, other)
    if as_json:
        shown = {
            "model": model, "cosine": found.cosine, "angle_degrees": found.angle, "dot": found.dot,
            "lengths": found.lengths, "tokens": found.tokens, "truncated": found.truncated,
            "normalized": found.normalized,
        }  # fmt: skip
        click.echo(json.dumps(shown))
        return
    first, second = found.lengths
    click.echo(f"cosine {found.cosine:.4f}, an angle of {found.angle:.1f} degrees")
    click.echo(f"dot    {found.dot:.4f} = {found.cosine:.4f} x {first:.4f} x {second:.4f} (the lengths)")
    if found.normalized:
        click.echo("The model divides vectors by their lengths: their dot product is the cosine.")
    for name, tokens, cut in zip("AB", found.tokens, found.truncated, strict=True):
        click.echo(f"{name} has {tokens} tokens{' that are read, and more that are not' if cut else ''}")
