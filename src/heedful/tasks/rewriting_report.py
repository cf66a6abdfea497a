"""What a training on pairs came to: its scores with intervals, its texts, and the report."""

import json
import math
from dataclasses import asdict
from typing import Any

from heedful import __version__
from heedful.data.parallel import Pair
from heedful.report.machine import machine
from heedful.storage import replacing
from heedful.tasks.rewriting import Rewriting
from heedful.train.follow import METRICS
from heedful.train.metrics import read_metrics
from heedful.train.progress import Progress
from heedful.train.report import write_report

EXAMPLES = 8


def figures(run: Rewriting, progress: Progress, batches: int) -> dict[str, Any]:
    """Return the scores on test (on dev, where there is none), and how they came about.

    An epoch had so many `batches`.
    """
    data, aim = run.prepared, run.aim
    part, pairs = ("test", data.test) if data.test else ("dev", data.dev)
    sources, wanted = ([pair[side] for pair in pairs] for side in (0, 1))
    texts, counts = aim.answer(run.model, sources)
    write_texts(run, pairs, texts)
    loss = run.loss(run.tokens(pairs))
    kept = {name: data.cleaned[name] for name in ("kept", "taken")}
    return {
        "task": aim.name, "method": run.method, "heedful": __version__,
        "parameters": sum(parameter.numel() for parameter in run.module.parameters()),
        "pairs": {
            **kept, "too_long": run.bitext.long, "shortened": run.bitext.shortened, "dev": len(data.dev),
            "test": len(data.test),
        },
        "steps": progress.step, "seconds": round(progress.seconds, 1), "stopped": progress.stopped,
        "epochs": round(progress.epoch + progress.index / max(1, batches), 2),
        "target_tokens": int(progress.counted), "mean_of_checkpoints": run.averaged,
        "scored_on": part, "scored_pairs": len(pairs), **counts,
        "scores": {
            **aim.scores(sources, texts, wanted), "loss": loss, "perplexity": math.exp(min(loss, 700.0))
        },
    }  # fmt: skip


def write_texts(run: Rewriting, pairs: list[Pair], texts: list[str]) -> None:
    """Write what was scored, line by line."""
    with replacing(run.out / run.aim.file) as fresh, fresh.open("w", encoding="utf-8") as lines:
        for (source, reference), text in zip(pairs, texts, strict=True):
            row = {"source": source, "reference": reference, "found": text}
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def tell(run: Rewriting, found: dict[str, Any]) -> None:
    """Write report.html."""
    facts = {
        "Result": {name: value for name, value in found.items() if not isinstance(value, dict)},
        **run.aim.facts(found["scores"]),
        "Pairs": {**found["pairs"], **found["pairs"]["taken"], "vocabulary": run.prepared.tokenizer.vocab},
        "Model": {**asdict(run.recipe), "seed": run.seed},
        "Machine": machine(),
    }
    write_report(
        run.out / "report.html", f"{run.aim.title}: {run.out.name}", read_metrics(run.out / METRICS), facts,
        {}, examples(run), axis=axis(run), measure=run.aim.measure,
    )  # fmt: skip


def examples(run: Rewriting) -> list[tuple[str, str]]:
    """Return some of what was written, with the sources."""
    lines = (run.out / run.aim.file).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines[:: max(1, len(lines) // EXAMPLES)][:EXAMPLES]]
    return [(row["source"], f"{row['found']}\nreference: {row['reference']}") for row in rows]


def axis(run: Rewriting) -> str:
    """Say what the loss is."""
    smoothed = "; in training the targets are smoothed" if run.recipe.smoothing else ""
    return f"loss, nats per token{smoothed}"


def shown(score: dict[str, Any], digits: int = 1) -> str:
    """Write a score with its interval."""
    value, low, high = (f"{score[name]:.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"
