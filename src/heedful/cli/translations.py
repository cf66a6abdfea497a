"""How `heedful translate` reads its lines and shows what became of them."""

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from heedful.cli.source import gather
from heedful.cli.told import safe
from heedful.errors import DataError

if TYPE_CHECKING:
    from heedful.tasks.translate import Translation, Translator

CHUNK = 512  # lines that are translated before they are shown


def lines(texts: Sequence[str], file: str | None) -> list[str]:
    """Return the lines to translate, those of a file, of the arguments, or of standard input."""
    if file is None:
        return gather(texts, None, None, None)[1]
    if texts:
        raise click.UsageError("texts were given as arguments and as --file; give one of them.")
    return of_file(file)


def of_file(name: str) -> list[str]:
    """Return the lines of a text file, gzip or not; a line ends at \\n or \\r\\n alone."""
    from heedful.data.parallel import lines as read
    from heedful.data.sources import open_text

    return list(read(open_text(Path(name))))


def references(name: str | None, given: Sequence[str]) -> list[str] | None:
    """Return the reference translations, as many as there are lines."""
    found = None if name is None else of_file(name)
    if found is not None and len(found) != len(given):
        raise DataError(
            f"{name} has {len(found):,} lines for {len(given):,} to translate; expected as many. Name "
            "the references of these lines."
        )
    return found


def check(out: str | None, align: str | None, n_best: int, beam: int) -> None:
    """Refuse before the work what could not be written after it."""
    for path in (Path(one) for one in (out, align) if one is not None):
        if path.is_dir() or not path.parent.is_dir():
            raise DataError(f"{path} is no file in a folder that exists. Name another.")
    if n_best > beam:
        raise click.UsageError(f"--n-best {n_best} needs as many beginnings; give --beam {n_best} or more.")


class Shown:
    """Writes lines as soon as their chunk is done, to a file or to stdout (nothing there with JSON)."""

    def __init__(self, out: str | None, n_best: int, as_json: bool) -> None:
        self.out, self.n_best, self.as_json = out, n_best, as_json

    def each(
        self, translator: "Translator", given: Sequence[str], how: dict[str, Any]
    ) -> "list[Translation]":
        """Translate all lines, chunk by chunk."""
        from heedful.storage import replacing

        found: list[Translation] = []
        with ExitStack() as stack:
            handle: TextIO | None = None if self.as_json else sys.stdout
            if self.out is not None:
                handle = stack.enter_context(
                    stack.enter_context(replacing(self.out)).open("w", encoding="utf-8")
                )
            for start in range(0, len(given), CHUNK):
                chunk = translator.translate(given[start : start + CHUNK], **how)
                for number, one in enumerate(chunk, start + 1):
                    if handle:
                        line = self.line(number, one)
                        handle.write(line if self.out else safe(line))
                        handle.flush()
                found += chunk
        return found

    def line(self, number: int, one: "Translation") -> str:
        """Return the line of a text, or those of its best translations."""
        if self.n_best == 1:
            return f"{one.text}\n"
        return "".join(f"{number}\t{score or 0:.4f}\t{text}\n" for text, score in one.answers or (("", 0.0),))

    def document(
        self, model: str, found: "Sequence[Translation]", scores: dict[str, Any] | None, page: str | None
    ) -> None:
        """Print all of it as one JSON document."""
        rows = [
            {"text": one.text, "answers": [list(pair) for pair in one.answers], "parts": one.parts,
             "unfinished": one.unfinished}
            for one in found
        ]  # fmt: skip
        shown = {"model": model, "translations": rows, "scores": scores, "page": page, "out": self.out}
        click.echo(json.dumps(shown, ensure_ascii=False, allow_nan=False))


def told(found: "Sequence[Translation]", most: int) -> None:
    """Say on stderr what was not translated whole."""
    several = sum(one.parts > 1 for one in found)
    unfinished = sum(one.unfinished > 0 for one in found)
    if several:
        click.echo(
            f"heedful: {several:,} lines are longer than the {most} tokens that the model reads at once; "
            "they were translated in parts.", err=True,
        )  # fmt: skip
    if unfinished:
        click.echo(
            f"heedful: {unfinished:,} translations came to no end within {most} tokens and stop there.",
            err=True,
        )


def scored(found: "Sequence[Translation]", references: list[str] | None) -> dict[str, Any] | None:
    """Return the scores, and print them on stderr."""
    if references is None:
        return None
    from heedful.tasks.bleu import scores

    made = scores([one.text for one in found], references)
    for name, word in (("bleu", "BLEU"), ("chrf", "chrF")):
        one = made[name]
        click.echo(
            f"heedful: {word} {one['value']:.2f} ({one['low']:.2f} to {one['high']:.2f}), {one['signature']}",
            err=True,
        )
    return made


def drawn(
    translator: "Translator", given: Sequence[str], found: "Sequence[Translation]", out: str | None
) -> str | None:
    """Write the page of where the model looked; lines in several parts, and empty ones, are left out."""
    if out is None:
        return None
    from heedful.explain.alignment import MOST, Pair, alignment_page, merged, word_groups
    from heedful.storage import replacing
    from heedful.tasks.aligned import align

    usable = [(text, one.text) for text, one in zip(given, found, strict=True) if one.parts == 1 and one.text]
    pairs, which = [], ""
    for text, made in usable[:MOST]:
        one = align(translator, text, made)
        sources = word_groups(one.source, one.source_offsets)
        targets = word_groups(one.target, one.target_offsets)
        weights = merged(one.weights.double().numpy(), sources[1], targets[1])
        pairs.append(Pair(sources[0], targets[0], weights))
        which = f"Drawn is {one.which}."
    page = alignment_page("Where the translator looked", pairs, which)
    with replacing(out) as fresh:
        fresh.write_text(page, encoding="utf-8")
    left = len(given) - len(pairs)
    more = f" {left:,} lines are not drawn." if left else ""
    click.echo(f"heedful: open {out} in a browser.{more}", err=True)
    return out
