"""How well names are found: whole names count (Tjong Kim Sang and De Meulder 2003, section 2.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heedful.data.bio import Score, Tags, counts, spans
from heedful.intervals import interval
from heedful.types import Floats, Ints

RESAMPLES = 1000


@dataclass(frozen=True)
class EntityScores:
    """The micro score over all classes, that of each class, and the 95 % interval of the micro F1."""

    micro: Score
    classes: dict[str, Score]
    low: float
    high: float
    sentences: int

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the classes that are found or wanted."""
        return sum(one.f1 for one in self.classes.values()) / max(1, len(self.classes))

    def figures(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        classes = {name: one.figures() for name, one in self.classes.items()}
        more = {"macro_f1": self.macro_f1, "sentences": self.sentences, "classes": classes}
        return {**self.micro.figures(), "low": self.low, "high": self.high, **more}


def score(truth: Sequence[Tags], predicted: Sequence[Tags]) -> EntityScores:
    """Compare two taggings of N sentences, in BIO or what `spans` reads like it.

    A name is right if its words and its class are. The values are those of conlleval, and of seqeval in its
    default mode; the interval is a bootstrap over the sentences.
    """
    rows = counts(truth, predicted)
    found: dict[str, list[int]] = {}
    for theirs, ours in zip(truth, predicted, strict=True):
        asked, answered = set(spans(theirs)), set(spans(ours))
        for place, names in enumerate((asked & answered, answered, asked)):
            for _, _, label in names:
                found.setdefault(label, [0, 0, 0])[place] += 1
    low, high = interval(bootstrap(rows[None]))
    classes = {label: Score(*found[label]) for label in sorted(found)}
    return EntityScores(Score(*rows.sum(axis=0).tolist()), classes, low, high, len(truth))


def bootstrap(counts: Ints, resamples: int = RESAMPLES) -> Floats:
    """Return the micro F1 of `resamples` draws of N sentences with replacement (Efron 1979): (B,).

    `counts` (S, N, 3) are right, found and wanted names of S taggings; the F1 of a draw is their mean. The
    draws depend on N alone, so that two taggers can be compared draw by draw.
    """
    random = np.random.default_rng(0)
    rows = counts.shape[1]
    drawn = np.empty(resamples)
    for number in range(resamples):
        times = np.bincount(random.integers(0, rows, rows), minlength=rows)
        right, found, wanted = np.moveaxis(np.einsum("n,snk->sk", times, counts), 1, 0)
        drawn[number] = (2 * right / np.maximum(found + wanted, 1)).mean()
    return drawn
