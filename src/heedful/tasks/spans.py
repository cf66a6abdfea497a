"""How good extracted answers are: exact match and F1 as in SQuAD (Rajpurkar et al. 2016, 4; 2018, A)."""

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heedful.intervals import bounded
from heedful.types import Floats

ARTICLE = re.compile(r"\b(a|an|the)\b")
UNMARKED = str.maketrans("", "", string.punctuation)

Metric = Callable[[str, str], float]


def normalised(text: str) -> str:
    """Fold an answer so that case, ASCII punctuation, English articles and spaces make no difference."""
    return " ".join(ARTICLE.sub(" ", text.lower().translate(UNMARKED)).split())


def same(found: str, wanted: str) -> float:
    """Return 1 if two answers are equal, once normalised, else 0."""
    return float(normalised(found) == normalised(wanted))


def overlap(found: str, wanted: str) -> float:
    """Return the F1 of the words of two answers; one without words equals another such alone."""
    ours, theirs = normalised(found).split(), normalised(wanted).split()
    if not ours or not theirs:
        return float(ours == theirs)
    shared = (Counter(ours) & Counter(theirs)).total()
    return 2 * shared / (len(ours) + len(theirs))


def best(metric: Metric, found: str, answers: Sequence[str]) -> float:
    """Return the most that an answer scores against those given; where none is, no answer is right."""
    wanted = [one for one in answers if normalised(one)] or [""]
    return max(metric(found, one) for one in wanted)


@dataclass(frozen=True)
class SpanScores:
    """Exact match and F1 of each of N questions, and which of them have an answer: each (N,)."""

    exact: Floats
    f1: Floats
    answerable: Floats

    def summary(self) -> dict[str, Any]:
        """Return means with their 95 % intervals, for all, and for those with and without an answer."""
        some = self.answerable > 0
        found: dict[str, Any] = {"rows": len(self.f1), "answerable": int(some.sum())}
        found |= {"exact": bounded(self.exact), "f1": bounded(self.f1)}
        for name, part in (("with_answer", some), ("without_answer", ~some)):
            if part.any():
                found[name] = {"exact": float(self.exact[part].mean()), "f1": float(self.f1[part].mean())}
        return found


def score(found: Sequence[str], answers: Sequence[Sequence[str]]) -> SpanScores:
    """Score N answers ("" says that there is none) against the lists of right ones, empty where none is."""
    pairs = list(zip(found, answers, strict=True))
    some = [any(map(normalised, wanted)) for wanted in answers]
    return SpanScores(
        np.array([best(same, one, wanted) for one, wanted in pairs]),
        np.array([best(overlap, one, wanted) for one, wanted in pairs]),
        np.array(some, dtype=np.float64),
    )


def best_threshold(margins: Floats, answered: Floats, unanswered: Floats) -> tuple[float, float]:
    """Return above which margin to answer, so that the mean score is the highest, and that score.

    `margins` (N,) say by how much each answer beats no answer, `answered` and `unanswered` (N,) what the row
    scores in either case. The threshold lies between two margins; of equal scores the one that answers least.
    """
    order = np.argsort(-margins, kind="stable")
    gains = np.concatenate([[0.0], np.cumsum((answered - unanswered)[order])])
    sorted_ = margins[order]
    apart = np.concatenate([[True], sorted_[1:] < sorted_[:-1], [True]]) if len(order) else np.array([True])
    cut = int(np.flatnonzero(apart)[np.argmax(gains[apart])])
    edges = np.concatenate([[sorted_[0] + 2.0], sorted_, [sorted_[-1] - 2.0]]) if len(order) else np.zeros(2)
    total = float(unanswered.sum() + gains[cut]) / max(1, len(order))
    return float(edges[cut] + edges[cut + 1]) / 2, total
