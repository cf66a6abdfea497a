"""How `heedful topics` reads its table, and what it writes and shows."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from heedful.catalogue import entry
from heedful.cli.told import safe
from heedful.data.columns import as_text, named
from heedful.data.files import LIMIT
from heedful.data.rows import unique_names
from heedful.data.table import choose, open_rows
from heedful.data.write import write_columns
from heedful.errors import ConfigError, DataError
from heedful.storage import writing
from heedful.topics.hierarchy import Merger, hierarchy
from heedful.topics.model import TopicModel
from heedful.topics.page import Story, mapped, page
from heedful.topics.scores import scores
from heedful.topics.timeline import Timeline, over, per_class
from heedful.types import Vectors

REPORT, TOPICS, DOCUMENTS, MODEL = "report.html", "topics.json", "documents.csv", "model"


@dataclass(frozen=True)
class Given:
    """The texts of a table, its dates and classes (None: not asked for), and vectors made beforehand."""

    name: str
    column: str
    texts: list[str]
    dates: list[str] | None
    classes: list[str] | None
    vectors: Vectors | None
    notes: list[str]


@dataclass(frozen=True)
class Found:
    """A fitted model and what is told of it."""

    model: TopicModel
    mergers: list[Merger]
    timeline: Timeline | None
    classes: Any
    scores: dict[str, Any]
    truncated: int


def say(text: str) -> None:
    """Say on stderr what happens."""
    click.echo(f"heedful: {text}", err=True)


def check_out(out: str | None, table: str) -> None:
    """Refuse before the work what could not be written after it."""
    if out is None:
        return
    path = Path(out)
    if path.exists() and not path.is_dir():
        raise DataError(f"{out} is a file; expected a folder to write to. Name another folder.")
    if path.is_dir() and any(path.iterdir()) and not (path / TOPICS).is_file():
        raise DataError(f"{out} holds something else than topics, which would be lost. Name another folder.")
    if Path(table).exists() and path.is_dir() and Path(table).absolute().is_relative_to(path.absolute()):
        raise DataError(f"{table} lies in {out}, which is replaced. Name another folder.")


def read(table: str, settings: dict[str, Any]) -> Given:
    """Return the rows: unreadable cells count as empty."""
    names = [name for name in (settings["text"], settings["over"], settings["per"]) if name]
    name, rows = open_rows(table, names, LIMIT, labels=False)
    text, _ = choose(rows, name, settings["text"], None, labels=False)
    wanted = {"text": text}
    for key, flag in (("over", "--over"), ("per", "--per")):
        if settings[key]:
            wanted[key] = named(rows.columns, settings[key], flag, name)
    cells: dict[str, list[str]] = {key: [] for key in wanted}
    bad = 0
    for _, values in rows.read([*wanted.values()]):
        broken = isinstance(values, str)
        bad += broken
        for place, key in enumerate(wanted):
            cells[key].append("" if broken else as_text(values[place]) or "")
    if not cells["text"]:
        raise DataError(f"{name}: there are no rows; expected a text in {text!r}.")
    notes = [*rows.notes, f"Text is column {text!r}."]
    notes += [f"{bad:,} rows could not be read and count as empty."] if bad else []
    for note in notes:
        say(note)
    stem = str(table) if entry(str(table)) else Path(table).name.split(".")[0]
    vectors = opened(settings["vectors"], len(cells["text"])) if settings["vectors"] else None
    return Given(stem or "table", text, cells["text"], cells.get("over"), cells.get("per"), vectors, notes)


def opened(name: str, rows: int) -> Vectors:
    """Return the vectors in a .npy file, one for each row of the table."""
    from heedful.topics.documents import check_vectors

    try:
        return check_vectors(np.load(name, allow_pickle=False), rows)
    except OSError as problem:
        raise DataError(f"{name} cannot be read: {problem.strerror or problem}. Name a .npy file.") from None
    except (ValueError, EOFError) as problem:
        if isinstance(problem, DataError):
            raise
        raise DataError(f"{name} is no .npy file of numbers ({problem}). Make it again.") from None


def find(given: Given, settings: dict[str, Any]) -> Found:
    """Fit, and score."""
    model = TopicModel(
        number(settings["topics"]), encoder=settings["encoder"] if given.vectors is None else None,
        reduction=settings["reduction"], outliers="nearest" if settings["nearest"] else "keep",
        seed=settings["seed"],
    )  # fmt: skip
    truncated = 0
    if given.vectors is None:
        from heedful.models import load

        encoder = load(settings["encoder"])
        if not hasattr(encoder, "encode"):
            raise ConfigError(f"{settings['encoder']} is no encoder of texts. Name one such as minilm.")
        model.opener = lambda _: encoder
        say(f"encoding {len(given.texts):,} rows with {settings['encoder']}")
        truncated = encoder.truncated(given.texts) if hasattr(encoder, "truncated") else 0
    model.fit(given.texts, given.vectors)
    say(f"{len(model.topics_):,} topics")
    assert model.documents_ is not None
    timeline = None if given.dates is None else over(model, given.dates)
    classes = None if given.classes is None else per_class(model, given.classes)
    told = scores(model, settings["repeat"], say=say)
    return Found(
        model, hierarchy(model.places_.vectors, model.documents_), timeline, classes, told, truncated
    )


def number(asked: str) -> int | str:
    """Return how many topics are asked for."""
    if asked == "auto":
        return asked
    if not asked.isascii() or not asked.isdigit() or int(asked) < 2:
        raise click.UsageError(f"--topics is {asked!r}; expected a number from 2 on, or auto.")
    return int(asked)


def counts(given: Given, found: Found) -> dict[str, Any]:
    """Return how many rows there are of each kind."""
    empty = int(found.model.empty_.sum())
    return {
        "rows": len(given.texts), "topics": len(found.model.topics_), "empty": empty,
        "outliers": int((found.model.labels_ < 0).sum()) - empty, "truncated": found.truncated,
    }  # fmt: skip


def notes(given: Given, found: Found) -> list[str]:
    """Return what a reader has to know about the rows."""
    told = counts(given, found)
    said = list(given.notes)
    if told["empty"]:
        said.append(f"Rows without a text, and so without a topic: {told['empty']:,}.")
    if told["outliers"]:
        said.append(
            f"Texts that are like no topic (outliers; --nearest gives them one): {told['outliers']:,}."
        )
    if told["truncated"]:
        said.append(f"Texts whose end the encoder does not see: {told['truncated']:,}.")
    if found.timeline and found.timeline.bad:
        said.append(
            f"Dates that could not be read: {found.timeline.bad:,}, the first {found.timeline.example!r}."
        )
    if found.timeline and found.timeline.missing:
        said.append(f"Rows without a date: {found.timeline.missing:,}.")
    return said


def document(given: Given, found: Found) -> dict[str, Any]:
    """Return all that was found as one document."""
    shown: dict[str, Any] = {"table": given.name, "column": given.column, **counts(given, found)}
    shown["notes"] = notes(given, found)
    shown["found"] = [asdict(topic) for topic in found.model.topics_]
    shown["hierarchy"] = [asdict(merger) for merger in found.mergers]
    shown["scores"] = found.scores
    if found.timeline:
        shown["over"] = {
            **asdict(found.timeline), "counts": found.timeline.counts.tolist(),
            "totals": found.timeline.totals.tolist(),
        }  # fmt: skip
    if found.classes:
        shown["per_class"] = {"classes": found.classes[0], "counts": found.classes[1].tolist()}
    return shown


def write(out: str, given: Given, found: Found) -> None:
    """Write the folder, whole or not at all."""
    model, labels = found.model, found.model.labels_
    say("drawing the map")
    story = Story(
        given.name, model, mapped(model), found.mergers, found.timeline, found.classes, found.scores,
        notes(given, found),
    )  # fmt: skip
    names = [topic.name for topic in model.topics_]
    topics = [None if empty else int(label) for label, empty in zip(labels, model.empty_, strict=True)]
    columns: list[Any] = [
        list(range(1, len(labels) + 1)), given.texts, topics,
        [names[label] if label >= 0 else "" for label in labels],
    ]  # fmt: skip
    headed = dict(zip(unique_names(["row", given.column, "topic", "name"]), columns, strict=True))
    about = {"table": given.name, "column": given.column, **counts(given, found),
             "npmi": found.scores["npmi"], "diversity": found.scores["diversity"]}  # fmt: skip
    with writing(out) as fresh:
        model.save(fresh / MODEL, about)
        (fresh / REPORT).write_text(page(story), encoding="utf-8")
        dumped = json.dumps(document(given, found), indent=1, ensure_ascii=False, allow_nan=False)
        (fresh / TOPICS).write_text(dumped, encoding="utf-8")
        write_columns(fresh / DOCUMENTS, headed)


def show(given: Given, found: Found, out: str | None, as_json: bool) -> None:
    """Print the topics: one JSON document, or a line for each."""
    if as_json:
        whole = {**document(given, found), "out": out}
        click.echo(json.dumps(whole, ensure_ascii=False, allow_nan=False))
        return
    for note in notes(given, found)[len(given.notes) :]:
        say(note)
    wide = len(f"{found.model.topics_[0].size:,}")
    for topic in found.model.topics_:
        click.echo(safe(f"{topic.number:>4}  {topic.size:>{wide},}  {', '.join(topic.words)}"))
    told = found.scores
    click.echo(
        f"NPMI {told['npmi']:.3f}, diversity {told['diversity']:.3f}, {told['covered']:.1%} have a topic"
    )
    for name, one in told["rivals"].items():
        click.echo(f"{name} as many topics: NPMI {one['npmi']:.3f}, diversity {one['diversity']:.3f}")
    if "stability" in told:
        again = told["stability"]
        click.echo(
            f"fitted again: Rand {again['seeds_and_orders']['rand']:.3f} with other seeds and orders, "
            f"{again['samples']['rand']:.3f} on other {again['share']:.0%} of the texts"
        )
    if out is not None:
        click.echo(str(Path(out) / REPORT))
