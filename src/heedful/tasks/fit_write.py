"""Tuning a writer from tables to a folder: read, checked, trained, scored beside the untuned one, saved."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from heedful import __version__
from heedful.data.prompts import Prompts, hold_out, read_prompts, resembling, unseen
from heedful.errors import DataError
from heedful.estimator import Clock
from heedful.storage import locked
from heedful.tasks.prompted import Examples, Maker
from heedful.tasks.tune_writer import Tuning, learn, scores
from heedful.tasks.write import Writer
from heedful.train.checkpoints import CHECKPOINTS, Keeper
from heedful.train.progress import Watch


def fit_write(
    train: Any, dev: Any, model: str, out: Path | str, *, text: str | None = None, label: str | None = None,
    minutes: float | None = None, watch: Watch | None = None, **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Tune on one table, score on another (None: a tenth of the prompts), save to out/model; return figures.

    `text` and `label` name the columns of prompts and answers; the settings are those of `Tuning`, by name.
    A run that was killed goes on from out/checkpoints. The dev rows choose the epoch, so that their scores
    are a little high.
    """
    clock, out = Clock(None if minutes is None else 60 * minutes), Path(out)
    how = Tuning(**settings)
    with locked(out):
        learned, held, told = parts(train, dev, text, label)
        writer = Writer.load(model)
        maker = Maker(writer, how.chat, how.max_tokens)
        known, asked = made(maker, learned), made(maker, held)
        untuned = scores(writer, asked)
        run = {**asdict(how), "model": model, "train": learned.fingerprint, "dev": held.fingerprint}
        rest = Clock(None if minutes is None else max(1.0, clock.left()))
        keeper = Keeper(out / CHECKPOINTS, {**run, "heedful": __version__})
        progress = learn(writer, known, asked, how, rest, keeper, watch)
        figures = {
            "task": "write", "model": model, **told, **fate(known, asked), **use(writer, learned, how.chat),
            "scores": scores(writer, asked), "baselines": {"untuned": untuned}, "steps": progress.step,
            "stopped": progress.stopped, "seconds": round(clock.elapsed(), 1), "heedful": __version__,
        }  # fmt: skip
        writer.save(out / "model", figures)
    return figures


def parts(
    train: Any, dev: Any, text: str | None, label: str | None
) -> tuple[Prompts, Prompts, dict[str, Any]]:
    """Return what is learned, what is held out, and what became of the other rows."""
    whole = read_prompts(train, text, label)
    told: dict[str, Any] = {"table": whole.source, "columns": whole.columns, "skipped": whole.skipped}
    notes = list(whole.notes)
    if dev is None:
        learned, held = hold_out(whole)
    else:
        other = read_prompts(dev, text, label)
        learned, (held, leaks) = whole, unseen(whole, other)
        more = {"prompt in train": leaks} if leaks else {}
        told |= {"dev_skipped": {**other.skipped, **more}, "dev_notes": other.notes}
    near = resembling(learned, held)
    notes += [f"{near:,} dev prompts nearly equal one of train; they are scored."] if near else []
    return learned, held, {**told, "notes": notes, "data_fingerprint": whole.fingerprint}


def made(maker: Maker, table: Prompts) -> Examples:
    """Return the pairs of a table as tokens; DataError where none fits."""
    found = maker.examples(table.prompts, table.answers)
    if not found.pairs:
        reasons = ", ".join(f"{count} with {reason}" for reason, count in found.skipped.items())
        raise DataError(f"{table.source}: no pair can be used ({reasons}). Shorten them, or name others.")
    return found


def fate(known: Examples, asked: Examples) -> dict[str, Any]:
    """Return how many pairs are used, how long they are, what was cut and left out."""
    named = {"train": known, "dev": asked}
    return {
        "rows": {name: len(part.pairs) for name, part in named.items()},
        "answer_tokens": {name: part.asked for name, part in named.items()},
        "prompts_cut": {name: part.cut for name, part in named.items()},
        "left_out": {name: dict(part.skipped) for name, part in named.items() if part.skipped},
    }


def use(writer: Writer, table: Prompts, chat: bool) -> dict[str, str]:
    """Say how a prompt meets the model."""
    talks = chat or not isinstance(table.prompts[0], str)
    if talks:
        return {"prompt": "put into the model's chat template"}
    more = "" if writer.template is None else "; the model's chat template is not used (--chat does)"
    return {"prompt": f"as it stands, the answer follows at once{more}"}
