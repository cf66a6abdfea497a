"""What the verbs of an index share: its encoder, what is told while it grows, what is shown of it."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from heedful.cli import vectors
from heedful.cli.told import safe
from heedful.search.index import Hit, Index, Scorer
from heedful.search.intake import Added
from heedful.search.windows import Windowed
from heedful.types import Encoder

SHOWN = 200  # characters of a text on the terminal


def encoder(model: str, windows: bool) -> Encoder:
    """Load an encoder by name or folder; with `windows` it reads all of a long text."""
    found = vectors.opened(model)
    return Windowed(found) if windows else found


def opened(folder: str, model: str | None = None) -> Index:
    """Open an index with the encoder that it was made with, or with `model`, where that moved to."""
    index = Index.open(folder)
    windows = bool(index.settings["about"].get("windows"))
    index.use(encoder(model or index.settings["model"], windows))
    return index


def scorer(model: str | None) -> Scorer | None:
    """Load a cross-encoder, None for None."""
    if model is None:
        return None
    from heedful.tasks.rank import CrossEncoder

    return CrossEncoder.load(model)


def progress() -> Callable[[int], None]:
    """Return a counter of rows on stderr: only on a terminal."""
    terminal = sys.stderr.isatty()

    def say(done: int) -> None:
        if terminal:
            click.echo(f"\r{done:,} rows", err=True, nl=False)

    return say


def came_in(index: Index, counts: Added, as_json: bool, notes: Sequence[str] = ()) -> None:
    """Print what became of the rows."""
    told: dict[str, Any] = {"rows": len(index)}
    told |= {name: getattr(counts, name) for name in ("added", "replaced", "unchanged", "empty", "cut")}
    if sys.stderr.isatty():
        click.echo("\r", err=True, nl=False)
    for note in notes:
        click.echo(f"heedful: {note}", err=True)
    if counts.empty:
        click.echo(f"heedful: rows without a text or an id, left out: {counts.empty:,}.", err=True)
    if counts.cut:
        click.echo(
            f"heedful: texts whose end the encoder does not read: {counts.cut:,}. --windows reads all.",
            err=True,
        )
    if as_json:
        click.echo(json.dumps({"index": str(index.home), **told}, ensure_ascii=False))
    else:
        click.echo(", ".join(f"{name} {count:,}" for name, count in told.items() if count or name == "rows"))


def figures(told: dict[str, Any], as_json: bool) -> None:
    """Print figures: one document, or a line each."""
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, allow_nan=False))
        return
    for name, value in told.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {one}" for key, one in value.items() if one is not None)
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        elif isinstance(value, float):
            value = f"{value:.4f}"
        elif isinstance(value, int):
            value = f"{value:,}"
        if value not in (None, ""):
            click.echo(safe(f"{name.replace('_', ' ')}: {value}"))


def hits(queries: Sequence[str], found: Sequence[Sequence[Hit]], as_json: bool) -> None:
    """Print what was found: one document, or a line for each hit, under its query where there are several."""
    if as_json:
        shown = [
            {"query": query, "hits": [vars(hit) for hit in some]}
            for query, some in zip(queries, found, strict=True)
        ]
        click.echo(json.dumps({"results": shown}, ensure_ascii=False, allow_nan=False))
        return
    for query, some in zip(queries, found, strict=True):
        if len(queries) > 1:
            click.echo(safe(f"# {line(query)}"))
        for rank, hit in enumerate(some, 1):
            kept = "".join(f"\t{name}={line(value)}" for name, value in hit.columns.items() if value)
            click.echo(safe(f"{rank}\t{hit.score:.4f}\t{line(hit.id)}\t{line(hit.text)}{kept}"))


def line(text: str) -> str:
    """Fold a text into one line, shortened."""
    folded = " ".join(text.split())
    return folded if len(folded) <= SHOWN else folded[: SHOWN - 1] + "…"
