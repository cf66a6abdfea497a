"""Topics as one page that opens offline: the map, the words, the hierarchy, time, classes, and the scores."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heedful.errors import NotFittedError
from heedful.report.figures import clean, count
from heedful.report.markup import facts, part, tag
from heedful.report.shell import shell, static
from heedful.report.svg import escape
from heedful.topics import panels
from heedful.topics.documents import Documents, short
from heedful.topics.hierarchy import Merger
from heedful.topics.layout import layout
from heedful.topics.model import Topic, TopicModel
from heedful.topics.timeline import Timeline
from heedful.types import Ints, Vectors

STATIC = Path(__file__).parent / "static"
SHOWN = ((20_000, 200), (1 << 62, 90))  # characters of a text on the map, up to so many documents
SIDE = 65535  # of the map


@dataclass(frozen=True)
class Story:
    """All that a page tells; what is None is left out."""

    name: str
    model: TopicModel
    places: Vectors  # (U, 2) of the different texts
    mergers: Sequence[Merger] = ()
    timeline: Timeline | None = None
    classes: tuple[list[str], Ints] | None = None
    scores: Mapping[str, Any] | None = None
    notes: Sequence[str] = ()


def documents(model: TopicModel) -> Documents:
    """Return the texts of the fit; NotFittedError where the model was loaded."""
    if model.documents_ is None:
        raise NotFittedError("a page needs the texts of the fit, which are not saved: fit again.")
    return model.documents_


def mapped(model: TopicModel) -> Vectors:
    """Return the places of the different texts on the map: (U, 2)."""
    known = documents(model)
    return layout(known.vectors, known.labels, model.seed)


def page(story: Story) -> str:
    """Return the page. It loads nothing, and its policy forbids that it could."""
    model, notes = story.model, "".join(tag("li", escape(note)) for note in story.notes)
    sections = [
        part("documents", "Map", chart(story)),
        part("words", "Topics and their words", panels.words(model, story.scores)),
        part("hierarchy", "Hierarchy", panels.tree(model, story.mergers)),
        part("time", "Over time", panels.years(story.timeline, model)),
        part("classes", "Per class", panels.classes(model, story.classes)),
        part("scores", "Scores", panels.scored(story.scores)),
        part("notes", "Notes", tag("ul", notes) if notes else ""),
    ]
    body = header(story) + tag("main", "".join(sections)) + tag("footer", "Made by Heedful. Opens offline.")
    body += f'<script type="application/json" id="map-data">{data(story)}</script>'
    return shell(f"{story.name}: topics", body, static(STATIC / "topics.css"), static(STATIC / "map.js"))


def header(story: Story) -> str:
    """Return the name and how many rows there are of each kind."""
    model = story.model
    empty, none = int(model.empty_.sum()), int((model.labels_ < 0).sum())
    pairs = [
        ("rows", count(len(model.labels_))), ("topics", count(len(model.topics_))),
        ("in no topic", count(none - empty)), ("empty", count(empty)),
    ]  # fmt: skip
    return tag("header", tag("p", "Topics", class_="eyebrow") + tag("h1", escape(story.name)) + facts(pairs))


def data(story: Story) -> str:
    """Return what the map is drawn from as JSON that cannot end its element."""
    known = documents(story.model)
    low, reach = story.places.min(axis=0), np.ptp(story.places, axis=0)
    scaled = (story.places - low - reach / 2) / (float(reach.max()) or 1.0) + 0.5
    places = np.clip(scaled * SIDE, 0, SIDE).astype("<u2")
    room = next(room for most, room in SHOWN if len(places) <= most)
    drawn = {
        "reach": (reach / (float(reach.max()) or 1.0)).round(4).tolist(),
        "places": b64encode(places.tobytes()).decode(),
        "labels": b64encode(known.labels.astype("<i2").tobytes()).decode(),
        "names": [clean(topic.name) for topic in story.model.topics_],
        "middles": [middle(places[known.labels == topic.number]) for topic in story.model.topics_],
        "texts": [short(text, room) for text in known.told.texts],
    }
    document = json.dumps(drawn)
    for sign in "<>&":  # in JSON they stand in strings only
        document = document.replace(sign, f"\\u{ord(sign):04x}")
    return document


def middle(places: NDArray[np.uint16]) -> list[int] | None:
    """Return where the name of a topic stands: in the middle of its points."""
    return [int(value) for value in np.median(places, axis=0)] if len(places) else None


def chart(story: Story) -> str:
    """Return the map and the list of topics that it goes with."""
    canvas = tag("canvas", "", id="map", tabindex="0", role="img", aria_label="Map of the documents")
    signs = (("in", "+", "nearer"), ("out", "−", "further"), ("all", "all", "everything"))
    buttons = "".join(
        tag("button", sign, id=f"map-{name}", type="button", aria_label=told) for name, sign, told in signs
    )
    tip = '<div class="tip" id="map-tip" hidden></div>'
    framed = tag("div", canvas + tag("div", buttons, class_="buttons") + tip, class_="map")
    legend = "".join(entry(topic) for topic in story.model.topics_)
    note = (
        "Each point is a text; near ones mean alike, far distances mean little. Drag to move, turn the wheel "
        "to zoom, point to read, click a point or a name to see one topic alone."
    )
    return framed + tag("ul", legend, class_="legend") + tag("p", note, class_="note")


def entry(topic: Topic) -> str:
    """Return a topic's button in the legend."""
    number = str(topic.number)
    name = tag("i", "", data_dot=number) + escape(f"{topic.name} ({count(topic.size)})")
    return tag("li", tag("button", name, type="button", data_topic=number, aria_pressed="false"))
