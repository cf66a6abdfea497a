"""The tables and charts of a topic page, below its map."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from heedful.report.figures import count, duration, percent, score
from heedful.report.markup import figure, grid, tag
from heedful.report.svg import escape
from heedful.topics.charts import HIGHEST, dendrogram, heat
from heedful.topics.documents import short
from heedful.topics.hierarchy import Merger
from heedful.topics.model import TopicModel
from heedful.topics.timeline import Timeline
from heedful.types import Ints

EXAMPLE = 160  # characters of a text in the table
MOST = 60  # topics with a row in the charts


def words(model: TopicModel, scores: Mapping[str, Any] | None) -> str:
    """Return the table of topics: words, size, NPMI, and texts that stand for them."""
    total = max(1, int((~model.empty_).sum()))
    each = (scores or {}).get("npmi_by_topic") or [None] * len(model.topics_)
    rows = [
        [
            escape(f"{topic.number}. {topic.name}"), escape(", ".join(topic.words)),
            f"{count(topic.size)}{tag('small', percent(topic.size / total))}", score(npmi),
            "".join(tag("q", escape(short(text, EXAMPLE))) for text in topic.texts[:2]),
        ]
        for topic, npmi in zip(model.topics_, each, strict=True)
    ]  # fmt: skip
    return grid("Topics", ["topic", "words", "rows", "NPMI", "texts that stand for it"], rows)


def tree(model: TopicModel, mergers: Sequence[Merger]) -> str:
    """Return the dendrogram."""
    if not mergers or len(model.topics_) > HIGHEST:
        return ""
    picture = dendrogram([topic.name for topic in model.topics_], mergers)
    return figure(
        picture, "Topics that meet near the left are alike. Point at a branch for the words of all of them."
    )


def years(timeline: Timeline | None, model: TopicModel) -> str:
    """Return the topics over time, and how their words changed."""
    if timeline is None:
        return ""
    kept = model.topics_[:MOST]
    names = [topic.name for topic in kept]
    counts = timeline.counts[:MOST]
    picture = heat(names, timeline.bins, counts, timeline.totals, "Topics over time")
    told = f"Share of the texts of each {timeline.unit}: the darker, the more."
    if timeline.bad:
        told += f" {count(timeline.bad)} dates could not be read (the first: {timeline.example})."
    if timeline.missing:
        told += f" {count(timeline.missing)} rows have no date."
    rows = [
        [escape(topic.name), *(escape(", ".join(spoken)) for spoken in change(timeline, topic.number))]
        for topic in kept[:20]
    ]
    table = grid("Words of the time", ["topic", "at first", "in the middle", "at last"], rows)
    return figure(picture, escape(told), "wide") + tag("h3", "Words of the time") + table


def change(timeline: Timeline, topic: int) -> list[tuple[str, ...]]:
    """Return the words of a topic in the first, the middle and the last bin that has it."""
    own = [number for number in range(len(timeline.bins)) if timeline.counts[topic, number]]
    chosen = [own[0], own[len(own) // 2], own[-1]] if own else []
    found = [(f"{timeline.bins[number]}: {' '.join(timeline.words[topic][number])}",) for number in chosen]
    return [*found, *[()] * (3 - len(found))]


def classes(model: TopicModel, found: tuple[list[str], Ints] | None) -> str:
    """Return which classes the topics have."""
    if found is None:
        return ""
    names, counts = found
    most = np.argsort(-counts.sum(axis=0), kind="stable")[:MOST]
    picture = heat(
        [topic.name for topic in model.topics_[:MOST]], [names[i] or "(none)" for i in most],
        counts[:MOST][:, most], counts[:, most].sum(axis=0), "Topics per class",
    )  # fmt: skip
    return figure(
        picture, "Share of the texts of each class that have a topic: the darker, the more.", "wide"
    )


def scored(scores: Mapping[str, Any] | None) -> str:
    """Return the scores and what they mean."""
    if not scores:
        return ""
    rows = [["<b>these topics</b>", score(scores["npmi"]), score(scores["diversity"]), ""]]
    rows += [
        [escape(name), score(one["npmi"]), score(one["diversity"]), duration(one["seconds"])]
        for name, one in scores.get("rivals", {}).items()
    ]
    table = grid("Scores", ["", "NPMI", "diversity", "time"], rows)
    note = (
        f"NPMI: do the {scores['top']} words of a topic stand within {scores['window']} words of each other "
        "more often than by chance? 0 is chance, 1 always, −1 never. Diversity: the share of words that "
        "are different, over all topics. NMF and LDA have as many topics and the same words to choose from."
    )
    return table + tag("p", escape(note), class_="note") + stable(scores.get("stability"))


def stable(found: Mapping[str, Any] | None) -> str:
    """Return how alike repeated fits are."""
    if not found:
        return ""
    parts = f"other {percent(found['share'])} of the texts"
    names = {"seeds_and_orders": "other seeds, other orders", "samples": parts}
    rows = [[escape(told), *repeated(found[kind])] for kind, told in names.items()]
    note = (
        "Adjusted Rand index: do the same texts come together again (1: all, 0: chance)? Words: the "
        f"share that matched topics have in common. On {count(found['texts'])} of the texts."
    )
    table = grid("Stability", ["fitted again with", "Rand", "words", "topics"], rows)
    return tag("h3", "Stability") + table + tag("p", escape(note), class_="note")


def repeated(one: Mapping[str, Any]) -> list[str]:
    """Return the cells of one kind of repetition."""
    return [score(one["rand"]), score(one["words"]), escape(", ".join(map(str, one["topics"])))]
