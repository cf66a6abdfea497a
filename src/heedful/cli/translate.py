"""`heedful translate`: a line in, a line out."""

import click

from heedful.cli import told


@click.command()
@click.argument("model")
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option("--file", "file", metavar="FILE", help="Take the lines of a file instead (gzip too).")
@click.option("--beam", default=5, show_default=True, type=click.IntRange(1), help="Beginnings that go on.")
@click.option(
    "--n-best", default=1, type=click.IntRange(1), help="Show the N best: line number, score, text."
)
@click.option("--length-penalty", default=1.0, show_default=True, help="Above 1 favours long translations.")
@click.option("--prefix", default="", help="Put this before each text, as T5 is told what to do.")
@told.precision
@click.option("--reference", metavar="FILE", help="Score against the lines of this file.")
@click.option("--align", metavar="PAGE", help="Draw where the model looked, as a page that opens offline.")
@click.option("-o", "--out", metavar="FILE", help="Write the lines to a file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def translate(
    model: str, texts: tuple[str, ...], file: str | None, beam: int, n_best: int, length_penalty: float,
    prefix: str, precision: str, reference: str | None, align: str | None, out: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Translate texts with the model in MODEL: one of `heedful fit translate`, or Marian, BART or T5.

    The texts are the arguments, the lines of --file, or those of standard input. There is a line for each, in
    order, an empty one for an empty one; long lines are translated in parts and said.
    """
    from heedful.cli import translations

    lines = translations.lines(texts, file)
    references = translations.references(reference, lines)
    translations.check(out, align, n_best, beam)
    from heedful.tasks.translate import Translator

    translator = Translator.load(model, prefix, precision)
    how = {"beams": beam, "answers": n_best, "length_penalty": length_penalty}
    show = translations.Shown(out, n_best, as_json)
    found = show.each(translator, lines, how)
    translations.told(found, translator.max_tokens)
    scores = translations.scored(found, references)
    page = translations.drawn(translator, lines, found, align)
    if as_json:
        show.document(model, found, scores, page)
