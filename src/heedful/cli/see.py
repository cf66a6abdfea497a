"""`heedful see`: what a transformer does with one sentence, step by step, as a page."""

import click


@click.command()
@click.argument("sentence")
@click.option("--model", default="minilm", show_default=True, help="A folder, or a name as for `fetch`.")
@click.option("-o", "--out", default="see.html", show_default=True, help="The page to write.")
@click.option("--json", "as_json", is_flag=True, help="Print what was shown as one JSON document on stdout.")
def see(sentence: str, model: str, out: str, as_json: bool) -> None:
    """Show what a model does with SENTENCE: tokens, vectors, attention head by head, layer by layer.

    The page opens without a network. Its switches take away the scale, the positions, the mask or the
    residual, and every number follows. At most 32 tokens are shown.
    """
    import json
    from pathlib import Path

    from heedful.errors import DataError
    from heedful.explain import page
    from heedful.explain import see as looking
    from heedful.storage import replacing

    target = Path(out)
    if target.is_dir() or not target.parent.is_dir():
        raise DataError(f"{out} is no file in a folder that exists. Name another with -o.")
    text = sentence.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    lesson = looking.see(model, text)
    written = page.page(lesson)
    with replacing(target) as fresh:
        fresh.write_text(written, encoding="utf-8")
    shown, depth = len(lesson.tokens), lesson.stack.config.depth
    if lesson.total > shown:
        click.echo(
            f"heedful: the sentence has {lesson.total:,} tokens; the first {shown} are shown.", err=True
        )
    if len(lesson.kept) < depth:
        click.echo(f"heedful: {len(lesson.kept)} of {depth} layers fit on the page.", err=True)
    tokens = [{"token": token.raw, "id": token.id} for token in lesson.tokens]
    if as_json:
        found = {"out": out, "model": model, "tokens": tokens, "total": lesson.total, "layers": lesson.kept}
        click.echo(json.dumps({**found, "bytes": target.stat().st_size}))
    else:
        click.echo(f"{shown} tokens, {len(lesson.kept)} layers: open {out} in a browser", err=True)
