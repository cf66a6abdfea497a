"""What a classifier is asked for: one label of a row, any number of labels, or an amount."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, softmax

from heedful.errors import CheckpointError, ConfigError, DataError
from heedful.estimator import best_temperature, coded
from heedful.tasks.agreement import best_threshold, correlation, f1, ranks
from heedful.train.linear import macro_f1, score
from heedful.train.objectives import amount, any_of, one_of
from heedful.types import Floats, Ints

FEWEST = 8  # held-out rows with a label, from which it gets a threshold of its own
HALF = 0.5
Figures = dict[str, float | None]
Fields = dict[str, type | tuple[type, ...]]


class OneLabel:
    """One of C classes: softmax, its temperature set on held-out rows."""

    kind: ClassVar[str] = "single"
    fields: ClassVar[Fields] = {"classes": list, "temperature": (int, float)}
    asking = staticmethod(one_of)

    def __init__(self, classes: NDArray[Any], temperature: float = 1.0) -> None:
        self.classes, self.temperature = classes, temperature
        self.outputs = len(classes)

    @classmethod
    def learn(cls, labels: Any) -> tuple[Self, Ints]:
        """Return what N labels ask for, and the place of each among the classes: (N,)."""
        classes, targets = coded(labels)
        return cls(classes), targets

    def codes(self, labels: Any) -> tuple[Ints, Ints]:
        """Return the rows whose class is known, and its place: (M,) and (M,)."""
        index = {name: i for i, name in enumerate(self.classes.tolist())}
        found = [(row, index[one]) for row, one in enumerate(np.asarray(labels).tolist()) if one in index]
        rows, targets = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return rows, targets

    def score(self, logits: Floats, targets: Ints) -> tuple[float, ...]:
        """Return macro-F1, then minus the log loss: larger is better."""
        return score(logits, targets)

    def settle(self, logits: Floats, targets: Ints) -> None:
        """Set the temperature."""
        self.temperature = best_temperature(logits, targets)

    def probabilities(self, logits: Floats) -> Floats:
        """Return (N, C), rows that sum to 1."""
        return np.asarray(softmax(logits / self.temperature, axis=1))

    def answers(self, logits: Floats) -> NDArray[Any]:
        """Return the most probable class of each row: (N,)."""
        return np.asarray(self.classes[logits.argmax(axis=1)])

    def figures(self, logits: Floats, targets: Ints) -> Figures:
        """Return accuracy and macro-F1."""
        right = float((logits.argmax(axis=1) == targets).mean())
        return {"accuracy": right, "macro_f1": macro_f1(logits, targets)}

    def state(self) -> dict[str, Any]:
        """Return what an artefact keeps."""
        return {"classes": self.classes.tolist(), "temperature": self.temperature}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take over what `state` returned."""
        return cls(np.array(state["classes"]), float(state["temperature"]))


class AnyLabels:
    """Any of C labels, each for itself: a sigmoid and a threshold, set on held-out rows.

    Labels are lists or sets; or a matrix (N, C) of 0 and 1, and then so are the answers.
    """

    kind: ClassVar[str] = "multi"
    fields: ClassVar[Fields] = {"classes": list, "thresholds": list, "matrix": bool}
    asking = staticmethod(any_of)

    def __init__(self, classes: NDArray[Any], thresholds: Floats, matrix: bool = False) -> None:
        self.classes, self.thresholds, self.matrix = classes, thresholds, matrix
        self.outputs = len(classes)

    @classmethod
    def learn(cls, labels: Any) -> tuple[Self, Floats]:
        """Return what N rows of labels ask for, and 1 where a row has one: (N, C)."""
        if is_matrix(labels):
            classes = np.arange(np.shape(labels)[1])
        else:
            sets = [label_set(row, one) for row, one in enumerate(labels)]
            names = {label for one in sets for label in one}
            if len({type(name) for name in names}) > 1:
                raise DataError("the labels are of several types; expected strings, or whole numbers.")
            classes = np.array(sorted(names))
        if not len(classes):
            raise DataError("no row has a label; expected some. Name another column.")
        found = cls(classes, np.full(len(classes), HALF), is_matrix(labels))
        return found, found.codes(labels)[1]

    def codes(self, labels: Any) -> tuple[Ints, Floats]:
        """Return all rows, and 1 where a row has a label (N, C); unknown labels are left out."""
        if self.matrix:
            return np.arange(len(labels)), binary(labels, self.outputs)
        index = {name: i for i, name in enumerate(self.classes.tolist())}
        targets = np.zeros((len(labels), self.outputs))
        for row, one in enumerate(labels):
            targets[row, [index[label] for label in label_set(row, one) if label in index]] = 1
        return np.arange(len(labels)), targets

    def score(self, logits: Floats, targets: Floats) -> tuple[float, ...]:
        """Return micro-F1 at the best common threshold, then minus the log loss: larger is better."""
        loss = np.logaddexp(0, logits) - targets * logits
        return best_threshold(expit(logits).ravel(), targets.ravel())[1], -float(loss.mean())

    def settle(self, logits: Floats, targets: Floats) -> None:
        """Set each label's threshold to its best F1; one that few rows have takes the best for all."""
        found = expit(logits)
        common = best_threshold(found.ravel(), targets.ravel())[0]
        own = [best_threshold(*column)[0] for column in zip(found.T, targets.T, strict=True)]
        self.thresholds = np.where(targets.sum(axis=0) >= FEWEST, own, common)

    def probabilities(self, logits: Floats) -> Floats:
        """Return (N, C), each for itself."""
        return np.asarray(expit(logits))

    def chosen(self, logits: Floats) -> NDArray[np.bool_]:
        """Return which labels each row gets: (N, C)."""
        return np.asarray(expit(logits) >= self.thresholds)

    def answers(self, logits: Floats) -> Any:
        """Return the labels of each row, as lists, or as a matrix where they were learned from one."""
        found = self.chosen(logits)
        if self.matrix:
            return found.astype(np.int64)
        return [self.classes[row].tolist() for row in found]

    def figures(self, logits: Floats, targets: Floats) -> Figures:
        """Return micro-F1, macro-F1, and the share of rows with exactly the right labels."""
        found = self.chosen(logits)
        exact = float((found == targets).all(axis=1).mean())
        return {**f1(found, targets), "exact": exact}

    def state(self) -> dict[str, Any]:
        """Return what an artefact keeps."""
        thresholds = self.thresholds.tolist()
        return {"classes": self.classes.tolist(), "thresholds": thresholds, "matrix": self.matrix}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take over what `state` returned."""
        thresholds = state["thresholds"]
        numbers = all(isinstance(one, int | float) for one in thresholds)
        if not numbers or len(thresholds) != len(state["classes"]):
            raise CheckpointError(
                f"found thresholds {thresholds!r:.100}; expected a number for each of the "
                f"{len(state['classes'])} labels. Copy the folder again."
            )
        return cls(np.array(state["classes"]), np.array(thresholds, dtype=np.float64), state["matrix"])


class Amount:
    """A number: learned with mean 0 and deviation 1, answered in its own units."""

    kind: ClassVar[str] = "number"
    fields: ClassVar[Fields] = {"mean": (int, float), "deviation": (int, float)}
    asking = staticmethod(amount)

    def __init__(self, mean: float, deviation: float) -> None:
        self.mean, self.deviation = mean, deviation
        self.outputs = 1

    @classmethod
    def learn(cls, labels: Any) -> tuple[Self, Floats]:
        """Return what N numbers ask for, and the numbers, standardised: (N,)."""
        numbers = as_numbers(labels)
        if len(numbers) < 2 or numbers.min() == numbers.max():
            shown = f"{len(numbers)} times {numbers[0]:g}" if len(numbers) else "no number"
            raise DataError(f"found {shown}; expected at least 2 different numbers.")
        found = cls(float(numbers.mean()), float(numbers.std()))
        return found, found.codes(labels)[1]

    def codes(self, labels: Any) -> tuple[Ints, Floats]:
        """Return all rows, and their numbers, standardised: (N,) and (N,)."""
        return np.arange(len(labels)), (as_numbers(labels) - self.mean) / self.deviation

    def score(self, logits: Floats, targets: Floats) -> tuple[float, ...]:
        """Return minus the mean squared error: larger is better."""
        return (-float(np.square(logits[:, 0] - targets).mean()),)

    def settle(self, logits: Floats, targets: Floats) -> None:
        """Leave everything as it is."""

    def probabilities(self, logits: Floats) -> Floats:  # noqa: ARG002
        """Raise ConfigError: a number has none."""
        raise ConfigError("this classifier answers with a number, which has no probabilities. Use predict.")

    def answers(self, logits: Floats) -> Floats:
        """Return the number of each row, in the units it was learned in: (N,)."""
        return logits[:, 0] * self.deviation + self.mean

    def figures(self, logits: Floats, targets: Floats) -> Figures:
        """Return Pearson's and Spearman's correlation (None for a constant) and the mean absolute error."""
        found = logits[:, 0]
        return {
            "pearson": correlation(found, targets),
            "spearman": correlation(ranks(found), ranks(targets)),
            "mae": float(np.abs(found - targets).mean() * self.deviation),
        }

    def state(self) -> dict[str, Any]:
        """Return what an artefact keeps."""
        return {"mean": self.mean, "deviation": self.deviation}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take over what `state` returned."""
        return cls(float(state["mean"]), float(state["deviation"]))


Target: TypeAlias = OneLabel | AnyLabels | Amount
TARGETS: dict[str, type[OneLabel] | type[AnyLabels] | type[Amount]] = {
    "single": OneLabel, "multi": AnyLabels, "number": Amount,
}  # fmt: skip


def kind_of(labels: Any) -> str:
    """Return what labels ask for: lists, sets or a matrix "multi", fractions "number", else "single"."""
    if is_matrix(labels) or isinstance(next(iter(labels), None), list | set | frozenset | tuple):
        return "multi"
    found = np.asarray(labels)
    fractions = found.dtype.kind == "f" and bool((found != np.floor(found)).any())
    return "number" if fractions else "single"


def is_matrix(labels: Any) -> bool:
    """Is it an array of two dimensions?"""
    return getattr(labels, "ndim", 1) == 2


def binary(labels: Any, columns: int) -> Floats:
    """Return a matrix of 0 and 1, checked: (N, C)."""
    found = np.asarray(labels, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != columns or not np.isin(found, (0, 1)).all():
        raise DataError(
            f"found labels of shape {found.shape}, {found.min(initial=0):g} to {found.max(initial=0):g}; "
            f"expected {columns} times 0 or 1 for each text."
        )
    return found


def label_set(row: int, labels: Any) -> Sequence[Any]:
    """Return the labels of a row as they come."""
    if isinstance(labels, str) or not hasattr(labels, "__iter__"):
        raise DataError(f"the labels of row {row} are {labels!r:.60}; expected a list or a set of labels.")
    return list(labels)


def as_numbers(labels: ArrayLike) -> Floats:
    """Return finite numbers (N,)."""
    try:
        found = np.asarray(labels, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("the labels are no numbers; expected a number for each text.") from None
    wrong = np.flatnonzero(~np.isfinite(found))
    if found.ndim != 1 or len(wrong):
        where = f"label {wrong[0]} is {found.flat[wrong[0]]}" if len(wrong) else f"shape {found.shape}"
        raise DataError(f"{where}; expected one finite number for each text.")
    return found
