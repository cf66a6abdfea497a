"""What `heedful encode` and `heedful compare-texts` say."""

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

if TYPE_CHECKING:
    from heedful.tasks.embed import SentenceEncoder

__all__ = ["Path", "Rows", "opened", "warnings"]
PAUSE = 1.0  # seconds between two lines of progress


class Rows:
    """A counter of rows on stderr, on a terminal alone."""

    def __init__(self) -> None:
        self.begin, self.last, self.first = time.monotonic(), 0.0, -1

    def __call__(self, done: int) -> None:
        """Show how many rows are done."""
        now = time.monotonic()
        self.first = done if self.first < 0 else self.first
        if sys.stderr.isatty() and now - self.last >= PAUSE:
            rate = (done - self.first) / max(now - self.begin, 1e-9)
            click.echo(f"\r{done:,} rows, {rate:,.0f} a second ", err=True, nl=False)
            self.last = now

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.last:
            click.echo(err=True)


def opened(model: str) -> "SentenceEncoder":
    """Return the sentence encoder of that name or folder, also that of a training; refuse another model."""
    from heedful.errors import ConfigError
    from heedful.models import load
    from heedful.tasks.embed import SentenceEncoder

    found = load(model)
    if not isinstance(found, SentenceEncoder):
        raise ConfigError(
            f"{model} holds a {type(found).__name__}; expected a sentence encoder, such as minilm or what "
            "`heedful fit embed` makes."
        )
    return found


def warnings(found: dict[str, Any]) -> None:
    """Say on stderr what was guessed, and of which texts the end was not read."""
    for note in found["notes"]:
        click.echo(f"heedful: {note}", err=True)
    if found["gone_on_from_row"]:
        click.echo(f"heedful: went on after row {found['gone_on_from_row']:,}.", err=True)
    if found["empty"]:
        click.echo(
            f"heedful: {found['empty']:,} rows have no text; theirs is the vector of an empty one.", err=True
        )
    if found["truncated"]:
        click.echo(
            f"heedful: {found['truncated']:,} of {found['rows']:,} texts are longer than the "
            f"{found['max_tokens']:,} tokens that the model reads:",
            err=True,
        )
        for one in found["examples"]:
            rest = f"row {one['row']:,} has {one['tokens']:,} tokens, unread from: {one['unread_from']}"
            click.echo(f"heedful:   {rest}", err=True)
