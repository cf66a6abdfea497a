"""A folder of labels under way: what to ask next, answers taken, the score of the texts kept apart."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from heedful.data.table import read_texts
from heedful.errors import ConfigError, DataError
from heedful.intervals import share
from heedful.label.journal import Answer, Journal
from heedful.label.pool import Say, digest, pool, vectors
from heedful.label.proposals import Proposer, head
from heedful.storage import read_json, replacing
from heedful.types import Encoder, Ints

SETTINGS = "label.json"
KNOWN_BY = "a text to tell encoders apart"


@dataclass(frozen=True)
class Score:
    """How many of N texts kept apart a quick head labels right, and how many the commonest label would."""

    right: int
    majority: int
    total: int

    def figures(self) -> dict[str, float]:
        """Return accuracy, its 95 % interval (Wilson), that of the commonest label, and the texts."""
        low, high = share(self.right, self.total)
        most = self.majority / self.total
        return {
            "accuracy": self.right / self.total, "low": low, "high": high, "majority": most,
            "texts": self.total,
        }  # fmt: skip


class Session:
    """Labels of a table in a folder, which the caller holds locked. `names` are the labels, as they came."""

    def __init__(
        self, folder: Path, texts: Sequence[str], names: Sequence[str], size: int, seed: int
    ) -> None:
        self.folder = folder
        self.names = list(names)
        self.journal = Journal(folder)
        known = {one.text: one.part for one in self.journal.answers}
        self.pool = pool(texts, known, size, seed)
        if len(self.pool.texts) < 2:
            raise DataError(f"found {len(self.pool.texts)} text to label; expected some. Name another table.")
        self.seed = seed
        self.places = {text: place for place, text in enumerate(self.pool.texts)}
        for one in self.journal.answers:
            self._name(one.label)

    @classmethod
    def open(
        cls, folder: Path, table: Any, text: str | None, labels: Sequence[str], size: int, seed: int | None
    ) -> Self:
        """Begin in a folder, or go on there; `labels` are added to those that it knows."""
        path = folder / SETTINGS
        before = read_json(path, DataError) if path.exists() else {}
        if not isinstance(before, dict) or not isinstance(before.get("seed", 0), int):
            raise DataError(f"{path} is not what `heedful label` wrote. Name another folder with -o.")
        if seed is not None and before.get("seed", seed) != seed:
            raise ConfigError(
                f"{folder} was begun with seed {before['seed']}, which says what is kept for the score; "
                f"found {seed}. Leave --seed out, or name another folder."
            )
        same = before.get("table") == str(table)
        found = read_texts(table, text or (before.get("column") if same else None))
        names = list(dict.fromkeys([*map(str, before.get("labels", [])), *labels]))
        kept = before.get("seed", seed or 0)
        session = cls(folder, found.texts, names, size, kept)
        with replacing(path) as fresh:
            told = {"table": str(table), "column": found.column, "labels": names, "seed": kept}
            fresh.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
        return session

    def look(self, encoder: Encoder, say: Say) -> None:
        """Compute the vectors, or read them from the folder, and order the texts by them."""
        name = encoder.encode([KNOWN_BY]).round(2).tobytes().hex()
        found = vectors(self.folder, name, encoder, self.pool.texts, say)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        self.vectors = (found / np.maximum(lengths, 1e-12)).astype(np.float32)
        self.proposer = Proposer(self.vectors, self.pool.groups, ~self.pool.scored, self.seed)

    def ask(self, part: str) -> str | None:
        """Return the next text of a part; None: all are answered."""
        answers = [one for one in self.journal.answers if one.part == part]
        done = self._places([one.text for one in answers])
        if part == "learn":
            place = self.proposer.next(done, [one.label for one in answers])
            return None if place is None else self.pool.texts[place]
        left = self.pool.scored & ~np.isin(self.pool.groups, self.pool.groups[done])
        texts = [self.pool.texts[place] for place in np.flatnonzero(left)]
        return min(texts, key=lambda one: digest(one, self.seed + 1), default=None)

    def answer(self, text: str, part: str, label: str | None) -> None:
        """Keep an answer; None skips the text."""
        self.journal.add(Answer(text, part, label))
        self._name(label)

    def undo(self, part: str) -> Answer | None:
        """Take the last answer of a part back: its text is asked for again."""
        return self.journal.undo(part)

    def counts(self, part: str) -> Counter[str]:
        """Return how many texts of a part have each label."""
        return Counter(label for _, label in self.journal.labelled(part))

    def score(self) -> Score | None:
        """Return how a quick head does on the part kept apart; None while it cannot be told."""
        learned, kept = self.journal.labelled("learn"), self.journal.labelled("score")
        labels = [label for _, label in learned]
        model = head(self.vectors[self._places([text for text, _ in learned])], labels)
        if model is None or not kept:
            return None
        truth = np.array([label for _, label in kept])
        found = model.predict(self.vectors[self._places([text for text, _ in kept])])
        most = Counter(labels).most_common(1)[0][0]
        return Score(int((found == truth).sum()), int((truth == most).sum()), len(truth))

    def _places(self, texts: Sequence[str]) -> Ints:
        return np.array([self.places[text] for text in texts], dtype=np.int64)

    def _name(self, label: str | None) -> None:
        if label is not None and label not in self.names:
            self.names.append(label)
