"""What every tagger of words is: scikit-learn's manners around one hook, the probabilities of tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator

from heedful.artefact import read_card, settings, write_card
from heedful.data.bio import Tags, as_bio, best, bio, classes_of, followers, spans
from heedful.errors import CheckpointError, DataError, NotFittedError
from heedful.estimator import Clock
from heedful.storage import writing
from heedful.text.words import WORD
from heedful.types import Floats, Texts

Sentences = Sequence[Sequence[str]]
Tagged = tuple[Sentences, Sequence[Tags]]
TASK = "tag"


@dataclass(frozen=True)
class Entity:
    """A name in a text: `text[start:end]`, its class, and the least probability of its words' tags."""

    start: int
    end: int
    label: str
    text: str
    probability: float


class WordTagger(BaseEstimator):  # type: ignore[misc]
    """Finds names in sentences of words: `fit`, `predict`, `tag`, `save`, `load`.

    Fitted: `classes_` (C tags, O first), `notes_` (how the tags of training were read), `stopped_` (why
    training ended early, None: it did not).
    """

    method: ClassVar[str]

    def fit(
        self,
        sentences: Sentences,
        tags: Sequence[Tags],
        *,
        dev: Tagged | None = None,
        seconds: float | None = None,
        **more: Any,
    ) -> Self:
        """Learn from N sentences of words and as many tags each (BIO, IOB1 or IOBES).

        `dev` is held out and chooses settings; `seconds` bounds the time, and `stopped_` says if it ran out.
        `more` is what the method knows beyond that: a `keeper` of checkpoints, a `watch`.
        """
        clock = Clock(seconds)
        check_tagged(sentences, tags)
        found, self.notes_ = as_bio(tags)
        held = None
        if dev is not None:
            check_tagged(*dev)
            held = (dev[0], as_bio(dev[1])[0])
        self.classes_ = classes_of(found)
        self.stopped_: str | None = None
        self._fit(sentences, found, held, clock, **more)
        return self

    def predict(self, sentences: Sentences) -> list[list[str]]:
        """Return one tag for each word of each sentence, in BIO: I-x stands after B-x or I-x only."""
        return self.decoded(self.scores(sentences))

    def tag(self, texts: Texts) -> list[list[Entity]]:
        """Return the names in each text, whole words, in their order."""
        if isinstance(texts, str):
            raise DataError("tag expects a list of texts; found one string. Wrap it in a list.")
        edges = [[found.span() for found in WORD.finditer(text)] for text in texts]
        words = [[text[a:b] for a, b in places] for text, places in zip(texts, edges, strict=True)]
        scores = self.scores(words)
        found = []
        for text, places, own, row in zip(texts, edges, scores, self._best(scores), strict=True):
            sure = np.exp(own[np.arange(len(row)), row])
            names = [
                (*edge(places, a, b), label, float(sure[a:b].min()))
                for a, b, label in spans(self._named(row))
            ]
            found.append([Entity(a, b, label, text[a:b], chance) for a, b, label, chance in names])
        return found

    def scores(self, sentences: Sentences) -> list[Floats]:
        """Return the log probabilities (n, C) of the tags of each sentence's n words."""
        if not hasattr(self, "classes_"):
            raise NotFittedError(f"this {type(self).__name__} is not fitted yet: call fit or load first.")
        check_sentences(sentences)
        return self._scores(sentences)

    def decoded(self, scores: Sequence[Floats]) -> list[list[str]]:
        """Return the most probable tags, in BIO."""
        return [bio(spans(self._named(row)), len(row)) for row in self._best(scores)]

    def _best(self, scores: Sequence[Floats]) -> list[Any]:
        allowed = followers(self.classes_)
        return [best(own, allowed) for own in scores]

    def _named(self, places: Any) -> list[str]:
        return [self.classes_[place] for place in places]

    def save(self, folder: Path | str, about: Mapping[str, Any] | None = None) -> None:
        """Write the artefact folder, whole or not at all. `about` (scores, data) goes into heedful.json."""
        self.scores([])
        with writing(folder) as fresh:
            state = self._write(fresh)
            write_card(
                fresh, self.method, TASK, about or {}, card_text(self.method, self.classes_),
                classes=self.classes_, stopped=self.stopped_, params=self.get_params(deep=False), state=state,
            )  # fmt: skip

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote."""
        folder = Path(folder)
        card = read_card(folder, classes=list)
        model = cls(**settings(card, folder, cls.method, set(cls._get_param_names())))
        if not card["classes"] or not all(isinstance(one, str) for one in card["classes"]):
            raise CheckpointError(f"{folder} has no list of tags. Train again or copy the folder again.")
        model.classes_, model.stopped_, model.notes_ = card["classes"], card["stopped"], []
        model._read(folder, card["state"])
        return model

    def _fit(
        self, sentences: Sentences, tags: Sequence[Tags], dev: Tagged | None, clock: Clock, **more: Any
    ) -> None:
        """Learn from tags in BIO."""
        raise NotImplementedError

    def _scores(self, sentences: Sentences) -> list[Floats]:
        raise NotImplementedError

    def _write(self, folder: Path) -> dict[str, Any]:
        """Put the tensors into `folder` and return what belongs into heedful.json."""
        raise NotImplementedError

    def _read(self, folder: Path, state: dict[str, Any]) -> None:
        raise NotImplementedError


def edge(places: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """Return the characters of the words from `start` to before `end`."""
    return places[start][0], places[end - 1][1]


def check_sentences(sentences: Sentences) -> None:
    """Raise DataError for what is no list of lists of words."""
    if isinstance(sentences, str):
        raise DataError(
            "expected a list of sentences, each a list of words; found one string. Use tag for texts."
        )
    for place, words in enumerate(sentences, 1):
        if isinstance(words, str) or not all(isinstance(word, str) for word in words):
            kind = "a string" if isinstance(words, str) else "a word that is no string"
            raise DataError(
                f"sentence {place}: found {kind}; expected a list of words. Split it, or use tag."
            )


def check_tagged(sentences: Sentences, tags: Sequence[Tags]) -> None:
    """Raise DataError unless each word has a tag."""
    check_sentences(sentences)
    if len(sentences) != len(tags):
        raise DataError(f"found {len(sentences)} sentences and tags of {len(tags)}; expected as many.")
    for place, (words, own) in enumerate(zip(sentences, tags, strict=True), 1):
        if len(words) != len(own):
            raise DataError(f"sentence {place} has {len(words)} words and {len(own)} tags; expected as many.")


def card_text(method: str, classes: Sequence[str]) -> str:
    """Return the body of an artefact's README.md: what it is, how to use it."""
    names = sorted({tag[2:] for tag in classes if tag[1:2] == "-"})
    lines = [
        f"# {method}: finds names in texts",
        "",
        f"Classes ({len(names)}): {', '.join(names[:50])}",
        "",
        'On the command line: `heedful predict THIS_FOLDER "a text"`.',
        'In Python: `heedful.load("THIS_FOLDER").tag(["a text"])`.',
    ]
    return "\n".join(lines)
