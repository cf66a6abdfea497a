"""What a pretrained model came to: its figures beside a model without a network, and the report."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from heedful.baselines.witten_bell import WittenBell
from heedful.checkpoint.describe import parameters_by_part
from heedful.data.tokens import Tokens
from heedful.report.machine import machine
from heedful.tasks.pretraining import Pretraining
from heedful.tasks.score_language import mean_loss, nats
from heedful.tasks.write import Writer
from heedful.train.metrics import read_metrics
from heedful.train.progress import Progress
from heedful.train.report import write_report

FEW = 300  # tokens: with so small a vocabulary (characters, bytes) longer n-grams pay
ORDERS = (5, 3)
DRAWN = 200  # tokens of a sample


def figures(run: Pretraining, progress: Progress) -> dict[str, Any]:
    """Return what was reached on all of the held-out text."""
    data, model, team = run.prepared, run.model, run.team
    found: dict[str, Any] = {
        "objective": run.objective,
        "parameters": sum(parameters_by_part(model).values()),
        "steps": progress.step,
        "tokens": int(progress.counted),
        "epochs": round(progress.epoch + progress.index / max(1, len(run.batches(progress.epoch))), 3),
        "seconds": round(progress.seconds, 1),
        "held_out_tokens": len(data.dev.ids),
        "held_out_characters": data.dev.characters,
        "loss": mean_loss(run.module, run.held, run.way.objective, team),
        "unknown": {"train": data.train.unknown, "dev": data.dev.unknown},
    }
    order = 1
    if run.objective == "clm":
        total = nats(model, data.dev, run.recipe.context, team)
        found |= per_unit(total, data.dev)
        order = ORDERS[data.tokenizer.vocab > FEW]
    baseline = WittenBell(order, data.tokenizer.vocab).fit(data.train.ids, np.asarray(data.train.ends))
    each = baseline.nats(data.dev.ids, np.asarray(data.dev.ends))
    found["baseline"] = {
        "name": f"{order}-gram",
        "loss": float(each.mean()),
        **per_unit(each.sum(), data.dev),
    }
    return found


def per_unit(total: float, tokens: Tokens) -> dict[str, float]:
    """Return nats in all as nats per character, bits per byte and perplexity per token."""
    return {
        "nats_per_character": total / tokens.characters,
        "bits_per_byte": total / tokens.bytes / math.log(2),
        "perplexity": math.exp(min(total / len(tokens.ids), 700.0)),
    }


def tell(run: Pretraining, found: dict[str, Any]) -> None:
    """Write report.html."""
    data, recipe, baseline = run.prepared, run.recipe, found["baseline"]
    examples = [("", sample(run))] if run.objective == "clm" else []
    result = {name: value for name, value in found.items() if name not in ("baseline", "unknown")}
    facts = {
        "Result": {**result, **{f"{baseline['name']}: {k}": v for k, v in baseline.items() if k != "name"}},
        "Data": {
            "training tokens": len(data.train.ids), "held-out tokens": len(data.dev.ids),
            "documents": data.train.documents, "vocabulary": data.tokenizer.vocab,
            "tokenizer": data.train.about.get("tokenizer"), "corpus": data.train.about.get("corpus"),
        },
        "Model": {**asdict(recipe), "family": run.form.family.name, "seed": run.seed},
        "Machine": machine(),
    }  # fmt: skip
    title = f"Pretraining by {run.objective}: {run.out.name}"
    write_report(
        run.out / "report.html", title, read_metrics(run.out / "metrics.jsonl"), facts,
        {baseline["name"]: baseline["loss"]}, examples, axis="loss, nats per token",
    )  # fmt: skip


def sample(run: Pretraining) -> str:
    """Return what the model writes by chance after a beginning from the held-out text."""
    writer = Writer.load(run.out / "model")
    given = run.prepared.dev.ids[: run.recipe.context // 4].tolist()
    begin = run.prepared.tokenizer.engine.decode(given)
    room = run.recipe.context - len(given) - 1
    return begin + writer.write([begin], max_tokens=min(DRAWN, room), temperature=0.8)[0].text
