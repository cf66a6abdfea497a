"""Names by how words look and by lists: capitals, word beginnings and ends, neighbours, known names."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import log_softmax

from heedful.baselines.tagging import Sentences, Tagged, WordTagger
from heedful.baselines.terms import LARGEST, count, numbered, read_parts, write_parts
from heedful.data.bio import Score, Tags, counts, spans
from heedful.errors import CheckpointError
from heedful.estimator import Clock
from heedful.storage import read_json
from heedful.text.words import LONGEST, vocabulary
from heedful.train.linear import DEFAULT, Linear, climb, solve
from heedful.types import Floats

NAMES = "names.json"
LESS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)  # that may be taken from the score of O
AFFIXES = range(1, 5)  # characters of the beginnings and ends that count

Name = tuple[str, ...]  # lower-cased words


class Names:
    """The names of training by class, and in how many sentences each of them, and each word of one, stood."""

    def __init__(self) -> None:
        self.whole: Counter[tuple[Name, str]] = Counter()
        self.words: Counter[tuple[str, str]] = Counter()
        self.longest: dict[str, int] = {}  # words of the longest name that begins with a word

    def add(self, names: set[tuple[Name, str]]) -> None:
        """Take the names of one more sentence."""
        self.whole.update(names)
        self.words.update(parts(names))
        for name, _ in names:
            self.longest[name[0]] = max(len(name), self.longest.get(name[0], 0))

    def marks(
        self, words: Sequence[str], own: set[tuple[Name, str]], labels: Sequence[str]
    ) -> list[list[str]]:
        """Return for each word of a sentence in which lists it stands, alone and as part of a whole name.

        `own` are the sentence's names: in training, what stands in a list because of them does not count.
        """
        found: list[list[str]] = [[] for _ in words]
        mine = parts(own)
        for label in labels:
            for place, word in enumerate(words):
                if self.words[word, label] > ((word, label) in mine):
                    found[place].append(f"word:{label}")
            for start, end in self.matches(words, label, own):
                for place in range(start, end):
                    found[place].append(f"{'begins' if place == start else 'inside'}:{label}")
        return found

    def matches(
        self, words: Sequence[str], label: str, own: set[tuple[Name, str]]
    ) -> Iterator[tuple[int, int]]:
        """Yield where whole names of a class stand, the longest from each word on."""
        for start in range(len(words)):
            longest = self.longest.get(words[start], 0)
            for end in range(min(len(words), start + longest), start, -1):
                key = (tuple(words[start:end]), label)
                if self.whole[key] > (key in own):
                    yield start, end
                    break


class Gazetteer(WordTagger):
    """Logistic regression on each word's looks, its neighbours and lists of the names seen in training.

    Features stand in `min_rows` words of training. Without dev the strength is a usual one.
    """

    method = "gazetteer"

    def __init__(self, min_rows: int = 2, max_terms: int = 200_000) -> None:
        self.min_rows = min_rows
        self.max_terms = max_terms

    def _fit(
        self,
        sentences: Sentences,
        tags: Sequence[Tags],
        dev: Tagged | None,
        clock: Clock,
        **more: Any,  # noqa: ARG002
    ) -> None:
        self._label()
        self.names_ = Names()
        own = [named(words, row) for words, row in zip(sentences, tags, strict=True)]
        for names in own:
            self.names_.add(names)
        documents = [
            looks for words, mine in zip(sentences, own, strict=True) for looks in self._looks(words, mine)
        ]
        self.terms_ = vocabulary(documents, self.min_rows, self.max_terms)
        self.columns_ = numbered(self.terms_)
        features, targets = count(documents, self.columns_), self._targets(tags)
        kept = [] if dev is None else [i for i, tag in enumerate(flat(dev[1])) if tag in self.classes_]
        if dev is None or not kept:
            self.linear_ = solve(features, targets, DEFAULT, None)
            return
        held = self._features(dev[0])
        trial, finished = climb(features, targets, (held[kept], self._targets(dev[1])), clock, None)
        self.linear_ = trial.model
        self.stopped_ = None if finished else "time ran out before every strength was tried"
        self._dare(held, *dev)

    def _dare(self, features: csr_matrix, sentences: Sentences, tags: Sequence[Tags]) -> None:
        """Take from O, the commonest tag by far, what makes the entity F1 on dev the highest."""
        bias = self.linear_.bias.copy()
        found = []
        for less in LESS:
            self.linear_.bias[0] = bias[0] - less
            answers = self.decoded(self._split(features, sentences))
            found.append(Score(*counts(tags, answers).sum(axis=0).tolist()).f1)
        self.linear_.bias[0] = bias[0] - LESS[int(np.argmax(found))]

    def _label(self) -> None:
        self.labels_ = sorted({tag[2:] for tag in self.classes_ if tag != "O"})

    def _targets(self, tags: Sequence[Tags]) -> Any:
        number = {tag: place for place, tag in enumerate(self.classes_)}
        return np.array([number[tag] for tag in flat(tags) if tag in number], dtype=np.int64)

    def _looks(self, words: Sequence[str], own: set[tuple[Name, str]]) -> Iterator[list[str]]:
        lower = [word.lower()[:LONGEST] for word in words]
        shapes = [shape(word[:LONGEST]) for word in words]
        for place, marks in enumerate(self.names_.marks(lower, own, self.labels_)):
            yield [*marks, *around(lower, shapes, place)]

    def _features(self, sentences: Sentences) -> csr_matrix:
        return count((looks for words in sentences for looks in self._looks(words, set())), self.columns_)

    def _scores(self, sentences: Sentences) -> list[Floats]:
        return self._split(self._features(sentences), sentences) if sentences else []

    def _split(self, features: csr_matrix, sentences: Sentences) -> list[Floats]:
        chances = log_softmax(self.linear_.logits(features), axis=1)
        return np.split(chances, np.cumsum([len(words) for words in sentences])[:-1])

    def _write(self, folder: Path) -> dict[str, Any]:
        write_parts(folder, self.terms_, {"weight": self.linear_.weight, "bias": self.linear_.bias})
        listed = [[*name, label] for name, label in sorted(self.names_.whole)]
        (folder / NAMES).write_text(json.dumps(listed), encoding="ascii")
        return {"terms": len(self.terms_), "names": len(listed)}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:  # noqa: ARG002
        self._label()
        classes = len(self.classes_)
        self.terms_, tensors = read_parts(
            folder, lambda terms: {"weight": (classes, max(1, terms)), "bias": (classes,)}
        )
        self.columns_ = numbered(self.terms_)
        self.linear_ = Linear(tensors["weight"], tensors["bias"])
        listed = read_json(folder / NAMES, CheckpointError, LARGEST)
        wrong = not isinstance(listed, list) or any(
            not isinstance(one, list) or len(one) < 2 for one in listed
        )
        if wrong or not all(isinstance(word, str) for one in listed for word in one):
            raise CheckpointError(
                f"{folder / NAMES} is no list of names. Copy the folder again or train again."
            )
        self.names_ = Names()
        self.names_.add({(tuple(words), label) for *words, label in listed})


def named(words: Sequence[str], tags: Tags) -> set[tuple[Name, str]]:
    """Return the names of a sentence, lower-cased, with their classes."""
    return {(tuple(word.lower()[:LONGEST] for word in words[a:b]), label) for a, b, label in spans(tags)}


def parts(names: set[tuple[Name, str]]) -> set[tuple[str, str]]:
    """Return the words of names, with the classes of those."""
    return {(word, label) for name, label in names for word in name}


def flat(tags: Sequence[Tags]) -> list[str]:
    """Return the tags of all sentences end to end."""
    return [tag for row in tags for tag in row]


def shape(word: str) -> str:
    """Return how a word looks: `iPhone7` is xXxx9, with at most two of a kind in a row."""
    signs = [
        "X" if sign.isupper() else "x" if sign.isalpha() else "9" if sign.isdigit() else sign for sign in word
    ]
    return "".join(
        sign for place, sign in enumerate(signs) if signs[max(0, place - 2) : place] != [sign, sign]
    )


def around(lower: Sequence[str], shapes: Sequence[str], place: int) -> Iterator[str]:
    """Yield what is seen of a word and of the two on either side."""
    word = lower[place]
    for size in AFFIXES:
        if len(word) >= size:
            yield f"^{word[:size]}"
            yield f"{word[-size:]}$"
    for step in range(-2, 3):
        at = place + step
        inside = 0 <= at < len(lower)
        yield f"{step}={lower[at] if inside else ''}"
        yield f"{step}~{shapes[at] if inside else ''}"
    before, after = shapes[place - 1] if place else "", shapes[place + 1] if place + 1 < len(shapes) else ""
    yield f"~{before} {shapes[place]} {after}"
