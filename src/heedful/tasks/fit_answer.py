"""Training an answerer from tables to a folder: read, checked, trained, scored beside a baseline, saved."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from heedful.baselines.overlap import Overlap
from heedful.data.contexts import hold_out, unseen
from heedful.data.questions import QuestionTable, read_questions
from heedful.storage import locked
from heedful.tasks.answer import Answerer
from heedful.tasks.spans import SpanScores, best_threshold, score
from heedful.train.checkpoints import CHECKPOINTS, Keeper
from heedful.train.progress import Watch


def fit_answer(
    train: str,
    dev: str | None,
    model: str,
    out: Path,
    *,
    minutes: float | None = None,
    watch: Watch | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Train on one table of questions, score on another (None: a tenth of the contexts), save to out/model.

    `settings` are those of Answerer: epochs, rate, rows, seed, lora, stride and so on. A run that was killed
    goes on from out/checkpoints. Returns the figures that heedful.json keeps: the dev rows choose epoch and
    threshold, the baseline's too, so the scores of both are a little high.
    """
    begin = time.monotonic()
    answerer = Answerer(model, **settings)
    out = Path(out)
    with locked(out):
        learned, held, told = parts(answerer, train, dev, answerer.seed)
        run = {**answerer.get_params(), "train": learned.fingerprint, "dev": held.fingerprint}
        answerer.fit(
            learned.questions, learned.contexts, learned.answers,
            dev=(held.questions, held.contexts, held.answers),
            seconds=None if minutes is None else 60 * minutes - (time.monotonic() - begin),
            keeper=Keeper(out / CHECKPOINTS, run), watch=watch,
        )  # fmt: skip
        assert answerer.scores_ is not None
        figures = {
            **told,
            "scores": answerer.scores_.summary(),
            "baselines": floors(held),
            "threshold": answerer.threshold_,
            "answers_in_no_window": answerer.lost_,
            "stopped": answerer.stopped_,
            "seconds": round(time.monotonic() - begin, 1),
        }
        answerer.save(out / "model", figures)
    return figures


def parts(
    answerer: Answerer, train: str, dev: str | None, seed: int
) -> tuple[QuestionTable, QuestionTable, dict[str, Any]]:
    """Return what is learned, what is held out, and what became of the other rows."""
    whole = read_questions(train)
    answerer.open()
    learned, long = short(whole, answerer)
    told: dict[str, Any] = {"notes": list(whole.notes), "dropped": {**whole.skipped, **long}}
    if dev is None:
        learned, held = hold_out(learned, seed)
    else:
        other = read_questions(dev)
        held, long = short(other, answerer)
        held, leaks, shared = unseen(learned, held)
        told["dev_notes"] = list(other.notes)
        told["dev_dropped"] = {**other.skipped, **long, **({"question in train": leaks} if leaks else {})}
        told["dev_contexts_in_train"] = shared
    return learned, held, {"rows": len(learned.rows), "dev_rows": len(held.rows), **told}


def short(table: QuestionTable, answerer: Answerer) -> tuple[QuestionTable, dict[str, int]]:
    """Return a table without the questions that are too long for a window, and how many those are."""
    long = answerer.cutter_.too_long(table.questions)
    kept = [place for place in range(len(table.rows)) if place not in long]
    reason = f"question of more than {answerer.cutter_.most} tokens"
    return (table.taken(kept), {reason: len(long)}) if long else (table, {})


def floors(held: QuestionTable) -> dict[str, Any]:
    """Return the scores of what needs no model: word overlap, and never an answer."""
    return {
        "overlap": by_overlap(held, held).summary(),
        "no_answer": score([""] * len(held.rows), held.texts()).summary(),
    }


def by_overlap(chooser: QuestionTable, held: QuestionTable) -> SpanScores:
    """Return the scores of word overlap on `held`, its threshold chosen on `chooser`."""
    found = Overlap().answer(chooser.questions, chooser.contexts)
    wanted = chooser.texts()
    either, none = score([one.text for one in found], wanted), score([""] * len(found), wanted)
    bar, _ = best_threshold(np.array([one.share for one in found]), either.f1, none.f1)
    answers = Overlap(bar).answer(held.questions, held.contexts)
    return score([one.text for one in answers], held.texts())
