"""Training a classifier from tables to a folder: read, checked, divided, trained, scored, saved."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from heedful import __version__
from heedful.baselines.majority import Majority
from heedful.baselines.ngram import NGram
from heedful.data.division import Division, divide
from heedful.data.examples import Examples, Kind, read_examples
from heedful.storage import locked
from heedful.tasks.classify import Classifier
from heedful.tasks.targets import Amount, AnyLabels, Figures, OneLabel
from heedful.train.checkpoints import CHECKPOINTS, Keeper
from heedful.train.plan import PrecisionName
from heedful.train.progress import Watch


def fit_classify(
    train: Any,
    dev: Any,
    model: str,
    out: Path | str,
    *,
    text: str | None = None,
    pair: str | None = None,
    label: str | None = None,
    kind: Kind = "auto",
    epochs: int = 3,
    rate: float | None = None,
    rows: int = 32,
    seed: int = 0,
    minutes: float | None = None,
    lora: int = 0,
    precision: PrecisionName = "auto",
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Train on one table, score on another (None: a fifth of the rows), save to out/model; return figures.

    Near-equal texts never stand on both sides. A tenth of what is not scored is held out too: it chooses the
    epoch and sets temperature or thresholds, so that the scored rows choose nothing. A run that was killed
    goes on from out/checkpoints.
    """
    begin, out = time.monotonic(), Path(out)
    classifier = Classifier(model, epochs, rate, rows, kind, lora, precision, seed)
    with locked(out):
        read = read_examples(train, text=text, pair=pair, label=label, kind=kind)
        other = None if dev is None else read_examples(dev, like=read)
        parts = divide(read, other)
        left = None if minutes is None else max(1.0, 60 * minutes - (time.monotonic() - begin))
        learn(classifier.set_params(kind=read.kind), parts, out, left, watch)
        figures = {**about(classifier, read, other, parts), **scored(classifier, parts)}
        figures["seconds"] = round(time.monotonic() - begin, 1)
        classifier.save(out / "model", figures)
    return figures


def learn(
    classifier: Classifier, parts: Division, out: Path, seconds: float | None, watch: Watch | None
) -> None:
    """Train, or go on with a training that was killed."""
    run = {**classifier.get_params(), "train": parts.train.fingerprint, "heedful": __version__}
    dev = (parts.choosing.texts, parts.choosing.labels) if parts.choosing.rows else None
    keeper = Keeper(out / CHECKPOINTS, run)
    classifier.fit(
        parts.train.texts, parts.train.labels, dev=dev, seconds=seconds, keeper=keeper, watch=watch
    )


def about(classifier: Classifier, read: Examples, other: Examples | None, parts: Division) -> dict[str, Any]:
    """Return what was read, what was left out and why, and how it was divided."""
    windows = classifier.windows(parts.scored.texts)
    told = {"dev_notes": other.notes, "dev_skipped": other.skipped} if other else {}
    return {
        "task": "classify",
        "kind": read.kind,
        "model": classifier.model,
        "table": read.source,
        "columns": read.columns,
        "rows": {name: len(part.rows) for name, part in named(parts).items()},
        "skipped": read.skipped,
        "dropped": parts.dropped,
        "found": parts.counts,
        "notes": [*read.notes, *parts.notes, *unknown(classifier, parts.scored)],
        **told,
        "long_texts": {"rows": int((windows > 1).sum()), "windows": int(windows.sum()), "truncated": 0},
        "data_fingerprint": read.fingerprint,
        "stopped": classifier.stopped_,
        "training_seconds": round(classifier.progress_.seconds, 1),  # those before a kill, too
        "heedful": __version__,
    }


def named(parts: Division) -> dict[str, Examples]:
    """Return the parts by what they are for."""
    return {"train": parts.train, "choosing": parts.choosing, "scored": parts.scored}


def unknown(classifier: Classifier, part: Examples) -> list[str]:
    """Return a note on labels that stand in the scored rows alone."""
    if part.kind != "multi":
        return []
    known = set(classifier.classes_.tolist())
    missing = [label for labels in part.labels for label in labels if label not in known]
    shown = ", ".join(sorted(set(missing))[:8])
    return [f"{len(missing):,} labels are not in train and count for nothing: {shown}."] if missing else []


def scored(classifier: Classifier, parts: Division) -> dict[str, Any]:
    """Return the figures on the scored rows, with those of what needs no transformer beside them."""
    scores = classifier.evaluate(parts.scored.texts, parts.scored.labels)
    return {"scores": scores, "baselines": BASELINES[parts.train.kind](classifier, parts)}


def linear(classifier: Classifier, parts: Division) -> dict[str, Figures]:
    """Return the figures of the commonest class, and of word pairs with logistic regression."""
    target = classifier.target_
    assert isinstance(target, OneLabel)
    dev = (parts.choosing.joined(), parts.choosing.labels) if parts.choosing.rows else None
    known, wanted = target.codes(parts.scored.labels)
    texts = picked(parts.scored.joined(), known)
    found = {}
    for method in (Majority(), NGram()):
        method.fit(parts.train.joined(), parts.train.labels, dev=dev)
        found[method.method] = target.figures(method.logits(texts), wanted)
    return found


def majorities(classifier: Classifier, parts: Division) -> dict[str, Figures]:
    """Return the figures of giving every text the labels that most texts have, which may be none."""
    target = classifier.target_
    assert isinstance(target, AnyLabels)
    shares = target.codes(parts.train.labels)[1].mean(axis=0)
    plain = AnyLabels(target.classes, np.full(target.outputs, 0.5))
    odds = np.log(np.maximum(shares, 1e-9)) - np.log(np.maximum(1 - shares, 1e-9))
    _, wanted = target.codes(parts.scored.labels)
    return {"majority": plain.figures(np.tile(odds, (len(wanted), 1)), wanted)}


def mean(classifier: Classifier, parts: Division) -> dict[str, Figures]:
    """Return the figures of answering with the mean of train."""
    target = classifier.target_
    assert isinstance(target, Amount)
    _, wanted = target.codes(parts.scored.labels)
    return {"mean": target.figures(np.zeros((len(wanted), 1)), wanted)}


BASELINES = {"single": linear, "multi": majorities, "number": mean}


def picked(texts: Sequence[str], places: Any) -> list[str]:
    """Return the texts at these places."""
    return [texts[place] for place in places]
