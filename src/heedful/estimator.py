"""What every text classifier here is: scikit-learn's manners around two hooks, logits and a folder."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin

from heedful.artefact import read_card, settings, write_card
from heedful.errors import DataError, NotFittedError
from heedful.storage import writing
from heedful.types import Floats, Ints, Texts


class Clock:
    """Counts down `seconds` from now; None never ends."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = float("inf") if seconds is None else seconds
        self.start = time.monotonic()

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.start

    def left(self) -> float:
        """Return the seconds that remain: inf without a limit, below 0 when over."""
        return self.seconds - self.elapsed()


class TextClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier of texts: `fit`, `predict`, `predict_proba`, `save`, `load`.

    Fitted attributes: `classes_` (C labels, sorted), `temperature_` (probabilities are
    softmax(logits / temperature_)), `stopped_` (None, or why training ended early), and, until it
    is saved and loaded, `dev_logits_` (N, C) of the held-out rows whose class is known (None without any).
    """

    method: ClassVar[str]
    random: ClassVar[bool] = True  # does a seed change the outcome?
    fit_share: ClassVar[float] = (
        0.85  # of its time that a method may spend on fitting: predicting takes some too
    )

    def fit(
        self,
        texts: Texts,
        labels: ArrayLike,
        *,
        dev: tuple[Texts, ArrayLike] | None = None,
        seconds: float | None = None,
    ) -> Self:
        """Learn from N texts and N labels.

        `dev` is a part held out from training: it chooses hyper-parameters and sets the temperature.
        `seconds` bounds the time; what is reached then is kept and `stopped_` says so.
        """
        check_texts(texts, len(np.asarray(labels)))
        names, targets = coded(labels)
        self.classes_ = names
        self.temperature_ = 1.0
        self.stopped_: str | None = None
        held_out = None if dev is None else self._known(*dev)
        self.dev_logits_: Floats | None = None
        self._fit(texts, targets, held_out, Clock(seconds))
        if held_out is not None:
            self.dev_logits_ = self.logits(held_out[0]) if self.dev_logits_ is None else self.dev_logits_
            self.calibrate(self.dev_logits_, held_out[1])
        return self

    def _known(self, texts: Texts, labels: ArrayLike) -> tuple[list[str], Ints] | None:
        """Drop the rows whose class training never saw; None if nothing is left."""
        index = {name: i for i, name in enumerate(self.classes_.tolist())}
        pairs = zip(texts, np.asarray(labels).tolist(), strict=True)
        kept = [(text, index[label]) for text, label in pairs if label in index]
        if not kept:
            return None
        return [text for text, _ in kept], np.array([target for _, target in kept], dtype=np.int64)

    def calibrate(self, logits: Floats, targets: Ints) -> None:
        """Set `temperature_` by held-out rows (N, C)."""
        self.temperature_ = best_temperature(logits, targets)

    def logits(self, texts: Texts) -> Floats:
        """Return unscaled log scores (N, C), the same for a text whatever it is batched with."""
        if not hasattr(self, "classes_"):
            raise NotFittedError(f"this {type(self).__name__} is not fitted yet: call fit or load first.")
        if isinstance(texts, str):
            raise DataError("expected a list of texts; found one string. Wrap it in a list.")
        if len(texts) == 0:
            return np.zeros((0, len(self.classes_)))
        return self._logits(texts)

    def predict_proba(self, texts: Texts) -> Floats:
        """Return calibrated probabilities (N, C); columns follow `classes_`."""
        logits = self.logits(texts)
        return np.asarray(softmax(logits / self.temperature_, axis=1))

    def predict(self, texts: Texts) -> NDArray[Any]:
        """Return the most probable label of each text: (N,)."""
        best = self.logits(texts).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def truncated(self, texts: Texts) -> int:  # noqa: ARG002
        """Count the texts of which the model does not see the end."""
        return 0

    def save(self, folder: Path | str, about: Mapping[str, Any] | None = None) -> None:
        """Write the artefact folder, whole or not at all. `about` (scores, data) goes into heedful.json."""
        self.logits([])
        with writing(folder) as fresh:
            state = self._write(fresh)
            write_card(
                fresh,
                self.method,
                "classify",
                about or {},
                card_text(self.method, self.classes_.tolist()),
                classes=self.classes_.tolist(),
                temperature=self.temperature_,
                stopped=self.stopped_,
                params=self.get_params(deep=False),
                state=state,
            )

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote."""
        folder = Path(folder)
        card = read_card(folder, classes=list, temperature=(int, float))
        model = cls(**settings(card, folder, cls.method, set(cls._get_param_names())))
        model.classes_ = np.array(card["classes"])
        model.temperature_ = float(card["temperature"])
        model.stopped_ = card["stopped"]
        model._read(folder, card["state"])
        return model

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:
        """Learn; set `dev_logits_` where they are known already."""
        raise NotImplementedError

    def _logits(self, texts: Texts) -> Floats:
        raise NotImplementedError

    def _write(self, folder: Path) -> dict[str, Any]:
        """Put the tensors into `folder` and return what belongs into heedful.json."""
        raise NotImplementedError

    def _read(self, folder: Path, state: dict[str, Any]) -> None:
        raise NotImplementedError


def check_texts(texts: Texts, labels: int) -> None:
    """Raise DataError unless there are as many strings as labels."""
    if isinstance(texts, str):
        raise DataError("fit expects a list of texts; found one string. Wrap it in a list.")
    if len(texts) != labels:
        raise DataError(f"found {len(texts)} texts and {labels} labels; expected as many of each.")
    wrong = next((i for i, text in enumerate(texts) if not isinstance(text, str)), None)
    if wrong is not None:
        kind = type(texts[wrong]).__name__
        raise DataError(f"text {wrong} is a {kind}; expected str. Convert or drop that row.")


def coded(labels: ArrayLike) -> tuple[NDArray[Any], Ints]:
    """Return the classes, sorted, and the place among them of each of N labels; at least 2 are needed."""
    names, targets = np.unique(np.asarray(labels), return_inverse=True)
    if len(names) < 2:
        raise DataError(f"found {len(names)} class in {len(targets)} rows; expected at least 2 classes.")
    return names, targets.astype(np.int64)


def best_temperature(logits: Floats, targets: Ints) -> float:
    """Return the temperature of least log loss on held-out rows (N, C) (Guo et al. 2017, section 4.2)."""

    def loss(log_temperature: float) -> float:
        scores = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scores[np.arange(len(targets)), targets].mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def card_text(method: str, classes: Sequence[Any]) -> str:
    """Return the body of an artefact's README.md: what it is, how to use it."""
    lines = [
        f"# {method}: a text classifier",
        "",
        f"Classes ({len(classes)}): {', '.join(map(str, classes[:50]))}",
        "",
        'On the command line: `heedful predict THIS_FOLDER "a text"`.',
        'In Python: `heedful.load("THIS_FOLDER").predict(["a text"])`.',
    ]
    return "\n".join(lines)
