"""What verbs are told, and how they end."""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import click

from heedful.errors import DataError

precision = click.option(  # of what writes
    "--precision",
    default="fp32",
    show_default=True,
    type=click.Choice(("fp32", "int8")),
    help="Of the linear maps; int8 is faster and a little less exact.",
)

NO_PLACE = "heedful: the model has no place for more tokens; the answer ends before --max-tokens."


def prompt(given: str | None) -> str:
    """Return the prompt: the argument, or all of standard input without its last line break."""
    if given is not None:
        return given.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return piped("no prompt was given: add one, or pipe a text in.", "a prompt").removesuffix("\n")


def piped(missing: str, expected: str) -> str:
    """Return all of standard input, lines ending at \\n; `missing` complains where nothing is piped in."""
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError(missing)
    text = sys.stdin.buffer.read().decode("utf-8-sig", "replace").replace("\r\n", "\n")
    if not text.strip():
        raise DataError(f"standard input held no text; expected {expected}.")
    return text


def safe(piece: str) -> str:
    """Take out the control characters that could steer a terminal; elsewhere nothing is changed."""
    if not sys.stdout.isatty():
        return piece
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in piece)


def ending(model: str, text: str, stream: Any, as_json: bool) -> None:
    """Print what comes after the pieces: a line break, or the document."""
    answer = stream.answer
    if as_json:
        shown = {
            "model": model,
            "prompt": text,
            "prompt_tokens": stream.prompt_tokens,
            "text": answer.text,
            "finished": answer.finished,
            "tokens": answer.tokens,
            "logprobs": answer.logprobs,
            "alternatives": [[list(pair) for pair in step] for step in answer.top],
            "score": answer.score,
        }
        click.echo(json.dumps(shown, ensure_ascii=False, allow_nan=False))
    else:
        click.echo()
    if answer.finished == "positions":
        click.echo(NO_PLACE, err=True)


def figures(found: dict[str, Any], as_json: bool) -> None:
    """Print what a training came to: one JSON document, or a line for each figure."""
    if os.environ.get("RANK", "0") != "0":
        return
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, allow_nan=False))
        return
    for name, value in flat(found):
        shown = f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if type(value) is int else value
        click.echo(f"{name}: {shown}")


def flat(found: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each figure with its name, those of a part behind the part's name, and a list's one by one."""
    for name, value in found.items():
        words = f"{before}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            yield from flat(value, f"{words} ")
        else:
            yield from ((words, one) for one in (value if isinstance(value, list) else [value]))
