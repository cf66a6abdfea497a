"""The text classifier in full: one label, several, or a number; texts or pairs of them, of any length."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from heedful.artefact import read_card, settings, write_card
from heedful.core.config import TokenInput, check_choice, check_sizes
from heedful.errors import CheckpointError, DataError, NotFittedError
from heedful.estimator import Clock, card_text, check_texts
from heedful.storage import writing
from heedful.tasks.embed import CHUNK, SentenceEncoder
from heedful.tasks.longtexts import Given, Slicer, Windows, as_form, is_pair
from heedful.tasks.targets import TARGETS, Figures, Target, kind_of
from heedful.tasks.tuning import headed, tune
from heedful.train.checkpoints import Keeper
from heedful.train.lora import peak_rate
from heedful.train.plan import Plan, PrecisionName
from heedful.train.progress import Watch
from heedful.types import Floats, Ints

METHOD = "classify"
RATE = 1e-4  # of full tuning
Kind = Literal["auto", "single", "multi", "number"]


class Classifier(BaseEstimator):  # type: ignore[misc]
    """An encoder with a linear map on top, tuned on texts, or pairs of texts, and what is known of each.

    `kind` is "single" (one label a row), "multi" (a list or set of labels, or a matrix of 0 and 1), "number",
    or "auto": what the labels look like. A text longer than the model reads is cut into overlapping windows
    that all learn its target; the mean of their scores answers. `lora` is the rank of low-rank updates that
    learn in place of the blocks' weights (0: all weights learn). `rate` is the peak learning rate (None:
    1e-4, with `lora` 2e-3), `rows` the windows in a batch, `precision` that of training.

    Fitted: `kind_`, `pairs_`, `target_` (classes, temperature or thresholds, mean and deviation), `classes_`
    (not for numbers), `stopped_` (None, or why training ended early), `encoder_`.
    """

    method: ClassVar[str] = METHOD
    target_: Target
    encoder_: SentenceEncoder

    def __init__(
        self,
        model: str = "minilm",
        epochs: int = 3,
        rate: float | None = None,
        rows: int = 32,
        kind: Kind = "auto",
        lora: int = 0,
        precision: PrecisionName = "auto",
        seed: int = 0,
    ) -> None:
        self.model = model
        self.epochs = epochs
        self.rate = rate
        self.rows = rows
        self.kind = kind
        self.lora = lora
        self.precision = precision
        self.seed = seed

    def fit(
        self,
        texts: Given,
        labels: Any,
        *,
        dev: tuple[Given, Any] | None = None,
        seconds: float | None = None,
        keeper: Keeper | None = None,
        watch: Watch | None = None,
    ) -> Self:
        """Learn from N texts, or pairs of texts, and N labels.

        `dev`, held out, chooses the epoch and sets temperature or thresholds. `seconds` bounds the time; with
        a `keeper` the run goes on from its last checkpoint.
        """
        clock = Clock(seconds)
        check_sizes(self, "epochs", "rows")
        check_sizes(self, "lora", least=0)
        check_choice("kind", self.kind, ("auto", *TARGETS))
        rows, self.pairs_ = checked(texts, labels)
        self.kind_ = kind_of(labels) if self.kind == "auto" else self.kind
        self.target_, targets = TARGETS[self.kind_].learn(labels)
        self._open(headed(self.model, self.target_.outputs, self.seed))
        held = self._held(dev)

        def evaluate() -> tuple[float, ...]:
            assert held is not None
            return self.target_.score(self._scores(held[0]), held[1])

        rate = peak_rate(self.rate, RATE, self.lora)
        plan = Plan(epochs=self.epochs, rate=rate, precision=self.precision, seed=self.seed)
        self.progress_ = tune(
            self.encoder_, self.slicer_.cut(rows), targets, self.target_.asking, plan, self.rows, clock,
            None if held is None else evaluate, lora=self.lora, keeper=keeper, watch=watch,
        )  # fmt: skip
        self.stopped_ = self.progress_.stopped
        if held is not None:
            self.target_.settle(self._scores(held[0]), held[1])
        return self

    def logits(self, texts: Given) -> Floats:
        """Return what the linear map says (N, C), the mean over the windows of each text."""
        self._check_fitted()
        rows = as_form(texts, self.pairs_)
        parts = [
            self._scores(self.slicer_.cut(rows[start : start + CHUNK]))
            for start in range(0, len(rows), CHUNK)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.target_.outputs))

    def predict(self, texts: Given) -> Any:
        """Return the label of each text (N,), its list of labels, or its number (N,)."""
        logits = self.logits(texts)
        return self.target_.answers(logits)

    def predict_proba(self, texts: Given) -> Floats:
        """Return the probability of each label: (N, C); columns follow `classes_`."""
        logits = self.logits(texts)
        return self.target_.probabilities(logits)

    def evaluate(self, texts: Given, labels: Any) -> Figures:
        """Return the figures of the kind on rows whose labels are known to it."""
        self._check_fitted()
        given = self._known(texts, labels)
        if not len(given[0]):
            raise DataError("no row has a label that this classifier knows; expected some.")
        return self.target_.figures(self.logits(given[0]), given[1])

    def score(self, texts: Given, labels: Any) -> float:
        """Return accuracy, micro-F1, or the share of variance explained (R2)."""
        figures = self.evaluate(texts, labels)
        for name in ("accuracy", "micro_f1"):
            if name in figures:
                return float(figures[name] or 0.0)
        truth = np.asarray(labels, dtype=np.float64)
        return float(1 - np.square(self.predict(texts) - truth).sum() / np.square(truth - truth.mean()).sum())

    def windows(self, texts: Given) -> Ints:
        """Return in how many windows each text is read: (N,)."""
        self._check_fitted()
        return self.slicer_.cut(as_form(texts, self.pairs_)).counts

    def truncated(self, texts: Given) -> int:  # noqa: ARG002
        """Count the texts of which the model does not see the end: none."""
        return 0

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels, sorted; numbers have none."""
        self._check_fitted()
        return self.target_.classes  # type: ignore[union-attr]  # an AttributeError for numbers

    def save(self, folder: Path | str, about: Mapping[str, Any] | None = None) -> None:
        """Write a folder that sentence-transformers opens too, whole or not at all."""
        self._check_fitted()
        state = self.target_.state()
        with writing(folder) as fresh:
            self.encoder_.write(fresh)
            write_card(
                fresh, METHOD, METHOD, about or {}, card_text(METHOD, state.get("classes", [])),
                params=self.get_params(deep=False), kind=self.kind_, pairs=self.pairs_, **state,
                stopped=self.stopped_, state={"tokenizer": self.encoder_.tokenizer.fingerprint},
            )  # fmt: skip

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote."""
        folder = Path(folder)
        card = read_card(folder, kind=str, pairs=bool)
        model = cls(**settings(card, folder, METHOD, set(cls._get_param_names())))
        if card["kind"] not in TARGETS:
            raise CheckpointError(
                f"{folder}: unknown kind {card['kind']!r:.60}; known: {', '.join(TARGETS)}."
            )
        known = TARGETS[card["kind"]]
        model.target_ = known.restore(read_card(folder, **known.fields))
        model.kind_, model.pairs_, model.stopped_ = card["kind"], card["pairs"], card["stopped"]
        model._open(SentenceEncoder.load(folder))
        if model.encoder_.width != model.target_.outputs:
            raise CheckpointError(
                f"{folder} has {model.encoder_.width} outputs; its card needs {model.target_.outputs}. "
                "Copy the folder again."
            )
        return model

    def _open(self, encoder: SentenceEncoder) -> None:
        inputs = encoder.stack.config.input
        assert isinstance(inputs, TokenInput)
        self.encoder_, self.slicer_ = encoder, Slicer(encoder.tokenizer, inputs.segments)

    def _check_fitted(self) -> None:
        if not hasattr(self, "stopped_"):
            raise NotFittedError("this Classifier is not fitted yet: call fit or load first.")

    def _scores(self, windows: Windows) -> Floats:
        vectors = self.encoder_.vectors(windows.ids, windows.segments)
        return windows.mean(vectors.astype(np.float64))

    def _held(self, dev: tuple[Given, Any] | None) -> tuple[Windows, Any] | None:
        """Return the windows of held-out rows whose labels are known, None without any."""
        texts, targets = ([], None) if dev is None else self._known(*dev)
        return (self.slicer_.cut(texts), targets) if texts else None

    def _known(self, texts: Given, labels: Any) -> tuple[list[Any], Any]:
        """Return the rows whose labels are known, and what they ask for."""
        given = as_form(texts, self.pairs_)
        checked(given, labels)
        rows, targets = self.target_.codes(labels)
        return [given[row] for row in rows], targets


def checked(texts: Any, labels: Any) -> tuple[list[Any], bool]:
    """Return N texts or pairs as a list, and whether they are pairs; DataError unless there are N labels."""
    pairs = not isinstance(texts, str) and is_pair(next(iter(texts), None))
    if not pairs:
        check_texts(texts, len(labels))
        return list(texts), False
    rows = as_form(texts, pairs=True)
    for part in (0, 1):
        check_texts([row[part] for row in rows], len(labels))
    return rows, True
