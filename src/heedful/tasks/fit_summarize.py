"""Training a summariser from documents and their summaries to a folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from heedful.data.parallel import Parallel, open_parallel
from heedful.tasks.copied import copied
from heedful.tasks.extract_summary import Extractor
from heedful.tasks.fit_pairs import How, fit_pairs
from heedful.tasks.prepare_pairs import Given
from heedful.tasks.rewriting import Aim
from heedful.tasks.rewriting_report import shown
from heedful.tasks.rouge import METRICS, rouge
from heedful.tasks.summarize import Summarizer
from heedful.tasks.translators import recipe_of

Paths = Sequence[str | Path]
USUAL = {"context": 256, "batch_tokens": 4096}
SHARES = {
    "copied1": "words",
    "copied2": "pairs of words",
    "copied4": "runs of four words",
    "invented": "words that stand nowhere in it",
}
LONGEST = 200_000  # characters of a document


def fit_summarize(
    train: Paths, out: str | Path, *, dev: Paths = (), test: Paths = (), source: str | None = None,
    target: str | None = None, size: str = "mini", prefix: str = "", **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Train a summariser and return its figures; the same call again goes on.

    As `fit_translate`, but `source` and `target` are the columns of documents and summaries (usual: so
    named). Of a document the first tokens are read, as many as the recipe's `context`. A summary may stand
    in what is scored; its document may not. The first sentence stands beside as the baseline.
    """
    how = How(**settings)
    recipe = recipe_of(how.method, size, how.model is not None, **USUAL)
    return fit_pairs(SUMMARY, given(train, dev, test, source, target, prefix), Path(out), recipe, how)


def given(
    train: Paths, dev: Paths, test: Paths, source: str | None, target: str | None, prefix: str
) -> Given:
    """Return documents and summaries of the three parts."""
    held = [opened(part, source, target) if part else None for part in (dev, test)]
    rules = {"longest": LONGEST, "alike": False}
    learned = opened(train, source, target)
    return Given(learned, held[0], held[1], rules, targets_recur=True, prefix=prefix)


def opened(paths: Paths, source: str | None, target: str | None) -> Parallel:
    """Return documents and summaries: the columns of these names, unless others are given or two files."""
    if len(paths) == 2:
        return open_parallel(paths)
    return open_parallel(paths, source or "document", target or "summary")


def judge(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return the mean F1 of ROUGE-L, of 100."""
    return 100 * float(rouge(found, wanted).of("rougeL").mean())


def summarized(model: Summarizer, sources: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    """Return the summaries, and what befell them."""
    found = model.summarize(sources)
    cut, ended = sum(one.unread > 0 for one in found), sum(one.unfinished for one in found)
    return [one.text for one in found], {"unfinished": ended, "documents_cut": cut}


def scored(sources: list[str], found: list[str], wanted: list[str]) -> dict[str, Any]:
    """Return ROUGE beside that of the first sentence, and how much is copied and made up."""
    ours = rouge(found, wanted)
    lead = rouge(Extractor("lead", sentences=1).summarize(sources), wanted)
    return {
        "rouge": ours.figures(),
        "lead": lead.figures(),
        "above_lead": ours.beyond(lead),
        "copied": copied(found, sources).figures(),
        "copied_references": copied(wanted, sources).figures(),
    }


def facts(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores as the report has them."""
    groups = {
        f"ROUGE, F1 of {name}": {metric: shown(found[key][metric]["f1"], 3) for metric in METRICS}
        for key, name in (("rouge", "the summaries"), ("lead", "the first sentence"))
    }
    shares = (("copied", "the summaries"), ("copied_references", "the references"))
    groups |= {
        f"Taken from the document, share of {name}": {
            word: shown(found[key][part], 3) for part, word in SHARES.items() if part in found[key]
        }
        for key, name in shares
    }
    return groups


SUMMARY = Aim(
    name="summarize", file="summaries.jsonl", kind=Summarizer, title="A summariser", measure="ROUGE-L",
    judge=judge, answer=summarized, scores=scored, facts=facts, trial={"no_repeat": 3}, cut=True,
)  # fmt: skip
