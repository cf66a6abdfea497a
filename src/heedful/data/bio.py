"""Names in a sentence as tags of its words, and back: B-x begins one of class x, I-x goes on, O is none."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np

from heedful.errors import DataError
from heedful.types import Floats, Ints

OUTSIDE = "O"
UNNAMED = "entity"  # the class of tags that name none
KINDS = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S", "M": "I"}  # IOBES, BILOU, BMES
IMPOSSIBLE = -1e9  # added to the score of a tag that may not stand here

Span = tuple[int, int, str]  # first word, one after the last, class
Tags = Sequence[str]


@dataclass(frozen=True)
class Score:
    """Names of one class, or of all: `found` by the model, `wanted` by the truth, `right` in both."""

    right: int
    found: int
    wanted: int

    @property
    def precision(self) -> float:
        """The share of the found names that are right; 0 where none is found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of the wanted names that are found; 0 where none is wanted."""
        return self.right / self.wanted if self.wanted else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / (self.found + self.wanted) if self.found + self.wanted else 0.0

    def figures(self) -> dict[str, float]:
        """Return all of it by name."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1, **asdict(self)}


def spans(tags: Tags) -> list[Span]:
    """Return the names in a sentence by the rules of conlleval (Tjong Kim Sang and De Meulder 2003).

    A name begins at B and S, after E and S, where the class changes, and at an I or E after O: so BIO, IOB1
    and IOBES are read alike.
    """
    found: list[Span] = []
    start, label, ended = 0, "", True
    for place, tag in enumerate([*tags, OUTSIDE]):
        kind, own = parted(tag)
        if label and (ended or kind in "BSO" or own != label):
            found.append((start, place, label))
            label = ""
        if kind != OUTSIDE and not label:
            start, label = place, own
        ended = kind in "ES"
    return found


def parted(tag: str) -> tuple[str, str]:
    """Return the kind of a tag (B I E S O) and its class; DataError where it has no such form."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    kind, dash, label = tag.partition("-")
    if kind not in KINDS or (dash and not label):
        raise DataError(
            f"found the tag {tag!r:.60}; expected O, or B-, I-, E-, S- and a class, such as B-person."
        )
    return KINDS[kind], label or UNNAMED


def bio(found: Iterable[Span], length: int) -> list[str]:
    """Return the tags of a sentence with these names: the other way round."""
    tags = [OUTSIDE] * length
    for start, end, label in found:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


def as_bio(sentences: Sequence[Tags], rows: Sequence[int] | None = None) -> tuple[list[list[str]], list[str]]:
    """Return the same names as BIO tags, and notes on what was read otherwise.

    `rows` are the numbers by which an error names a sentence.
    """
    found: list[list[str]] = []
    for place, tags in enumerate(sentences):
        try:
            found.append(bio(spans(tags), len(tags)))
        except DataError as problem:
            number = rows[place] if rows is not None else place + 1
            raise DataError(f"sentence at {number}: {problem}") from None
    pairs = Counter(
        (theirs, ours) for old, new in zip(sentences, found, strict=True)
        for theirs, ours in zip(old, new, strict=True) if theirs != ours
    )  # fmt: skip
    return found, told(pairs, sentences)


def told(pairs: Counter[tuple[str, str]], sentences: Sequence[Tags]) -> list[str]:
    """Return which scheme the changed tags (theirs, ours) speak of."""
    if not pairs:
        return []
    total = f"{pairs.total():,} of {sum(map(len, sentences)):,} tags"
    if any(theirs[0] not in "BIO" for theirs, _ in pairs):
        return [f"Tags that mark the ends of names, as IOBES does, are read as BIO: {total} changed."]
    if all("-" not in theirs for theirs, _ in pairs):
        return [f"Tags without a class are read as class {UNNAMED!r}: {total} changed."]
    begun = {tag for tags in sentences for before, tag in pairwise([OUTSIDE, *tags]) if before == OUTSIDE}
    scheme = "as in IOB1" if not any(tag.startswith("B") for tag in begun) else "in spite of BIO"
    return [f"Names that begin with I-, {scheme}, are read as beginning with B-: {total} changed."]


def classes_of(sentences: Iterable[Tags]) -> list[str]:
    """Return all tags that occur, O first; DataError where no word is part of a name."""
    seen = {tag for tags in sentences for tag in tags} - {OUTSIDE}
    if not seen:
        raise DataError("no word has a tag but O; expected names to learn from. Give sentences with some.")
    return [OUTSIDE, *sorted(seen, key=lambda tag: (tag[2:], tag))]


def followers(classes: Sequence[str]) -> Floats:
    """Return 0 where a tag may follow another, IMPOSSIBLE where not: (C + 1, C); the last row is the start.

    Where there is a B-x, I-x follows B-x or I-x only.
    """
    allowed = np.zeros((len(classes) + 1, len(classes)))
    for place, tag in enumerate(classes):
        if tag.startswith("I-") and f"B-{tag[2:]}" in classes:
            before = [i for i, one in enumerate(classes) if one in (f"B-{tag[2:]}", tag)]
            allowed[:, place] = IMPOSSIBLE
            allowed[before, place] = 0.0
    return allowed


def best(scores: Floats, allowed: Floats) -> Ints:
    """Return the most probable row of tags among the allowed ones (Viterbi 1967): (n,).

    `scores` (n, C) are log probabilities, `allowed` is what `followers` returned.
    """
    found = np.zeros(len(scores), dtype=np.int64)
    if not len(scores):
        return found
    total = scores[0] + allowed[-1]
    back = np.zeros((len(scores), scores.shape[1]), dtype=np.int64)
    for place in range(1, len(scores)):
        ways = total[:, None] + allowed[:-1]  # (C before, C)
        back[place] = ways.argmax(axis=0)
        total = ways.max(axis=0) + scores[place]
    found[-1] = total.argmax()
    for place in range(len(scores) - 1, 0, -1):
        found[place - 1] = back[place, found[place]]
    return found


def counts(truth: Sequence[Tags], predicted: Sequence[Tags]) -> Ints:
    """Return how many names are right, found and wanted in each sentence: (N, 3)."""
    check(truth, predicted)
    pairs = [(set(spans(theirs)), set(spans(ours))) for theirs, ours in zip(truth, predicted, strict=True)]
    return np.array([(len(asked & found), len(found), len(asked)) for asked, found in pairs], dtype=np.int64)


def check(truth: Sequence[Tags], predicted: Sequence[Tags]) -> None:
    """Raise DataError unless both have as many sentences, and each as many words."""
    if len(truth) != len(predicted):
        raise DataError(f"found {len(truth)} sentences and answers to {len(predicted)}; expected as many.")
    if not truth:
        raise DataError("there are no sentences to score; expected some.")
    for place, (theirs, ours) in enumerate(zip(truth, predicted, strict=True), 1):
        if len(theirs) != len(ours):
            raise DataError(
                f"sentence {place} has {len(theirs)} tags, {len(ours)} predicted; expected as many."
            )
