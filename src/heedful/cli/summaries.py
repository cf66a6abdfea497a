"""How `heedful summarize` shows what it found: lines, a document, a table; ROUGE beside that of `lead`."""

import json
import sys
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import click

from heedful.cli.documents import Documents
from heedful.cli.told import safe
from heedful.tasks.copied import copied
from heedful.tasks.extract_summary import LONGEST, MOST, Extract, Extractor
from heedful.tasks.rouge import METRICS, rouge, rouge_words
from heedful.tasks.summarize import Summarizer

Found = Sequence[Extract]
Figure = dict[str, float]


def progress(total: int) -> Callable[[int], None]:
    """Return a counter of documents on stderr: only on a terminal, only where there is a wait."""
    terminal, steps = sys.stderr.isatty(), count()

    def say(done: int) -> None:
        if terminal and (next(steps) or done < total):
            click.echo(f"\r{done:,} of {total:,} documents", err=True, nl=done >= total)

    return say


class Written:
    """A model that writes summaries, in the place of what picks sentences."""

    method, sentences = "model", 1

    def __init__(self, source: str) -> None:
        self.model = Summarizer.load(source)
        self.cut = 0

    def extract(self, texts: Sequence[str], say: Callable[[int], None]) -> list[Extract]:
        """Return the summaries as texts of one sentence."""
        found = self.model.summarize(texts, progress=say)
        self.cut = sum(one.unread > 0 for one in found)
        return [Extract([one.text] if one.text else [], [0], int(bool(one.text))) for one in found]

    def truncated(self, texts: Sequence[str]) -> int:  # noqa: ARG002
        """Return of how many documents the model read the beginning alone."""
        return self.cut


def by(model: str | None, settings: dict[str, Any]) -> "Extractor | Written":
    """Return what summarises: a model, or the choice of sentences."""
    return Extractor(**settings) if model is None else Written(model)


def counts(found: Found, truncated: int) -> dict[str, int]:
    """Return how many documents, and what of them a summary does not rest on."""
    return {
        "documents": len(found),
        "empty": sum(not one.total for one in found),
        "cut": sum(one.cut for one in found),
        "unread": sum(one.unread for one in found),
        "truncated": truncated,
    }


def warnings(told: dict[str, int]) -> None:
    """Say on stderr what a summary does not rest on."""
    sayings = {
        "empty": "documents without a sentence, whose summary is empty",
        "cut": f"sentences longer than {LONGEST:,} characters, each of which counts as several",
        "unread": f"sentences left out, since only the first {MOST:,} of a document are compared",
        "truncated": "sentences or documents that are longer than the model reads at once",
    }
    for name, saying in sayings.items():
        if told[name]:
            click.echo(f"heedful: {saying}: {told[name]:,}.", err=True)


def scores(extractor: Extractor | Written, given: Documents, found: Found) -> dict[str, Any] | None:
    """Return ROUGE of the summaries and of as many first sentences, and how F1 differs (None: unasked)."""
    if given.references is None:
        return None
    rows = given.scored()
    wanted = [given.references[row] for row in rows]
    systems = {extractor.method: [found[row].text for row in rows]}
    lead = Extractor("lead", extractor.sentences).summarize([given.texts[row] for row in rows])
    systems.setdefault("lead", lead)
    by_name = {name: rouge(texts, wanted) for name, texts in systems.items()}
    told: dict[str, Any] = {"scored": len(rows), "left_out": len(found) - len(rows), "systems": {}}
    for name, result in by_name.items():
        taken = copied(systems[name], [given.texts[row] for row in rows]).figures()
        told["systems"][name] = {**result.figures(), "words": words(systems[name]), "copied": taken}
    told["reference_words"] = words(wanted)
    if extractor.method != "lead":
        told["difference"] = by_name[extractor.method].beyond(by_name["lead"])
    return told


def words(texts: Sequence[str]) -> float:
    """Return the mean number of words."""
    return sum(len(rouge_words(text)) for text in texts) / max(1, len(texts))


def show(given: Documents, found: Found, told: dict[str, Any] | None, out: str | None) -> None:
    """Print ROUGE where there are references, else the summaries unless they went into a file.

    One document gives a sentence a line, several give a line each.
    """
    if told is not None:
        click.echo("\n".join(table(told)))
    elif out is None and len(found) == 1:
        click.echo("".join(f"{safe(sentence)}\n" for sentence in found[0].sentences), nl=False)
    elif out is None:
        names = [f"{place['file']}\t" if "file" in place else "" for place in given.places]
        for name, one in zip(names, found, strict=True):
            click.echo(safe(name + one.text))


def table(told: dict[str, Any]) -> list[str]:
    """Return the lines that show F1 with its intervals."""
    rows = [["F1 (95 % interval)", *(f"ROUGE-{metric[5:]}" for metric in METRICS), "words"]]
    for name, result in told["systems"].items():
        rows.append([name, *(figure(result[metric]["f1"]) for metric in METRICS), f"{result['words']:.1f}"])
    if "difference" in told:
        rows.append(["difference", *(figure(told["difference"][metric], "+") for metric in METRICS), ""])
    rows.append(["reference", *("" for _ in METRICS), f"{told['reference_words']:.1f}"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    left_out = (
        f"; {told['left_out']:,} without a text or a reference are left out" if told["left_out"] else ""
    )
    made_up = [
        f"{name}: of its words, {100 * value['value']:.1f} % ({100 * value['low']:.1f} to "
        f"{100 * value['high']:.1f}) stand nowhere in the document"
        for name, result in told["systems"].items()
        if (value := result["copied"].get("invented")) and value["value"] > 0
    ]
    return [*lines, *made_up, f"over {told['scored']:,} rows{left_out}"]


def figure(value: Figure, sign: str = "") -> str:
    """Return a mean and its interval."""
    return f"{value['value']:{sign}.3f} ({value['low']:{sign}.3f} to {value['high']:{sign}.3f})"


def document(
    extractor: Extractor | Written, given: Documents, found: Found, counted: dict[str, int],
    told: dict[str, Any] | None, out: str | None,
) -> None:  # fmt: skip
    """Print the JSON document; the summaries are left out when they went into a file."""
    shown: dict[str, Any] = {"method": extractor.method, "sentences": extractor.sentences, **counted}
    shown |= {"out": out} if out else {"summaries": [
        {**place, "summary": one.text, "sentences": one.sentences, "places": one.places, "total": one.total}
        for place, one in zip(given.places, found, strict=True)
    ]}  # fmt: skip
    shown |= {"rouge": told} if told else {}
    click.echo(json.dumps(shown, ensure_ascii=False, allow_nan=False))


def write(out: str, given: Documents, found: Found) -> None:
    """Write the documents and their summaries to a table, rows in their order."""
    from heedful.data.rows import unique_names
    from heedful.data.write import write_columns

    columns = [*given.columns.values(), [one.text for one in found]]
    write_columns(out, dict(zip(unique_names([*given.columns, "summary"]), columns, strict=True)))
    click.echo(f"{len(found):,} rows written to {out}", err=True)
