"""Training a sentence encoder from tables to a folder: read, checked, divided, trained, scored, saved."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from heedful import __version__
from heedful.artefact import write_card
from heedful.core.config import check_sizes
from heedful.data.likes import Likes, read_likes
from heedful.data.likes_division import Parted, part
from heedful.errors import ConfigError
from heedful.estimator import Clock
from heedful.storage import locked, writing
from heedful.tasks.denoise_embed import Denoiser, noised, rewriting
from heedful.tasks.embed import SentenceEncoder, check_dimensions
from heedful.tasks.score_embed import Scorer, graded_cosines, spearman
from heedful.tasks.tune_embed import Learner, Rows, contrasting, epochs_of, grades_of, loss_of
from heedful.train.checkpoints import CHECKPOINTS, Keeper
from heedful.train.loop import train as learn
from heedful.train.lora import adapted, peak_rate
from heedful.train.plan import Plan, PrecisionName
from heedful.train.progress import Progress, Watch
from heedful.train.together import Together

METHOD = "embed"
RATE = 5e-5  # of full tuning
ROWS = {"ranking": 128}  # in a batch; a batch is its own negatives
FEW = 32
SEARCHED = ("pairs", "triplets", "graded")  # kinds of rows that say how good vectors are


@dataclass
class How:
    """How a sentence encoder learns. `matryoshka` are dimensions that shall do alone; None: see `RATE`."""

    loss: str = "auto"
    epochs: int = 1
    rate: float | None = None
    rows: int | None = None
    matryoshka: Sequence[int] = field(default_factory=tuple)
    lora: int = 0
    precision: PrecisionName = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        check_sizes(self, "epochs", *(("rows",) if self.rows is not None else ()))
        check_sizes(self, "lora", least=0)

    def plan(self, **more: Any) -> Plan:
        """Return the plan of the loop."""
        rate = peak_rate(self.rate, RATE, self.lora)
        return Plan(epochs=self.epochs, rate=rate, precision=self.precision, seed=self.seed, **more)

    def batch(self, loss: str) -> int:
        """Return the rows of a batch."""
        return self.rows or ROWS.get(loss, FEW)

    def sizes(self, width: int) -> list[int]:
        """Return the dimensions that a loss is taken of, the whole width first."""
        for size in self.matryoshka:
            check_dimensions(size, width)
        return sorted({width, *self.matryoshka}, reverse=True)


def fit_embed(
    train: Any, dev: Any, model: str, out: Path | str, *, text: str | None = None, pair: str | None = None,
    negative: str | None = None, label: str | None = None, kind: str = "auto", matryoshka: str = "",
    minutes: float | None = None, watch: Watch | None = None, **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Train on one table, score on another (None: a tenth of the rows), save to out/model; return figures.

    No text stands both in what is learned from and in what is scored. A tenth of the rest chooses the epoch.
    A run that was killed goes on from out/checkpoints. `settings` are those of `How`.
    """
    begin, out = time.monotonic(), Path(out)
    how = How(matryoshka=dimensions(matryoshka), **settings)
    with locked(out):
        read = read_likes(train, text=text, pair=pair, negative=negative, label=label, kind=kind)
        other = None if dev is None else read_likes(dev, like=None if read.kind == "texts" else read)
        parts = part(read, other)
        encoder = opened(model, how.seed)
        others = None if read.kind == "texts" else parts.train
        scorer = Scorer(parts.scored, others) if parts.scored.kind in SEARCHED else None
        before = scorer.add("before", encoder) if scorer else {}
        left = None if minutes is None else max(1.0, 60 * minutes - (time.monotonic() - begin))
        loss = loss_of(read.kind, how.loss)
        progress, extra = teach(encoder, parts, loss, how, out, left, watch, model)
        figures = about(encoder, read, parts, loss, how, model, progress)
        figures["truncated"] = truncated(encoder, read)
        baselines = {**extra.pop("baselines", {}), **(scorer.baselines() if scorer else {})}
        after = compared(scorer, encoder) if scorer else {}
        figures |= {"scores": {**extra, "before": before, **after}, "baselines": baselines}
        figures["seconds"] = round(time.monotonic() - begin, 1)
        save(encoder, out / "model", figures, how)
    return figures


def dimensions(given: str) -> list[int]:
    """Return the sizes in a list such as "256,128,64"."""
    try:
        return [int(one) for one in given.split(",") if one.strip()]
    except ValueError:
        raise ConfigError(f"matryoshka is {given!r:.60}; expected dimensions such as 256,128,64.") from None


def opened(model: str, seed: int) -> SentenceEncoder:
    """Return an encoder whose weights learn."""
    torch.manual_seed(seed)
    encoder = SentenceEncoder.load(model)
    encoder.requires_grad_(True)
    return encoder


def teach(
    encoder: SentenceEncoder, parts: Parted, loss: str, how: How, out: Path, seconds: float | None,
    watch: Watch | None, model: str,
) -> tuple[Progress, dict[str, Any]]:  # fmt: skip
    """Train, or go on with a training that was killed; return also figures that need what is thrown away."""
    run = {**vars(how), "matryoshka": list(how.matryoshka), "model": model, "heedful": __version__}
    keeper = Keeper(out / CHECKPOINTS, {**run, "loss": loss, "train": parts.train.fingerprint})
    clock, size = Clock(seconds), how.batch(loss)
    if loss == "tsdae":
        rows, denoiser = Rows.of(parts.train, encoder), Denoiser(encoder)
        told = rewriting(rows, encoder.tokenizer.around)
        with adapted(encoder, how.lora, how.seed):
            batches = noised(rows, size, how.seed)
            return learn(denoiser, batches, told, how.plan(), clock, None, keeper, watch), {}
    names = sorted(set(parts.train.labels)) if loss == "softmax" else []
    labels = [names.index(one) for one in parts.train.labels] if names else parts.train.labels
    labels = labels if loss != "cosine" and loss != "cosent" else grades_of(parts.train.labels)
    learner, rows = Learner(encoder, len(names)), Rows.of(parts.train, encoder, labels)
    with adapted(encoder, how.lora, how.seed), Together(encoder, how.seed) as together:
        objective = contrasting(rows, loss, how.sizes(encoder.width), together)
        evaluate = chooser(encoder, learner, parts.choosing, names)
        batches_ = epochs_of(rows, size, how.seed)
        progress = learn(learner, batches_, objective, how.plan(parts=1), clock, evaluate, keeper, watch)
    encoder.eval()
    return progress, classified(learner, parts, names) if names else {}


def chooser(
    encoder: SentenceEncoder, learner: Learner, choosing: Likes, names: list[str]
) -> Callable[[], tuple[float, ...]] | None:
    """Return what scores an epoch: Spearman, mean reciprocal rank or accuracy on rows held out for it."""
    if len(choosing.rows) < FEW // 2:
        return None
    if names:
        return lambda: (accuracy(learner, choosing, names),)
    if choosing.kind == "graded":
        return lambda: (spearman(graded_cosines(encoder, choosing), np.array(choosing.labels)),)
    search = Scorer(choosing).search
    assert search is not None
    return lambda: (float(search.scores(search.by_vectors(encoder))["mrr@10"].mean()),)


def accuracy(learner: Learner, likes: Likes, names: list[str]) -> float:
    """Return the share of pairs whose class the map on top of both vectors tells."""
    one, other = (torch.from_numpy(learner.encoder.encode(texts)) for texts in zip(*likes.texts, strict=True))
    assert isinstance(learner.head, nn.Linear)
    with torch.inference_mode():
        found = learner.head(torch.cat([one, other, (one - other).abs()], dim=-1)).argmax(dim=-1).tolist()
    return float(np.mean([names[place] == label for place, label in zip(found, likes.labels, strict=True)]))


def classified(learner: Learner, parts: Parted, names: list[str]) -> dict[str, Any]:
    """Return the accuracy on what is scored, beside that of the commonest class."""
    commonest = max(names, key=parts.train.labels.count)
    shares = [label == commonest for label in parts.scored.labels]
    majority = {"majority": {"accuracy": float(np.mean(shares))}}
    return {"accuracy": accuracy(learner, parts.scored, names), "baselines": majority}


def compared(scorer: Scorer, encoder: SentenceEncoder) -> dict[str, Any]:
    """Return the figures after training, by how much they are above those before, and those of BM25."""
    found: dict[str, Any] = {
        "after": scorer.add("after", encoder),
        "difference": scorer.beyond("after", "before"),
    }
    if scorer.search is not None:
        found["queries"], found["documents"] = len(scorer.search.queries), len(scorer.search.documents)
    return found


def truncated(encoder: SentenceEncoder, likes: Likes) -> int:
    """Count the texts whose end the encoder does not see."""
    return sum(encoder.truncated(list(column)) for column in zip(*likes.texts, strict=True))


def about(
    encoder: SentenceEncoder, read: Likes, parts: Parted, loss: str, how: How, model: str, progress: Progress
) -> dict[str, Any]:
    """Return what was read, how it was divided and how it was learned."""
    return {
        "task": METHOD,
        "kind": read.kind,
        "loss": loss,
        "model": model,
        "table": read.source,
        "columns": read.columns,
        "rows": {name: len(getattr(parts, name).rows) for name in ("train", "choosing", "scored")},
        "batch_rows": how.batch(loss),
        "dimensions": how.sizes(encoder.width),
        "skipped": read.skipped,
        "dropped": parts.dropped,
        "notes": [*read.notes, *parts.notes],
        "data_fingerprint": read.fingerprint,
        "stopped": progress.stopped,
        "training_seconds": round(progress.seconds, 1),
        "heedful": __version__,
    }


def save(encoder: SentenceEncoder, folder: Path, figures: dict[str, Any], how: How) -> None:
    """Write a folder that sentence-transformers opens with equal vectors, whole or not at all."""
    text = "\n".join([
        f"# {METHOD}: a sentence encoder", "",
        'On the command line: `heedful encode THIS_FOLDER TABLE -o vectors.npy`.',
        'In Python: `heedful.load("THIS_FOLDER").encode(["a text"])`.',
    ])  # fmt: skip
    params = {**vars(how), "matryoshka": list(how.matryoshka)}
    state = {"tokenizer": encoder.tokenizer.fingerprint}
    with writing(folder) as fresh:
        encoder.write(fresh)
        write_card(fresh, METHOD, METHOD, figures, text, params=params, state=state)
