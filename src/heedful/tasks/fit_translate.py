"""Training a translator from parallel text to a folder: cleaned, trained, scored, saved, told."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from heedful.data.parallel import open_parallel
from heedful.tasks.bleu import bleu, by_length, scores
from heedful.tasks.fit_pairs import How, fit_pairs
from heedful.tasks.prepare_pairs import Given
from heedful.tasks.rewriting import Aim
from heedful.tasks.rewriting_report import shown
from heedful.tasks.translate import Translator
from heedful.tasks.translators import recipe_of

Paths = Sequence[str | Path]
BEAMS = 5


def fit_translate(
    train: Paths, out: str | Path, *, dev: Paths = (), test: Paths = (), source: str | None = None,
    target: str | None = None, size: str = "mini", prefix: str = "", **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Train a translator and return its figures; the same call again goes on.

    `train`, `dev` and `test` are each a table with the columns `source` and `target`, or two files that go
    line by line. `dev` (without it a part of `train` is held out) chooses the weights, `test` is scored at
    the end; neither is learned from. The settings are those of `heedful.tasks.fit_pairs.How`, by name. `out`
    gets `model`, `report.html`, `metrics.jsonl`, `translations.jsonl`, `checkpoints` and `data`.
    """
    how = How(**settings)
    recipe = recipe_of(how.method, size, how.model is not None)
    return fit_pairs(TRANSLATION, given(train, dev, test, source, target, prefix), Path(out), recipe, how)


def given(
    train: Paths, dev: Paths, test: Paths, source: str | None, target: str | None, prefix: str
) -> Given:
    """Return the parallel text of the three parts."""
    held = [open_parallel(part, source, target) if part else None for part in (dev, test)]
    return Given(open_parallel(train, source, target), held[0], held[1], prefix=prefix)


def translated(model: Translator, sources: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    """Return the translations, and what befell them."""
    found = model.translate(sources, beams=BEAMS)
    unfinished, several = sum(one.unfinished > 0 for one in found), sum(one.parts > 1 for one in found)
    return [one.text for one in found], {"beams": BEAMS, "unfinished": unfinished, "in_parts": several}


def scored(sources: list[str], found: list[str], wanted: list[str]) -> dict[str, Any]:
    """Return BLEU and chrF, and BLEU by the length of the source."""
    buckets = {f"{one.pop('words')} words": one for one in by_length(sources, found, wanted)}
    return {**scores(found, wanted), "by_source_length": buckets}


def facts(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores as the report has them."""
    buckets = found["by_source_length"].items()
    lengths = {f"{words} ({one['sentences']:,})": shown(one) for words, one in buckets}
    return {
        "Scores (0 to 100, with 95 % intervals)": {
            "BLEU": shown(found["bleu"]),
            "chrF": shown(found["chrf"]),
            "perplexity per token": found["perplexity"],
            "signatures": [found[name]["signature"] for name in ("bleu", "chrf")],
        },
        "BLEU by length of the source": lengths,
    }


TRANSLATION = Aim(
    name="translate", file="translations.jsonl", kind=Translator, title="A translator", measure="BLEU",
    judge=bleu, answer=translated, scores=scored, facts=facts,
)  # fmt: skip
