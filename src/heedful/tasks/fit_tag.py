"""Training a tagger from tables to a folder: read, checked, trained, scored beside a baseline, saved."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

from heedful import __version__
from heedful.baselines.gazetteer import Gazetteer
from heedful.baselines.tagging import Sentences, WordTagger
from heedful.data.bio import as_bio
from heedful.data.conll import TaggedTable, read_tagged
from heedful.data.tagparts import hold_out, unseen
from heedful.storage import locked
from heedful.tasks.entities import score
from heedful.tasks.tag import EPOCHS, ROWS, Tagger
from heedful.train.checkpoints import CHECKPOINTS, Keeper
from heedful.train.plan import PrecisionName
from heedful.train.progress import Watch


def fit_tag(
    train: str,
    dev: str | None,
    model: str,
    out: Path | str,
    *,
    epochs: int = EPOCHS,
    rate: float | None = None,
    rows: int = ROWS,
    seed: int = 0,
    minutes: float | None = None,
    lora: int = 0,
    precision: PrecisionName = "auto",
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Train on one table of tagged sentences, score on another (None: a tenth of it), save to out/model.

    A run that was killed goes on from out/checkpoints. Returns the figures that heedful.json keeps: the dev
    sentences choose the epoch, and the baseline's settings, so the scores of both are a little high.
    """
    begin, out = time.monotonic(), Path(out)
    tagger = Tagger(model, epochs, rate, rows, lora, precision=precision, seed=seed)
    with locked(out):
        learned, held, told = parts(train, dev, seed)
        run = {**tagger.get_params(), "train": learned.fingerprint, "dev": held.fingerprint}
        known = (held.words, held.tags)
        tagger.fit(
            learned.words, learned.tags, dev=known,
            seconds=None if minutes is None else max(1.0, 60 * minutes - (time.monotonic() - begin)),
            keeper=Keeper(out / CHECKPOINTS, run), watch=watch,
        )  # fmt: skip
        gazetteer = Gazetteer().fit(learned.words, learned.tags, dev=known)
        figures = {**told, **results(tagger, gazetteer, learned, held)}
        figures["seconds"] = round(time.monotonic() - begin, 1)
        tagger.save(out / "model", figures)
    return figures


def parts(train: str, dev: str | None, seed: int) -> tuple[TaggedTable, TaggedTable, dict[str, Any]]:
    """Return what is learned, what is held out, and what became of the other sentences."""
    whole = read_tagged(train)
    told: dict[str, Any] = {"task": "tag", "notes": notes(whole), "dropped": whole.skipped}
    if dev is None:
        learned, held = hold_out(whole, seed)
    else:
        other = read_tagged(dev)
        held, leaks = unseen(whole, other)
        learned = whole
        told["dev_notes"] = notes(other)
        told["dev_dropped"] = {**other.skipped, **({"in train, nearly or exactly": leaks} if leaks else {})}
    more = {"rows": len(learned.rows), "dev_rows": len(held.rows), "data_fingerprint": whole.fingerprint}
    return learned, held, {**told, **more, "heedful": __version__}


def results(tagger: Tagger, gazetteer: Gazetteer, learned: TaggedTable, held: TaggedTable) -> dict[str, Any]:
    """Return what came of it: the scores of both, what the tagger saw, and whether it ended early."""
    return {
        "windows": seen(tagger, [*learned.words, *held.words]),
        "scores": scored(tagger, held),
        "baselines": {gazetteer.method: scored(gazetteer, held)},
        "stopped": tagger.stopped_,
    }


def scored(tagger: WordTagger, held: TaggedTable) -> dict[str, Any]:
    """Return the figures on the held-out sentences."""
    return score(held.tags, tagger.predict(held.words)).figures()


def notes(table: TaggedTable) -> list[str]:
    """Return what was guessed and mended in a table, and in its tags; a tag of no known form is an error."""
    return [*table.notes, *as_bio(table.tags, table.rows)[1]]


def seen(tagger: Tagger, sentences: Sentences) -> dict[str, int]:
    """Return how many sentences needed several windows, and how many words have no token: none is cut."""
    windows = list(tagger.cutter_.windows(sentences))
    times = Counter(window.row for window in windows)
    return {
        "sentences": len(sentences),
        "windows": len(windows),
        "sentences_in_several": sum(count > 1 for count in times.values()),
        "words_without_token": sum(map(len, sentences)) - sum(len(window.words) for window in windows),
        "truncated": 0,
    }
