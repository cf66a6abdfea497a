"""Answers as files give them, found in their context: texts with and without the place where they stand."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

NEAR = 100  # characters around the place that was said, within which an answer is looked for

Said = tuple[Any, Any]  # text, and where it begins (None: not said)


@dataclass(frozen=True)
class Marked:
    """Spans of characters (start, end), each once, and how many were `mended`, taken `first`, or `lost`."""

    spans: list[tuple[int, int]]
    counts: Counter[str]


def marked(context: str, answers: Any) -> Marked | str:
    """Return where the answers stand in the context, or why none can be used; no answers are no fault."""
    said = list(given(answers))
    counts: Counter[str] = Counter()
    spans: list[tuple[int, int]] = []
    wrong = ""
    for text, start in said:
        found = place(context, text, start)
        if isinstance(found, str):
            wrong = wrong or found
            counts["lost"] += 1
            continue
        span, how = found
        counts[how] += 1
        spans.append(span)
    return Marked(list(dict.fromkeys(spans)), counts) if spans or not said else wrong


def given(answers: Any) -> Iterator[Said]:
    """Yield texts and places out of any of the usual forms; an empty text alone is no answer."""
    if answers is None or answers != answers or (isinstance(answers, str) and not answers.strip()):
        return
    if isinstance(answers, Mapping):
        texts, starts = several(answers.get("text")), several(answers.get("answer_start"))
        yield from zip_longest(texts, starts[: len(texts)])
    else:
        for one in several(answers):
            nested = isinstance(one, Mapping)
            yield (one.get("text"), one.get("answer_start")) if nested else (one, None)


def several(value: Any) -> list[Any]:
    """Return a value, or the items of a list of them."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) or hasattr(value, "tolist") else [value]


def place(context: str, text: Any, start: Any) -> tuple[tuple[int, int], str] | str:
    """Return the span of one answer and how it was found ("said", "mended" or "first"), or what is wrong."""
    if not isinstance(text, str):
        return "an answer that is no text"
    bare = text.strip()
    if not bare:
        return "an empty answer"
    if start is None:
        found = context.find(bare)
        return "the answer does not stand in the context" if found < 0 else (span(found, bare), "first")
    if isinstance(start, bool) or not isinstance(start, int) or start < 0:
        return "an answer_start that is no number from 0"
    begin = start + len(text) - len(text.lstrip())
    if context.startswith(bare, begin):
        return span(begin, bare), "said"
    near = occurrences(context, bare, max(0, begin - NEAR), begin + NEAR + len(bare))
    return (span(near[0], bare), "mended") if len(near) == 1 else "the answer does not stand at answer_start"


def span(start: int, text: str) -> tuple[int, int]:
    """Return where a text that begins at `start` stands."""
    return start, start + len(text)


def occurrences(context: str, text: str, start: int, end: int) -> list[int]:
    """Return where a text begins in a part of the context."""
    found, at = [], context.find(text, start, end)
    while at >= 0:
        found.append(at)
        at = context.find(text, at + 1, end)
    return found
