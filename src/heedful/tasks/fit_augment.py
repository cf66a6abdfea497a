"""Augmented SBERT as one call: gold pairs, a cross-encoder, silver pairs, a sentence encoder, scores."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from heedful import __version__
from heedful.data.examples import printed
from heedful.data.likes import Likes, read_likes
from heedful.data.likes_division import Parted, part
from heedful.data.parallel import folded
from heedful.data.table import read_texts
from heedful.errors import ConfigError
from heedful.estimator import Clock
from heedful.storage import locked
from heedful.tasks.augment import candidates
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.fit_embed import How, opened, save, teach
from heedful.tasks.fit_rank import RATE, Asked, questions
from heedful.tasks.rank import METHOD, CrossEncoder
from heedful.tasks.score_embed import Scorer
from heedful.tasks.tune_embed import grades_of
from heedful.tasks.tuning import tune
from heedful.train.checkpoints import CHECKPOINTS, Keeper
from heedful.train.objectives import any_of
from heedful.train.plan import Plan
from heedful.train.progress import Progress, Watch
from heedful.types import Floats

MOST = 20_000  # silver pairs
TOP = 3  # candidates for each text, by each way


def fit_augment(
    train: Any, dev: Any, model: str, out: Path | str, *, text: str | None = None, pair: str | None = None,
    label: str | None = None, more: str | None = None, cross: str | None = None, way: str = "both",
    top: int = TOP, most: int = MOST, epochs: int = 2, rows: int | None = None, rate: float | None = None,
    seed: int = 0, minutes: float | None = None, lora: int = 0, watch: Watch | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train on graded pairs as Thakur et al. 2021 (section 3) do; save to out/model; return figures.

    A cross-encoder of `cross` (None: of `model`) learns the gold pairs and grades new ones, made of their
    texts and those of the table `more`; the sentence encoder learns from both. Beside it stand the encoder
    untrained, the encoder that learned gold alone, and the cross-encoder itself, its ceiling. A run that was
    killed goes on from the step it was in.
    """
    begin, out = time.monotonic(), Path(out)
    how = How(epochs=epochs, rows=rows, rate=rate, seed=seed, lora=lora)
    clock = Clock(None if minutes is None else 60 * minutes)
    with locked(out):
        gold = read_likes(train, text=text, pair=pair, label=label, kind="graded")
        parts = part(gold, None if dev is None else read_likes(dev, like=gold))
        steps = Steps(parts, Scorer(parts.scored), how, model, out, clock, watch)
        steps.untrained()
        teacher = steps.teacher(cross or model)
        alone, _ = steps.encoder("gold_alone", parts.train)
        others = unheld(read_texts(more).texts if more else [], parts)
        pairs = candidates(parts.train, others, alone, way, top, most)
        silver = likes_of(parts.train, pairs, sigmoid(teacher.score(pairs)))
        encoder, progress = steps.encoder("augmented", silver)
        figures = {
            "task": "augment", "model": model, "cross": cross or model, "table": gold.source, "way": way,
            "rows": {name: len(getattr(parts, name).rows) for name in ("train", "choosing", "scored")},
            "silver": len(pairs), "notes": [*gold.notes, *parts.notes], "skipped": gold.skipped,
            "dropped": parts.dropped, **steps.figures("augmented"), "stopped": progress.stopped,
            "data_fingerprint": gold.fingerprint, "heedful": __version__,
            "seconds": round(time.monotonic() - begin, 1),
        }  # fmt: skip
        save(encoder, out / "model", figures, how)
    return figures


@dataclass
class Steps:
    """The trainings of one call; each has a folder of its own, and its figures in `scores`."""

    parts: Parted
    scorer: Scorer
    how: How
    model: str
    out: Path
    clock: Clock
    watch: Watch | None
    scores: dict[str, Any] = field(default_factory=dict)

    def untrained(self) -> None:
        """Score the encoder as it is."""
        self.scores["untrained"] = self.scorer.add("untrained", opened(self.model, self.how.seed))

    def teacher(self, model: str) -> CrossEncoder:
        """Return a cross-encoder that learned the gold pairs, each in both orders."""
        encoder = CrossEncoder.under(model, self.how.seed)
        encoder.requires_grad_(True)
        asked = both_ways(questions(self.parts.train, 0, self.how.seed))
        run = {**vars(self.how), "matryoshka": [], "model": model, "train": self.parts.train.fingerprint}
        keeper = Keeper(self.out / "cross" / CHECKPOINTS, {**run, "task": METHOD})
        plan = Plan(epochs=self.how.epochs, rate=self.how.rate or RATE, seed=self.how.seed)
        windows = encoder.slicer.cut(asked.pairs)
        tune(
            encoder, windows, asked.targets[:, None], any_of, plan, self.how.rows or 32,
            Clock(left(self.clock)), None, keeper=keeper, watch=self.watch,
        )  # fmt: skip
        graded = [(row[0], row[1]) for row in self.parts.scored.texts]
        self.scores["cross_encoder"] = self.scorer.put("cross_encoder", encoder.score(graded))
        return encoder

    def encoder(self, name: str, rows: Likes) -> tuple[SentenceEncoder, Progress]:
        """Return a sentence encoder that learned these rows, scored under a name."""
        encoder, parts = opened(self.model, self.how.seed), replace(self.parts, train=rows)
        seconds = left(self.clock)
        progress, _ = teach(
            encoder, parts, "cosent", self.how, self.out / name, seconds, self.watch, self.model
        )
        self.scores[name] = self.scorer.add(name, encoder)
        return encoder, progress

    def figures(self, name: str) -> dict[str, Any]:
        """Return all scores, and by how much one of the encoders is beyond each of the others."""
        others = [other for other in self.scores if other != name]
        beyond = {f"{name} beyond {other}": self.scorer.beyond(name, other) for other in others}
        return {"scores": self.scores, "difference": beyond, "baselines": self.scorer.baselines()}


def left(clock: Clock) -> float | None:
    """Return the seconds for the next step, at least one; None without a limit."""
    return None if clock.seconds == float("inf") else max(1.0, clock.left() / 2)


def unheld(texts: list[str], parts: Parted) -> list[str]:
    """Return the texts that are not empty, and stand neither in what is scored nor in what chooses."""
    held = {folded(one) for likes in (parts.scored, parts.choosing) for row in likes.texts for one in row[:2]}
    return [text for text in texts if text.strip() and folded(text) not in held]


def both_ways(asked: Asked) -> Asked:
    """Return each pair in both orders: likeness has none."""
    turned = [(other, one) for one, other in asked.pairs]
    return Asked([*asked.pairs, *turned], np.concatenate([asked.targets, asked.targets]))


def sigmoid(scores: Floats) -> Floats:
    """Return scores as grades from 0 to 1."""
    return np.asarray(1.0 / (1.0 + np.exp(-scores)))


def likes_of(gold: Likes, pairs: list[tuple[str, str]], grades: Floats) -> Likes:
    """Return gold rows and silver ones as one table of grades from 0 to 1."""
    if not pairs:
        raise ConfigError(f"{gold.source}: no new pair was found among its texts. Give --more texts.")
    texts = [*gold.texts, *pairs]
    labels = [*grades_of(gold.labels), *(round(float(one), 6) for one in grades)]
    rows = [*gold.rows, *(0 for _ in pairs)]
    return replace(gold, texts=texts, labels=labels, rows=rows, fingerprint=printed(texts, labels))
