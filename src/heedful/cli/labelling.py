"""The dialogue of `heedful label`: a text shown, a line read, what it came to in the end."""

import json
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import click

from heedful.errors import DataError
from heedful.label.journal import ANSWERS, LABELS, SCORED
from heedful.label.replies import HELP, numbered, reply
from heedful.label.session import SETTINGS, Score, Session

SHOWN = 3000  # characters of a text


def place(out: str) -> Path:
    """Return the folder, if labels may be kept there."""
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{out} is a file; expected a folder to write to. Name another with -o.")
    foreign = [name for name in (ANSWERS, LABELS, SCORED) if (folder / name).exists()]
    if foreign and not (folder / SETTINGS).exists():
        raise DataError(f"{folder / foreign[0]} is not of `heedful label`. Name another folder with -o.")
    if sys.stdin is None:
        raise click.UsageError("there is no standard input to take answers from.")
    return folder


def opened(
    folder: Path, table: str, column: str | None, labels: str | None, pool: int, seed: int | None, model: str
) -> Session:
    """Return the session, its vectors at hand."""
    names = [name.strip() for name in (labels or "").split(",") if name.strip()]
    session = Session.open(folder, table, column, names, pool, seed)
    from heedful.tasks.embed import SentenceEncoder

    session.look(SentenceEncoder.load(model), progress)
    texts, kept = len(session.pool.texts), int(session.pool.scored.sum())
    say(f"heedful: {texts:,} texts, {kept:,} of them kept for the score. ? shows what can be typed.")
    return session


def progress(done: int, total: int) -> None:
    """Count on stderr the texts that are encoded."""
    say(f"heedful: {done:,} of {total:,} texts encoded")


def say(text: str, **more: Any) -> None:
    """Print a line on stderr."""
    click.echo(text, err=True, **more)


def lines() -> Iterator[str]:
    """Yield the lines of standard input as they come."""
    while line := sys.stdin.buffer.readline():
        yield line.decode("utf-8", "replace")


def dialogue(session: Session, score: int | None) -> None:
    """Ask until the user quits, the answers end, or nothing is left."""
    part = "learn" if score is None else "score"
    answers, given = lines(), count(1)
    asked = ""
    while score is None or len(session.journal.labelled("score")) < score:
        text = session.ask(part)
        if text is None:
            say("heedful: every text of this part is answered.")
            return
        if text != asked:
            show(session, text, next(given))
            asked = text
        line = read(answers)
        if line is None or not take(session, text, part, line):
            return


def read(answers: Iterator[str]) -> str | None:
    """Return the next line, None at the end."""
    if sys.stdin.isatty():
        say("> ", nl=False)
    return next(answers, None)


def take(session: Session, text: str, part: str, line: str) -> bool:
    """Do what a line says; return if there is more to ask."""
    said = reply(line, session.names)
    if said.kind in ("label", "skip"):
        fresh = said.kind == "label" and said.text not in session.names
        session.answer(text, part, said.text or None)
        done = session.counts(part)
        new = " (a new label)" if fresh else ""
        told = f"{said.text}{new}: {done[said.text]:,}" if said.text else "skipped"
        say(f"  saved: {folded(told)} · {done.total():,} labelled")
    elif said.kind == "undo":
        last = session.undo(part)
        say("  nothing to take back" if last is None else f"  taken back: {folded(last.label or 'skipped')}")
    elif said.kind != "quit":
        say(f"  {folded(said.text or HELP)}")
    return said.kind != "quit"


def show(session: Session, text: str, number: int) -> None:
    """Show a text, and the labels there are."""
    shown = folded(text)
    rest = len(shown) - SHOWN
    say(f"\n[{number}] {shown[:SHOWN]}{f' ... ({rest:,} characters more)' if rest > 0 else ''}")
    names = [folded(name) for name in session.names]
    if numbered(session.names):
        names = [f"{place} {name}" for place, name in enumerate(names, 1)]
    say("  " + "   ".join([*names, "(s skip, u undo, q quit)"]))


def folded(text: str) -> str:
    """Put a text on one line, without the control characters that could steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def ending(session: Session, folder: Path, model: str, as_json: bool) -> None:
    """Save a model of the labels, and say what there is."""
    counts, kept, scored = session.counts("learn"), session.counts("score"), session.score()
    saved = keep(session, folder, model, scored) if len(counts) > 1 else None
    if as_json:
        document = {
            "out": str(folder), "labelled": counts.total(), "labels": dict(counts),
            "kept_apart": kept.total(), "score": scored and scored.figures(), "model": saved,
        }  # fmt: skip
        click.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
        return
    told = ", ".join(f"{folded(name)} {number:,}" for name, number in counts.most_common())
    click.echo(f"{counts.total():,} labelled in {folder / LABELS}{f': {told}' if told else ''}")
    if scored is not None:
        click.echo(sentence(scored))
    elif saved is not None:
        click.echo("for an honest score of them: the same command with --score 50")
    if saved is not None:
        test = f" --test {folder / SCORED}" if kept else ""
        click.echo(f'next: heedful predict {folder} "a text"; heedful compare {folder / LABELS}{test}')


def sentence(score: Score) -> str:
    """Say how the texts kept apart are labelled."""
    found = score.figures()
    return (
        f"accuracy {found['accuracy']:.3f} ({found['low']:.3f} to {found['high']:.3f}) on {score.total:,} "
        f"texts kept apart; the commonest label alone {found['majority']:.3f}"
    )


def keep(session: Session, folder: Path, model: str, score: Score | None) -> str:
    """Save a probe of the labels, which `heedful predict FOLDER` opens; return its folder."""
    from heedful.artefact import FITTED
    from heedful.tasks.probe import Probe

    texts, labels = zip(*session.journal.labelled("learn"), strict=True)
    about = {"labelled": len(texts), **({"score": score.figures()} if score else {})}
    Probe(model).fit(list(texts), list(labels)).save(folder / FITTED, about)
    return str(folder / FITTED)
