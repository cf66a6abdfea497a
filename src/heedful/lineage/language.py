"""A word-level LSTM language model, and questions with few labels: what ELMo and ULMFiT share.

Shapes: B texts of T words, W width, V words, L layers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from heedful.intervals import bounded
from heedful.lineage.outcome import Effort, Gate, Picture
from heedful.lineage.prose import WORD, frequent, sentences
from heedful.report.plot import Curve, plot
from heedful.types import Floats, Ints

WIDTH, LAYERS = 96, 2
ROWS, SPAN = 32, 20  # streams read side by side, words between two steps
UNKNOWN, END = 0, 1  # numbers of a word that is not known, and of the end of a text


class Model(nn.Module):
    """Word vectors, two LSTMs of one width, and the vectors again as the map to the next word (tied)."""

    def __init__(self, vocab: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.token = nn.Embedding(vocab, WIDTH)
            self.layers = nn.ModuleList(nn.LSTM(WIDTH, WIDTH, batch_first=True) for _ in range(LAYERS))
            self.bias = nn.Parameter(torch.zeros(vocab))
            nn.init.normal_(self.token.weight, std=WIDTH**-0.5)

    def forward(self, ids: Tensor, states: Sequence[tuple[Tensor, Tensor]] | None = None) -> "Read":
        """Return vectors and states of each layer, (L + 1) times (B, T, W), and what each LSTM ends with."""
        x, ends = [self.token(ids)], []
        for number, layer in enumerate(self.layers):
            found, end = layer(x[-1], None if states is None else states[number])
            x.append(found)
            ends.append(end)
        return Read(x, ends)

    def scores(self, x: Tensor) -> Tensor:
        """Return logits of the next word (..., V)."""
        return x @ self.token.weight.T + self.bias


@dataclass(frozen=True)
class Read:
    """Vectors of the words and of each layer, and the LSTMs' last states."""

    layers: list[Tensor]
    ends: list[tuple[Tensor, Tensor]]


def numbered(texts: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> list[Ints]:
    """Return the words' numbers, 2 and more, unknown ones as 0."""
    place = {word: i + 2 for i, word in enumerate(vocabulary)}
    return [np.array([place.get(word, UNKNOWN) for word in text], dtype=np.int64) for text in texts]


def train(model: Model, texts: Sequence[Ints], epochs: int = 1, rate: float = 4e-3) -> list[float]:
    """Learn the next word of one long stream in 32 rows, states carried on; return the losses.

    Texts read backwards make a backward model of it.
    """
    stream = torch.from_numpy(np.concatenate([np.append(text, END) for text in texts]))
    rows = stream[: len(stream) // ROWS * ROWS].view(ROWS, -1)
    starts = range(0, rows.shape[1] - 1, SPAN)
    adam = torch.optim.Adam(model.parameters(), lr=rate)
    fall = torch.optim.lr_scheduler.OneCycleLR(adam, rate, max(2, epochs * len(starts)), pct_start=0.1)
    losses = []
    for _ in range(epochs):
        states = None
        for start in starts:
            span = rows[:, start : start + SPAN + 1]
            read = model(span[:, :-1], states)
            loss = cross_entropy(model.scores(read.layers[-1]).flatten(0, 1), span[:, 1:].flatten())
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()
            fall.step()
            states = [(h.detach(), c.detach()) for h, c in read.ends]
            losses.append(loss.item())
    return losses


def padded(texts: Sequence[Ints]) -> tuple[Tensor, Tensor]:
    """Return ids (B, T), END behind each text, and which of them are its words or its first END."""
    ended = [torch.from_numpy(np.append(text, END)) for text in texts]
    inside = pad_sequence([torch.ones(len(text)) for text in ended], batch_first=True)
    return pad_sequence(ended, batch_first=True, padding_value=END), inside > 0


@dataclass(frozen=True)
class Questions:
    """Questions as words, with the class that is asked for (TREC: 6 classes)."""

    texts: list[list[str]]
    labels: Ints


def questions(effort: Effort, part: str) -> Questions:
    """Read a part, train or test, of Li and Roth's questions (2002)."""
    lines = effort.file(f"trec/{part}.txt").read_text(encoding="latin-1").split("\n")
    split = [line.split(" ", 1) for line in lines if line]
    return Questions([WORD.findall(text.lower()) for _, text in split], np.array([int(n) for n, _ in split]))


@dataclass(frozen=True)
class Task:
    """Prose, questions and questions of the test as numbers of V words, with the classes asked for."""

    vocab: int
    prose: list[Ints]
    texts: list[Ints]
    labels: Ints
    tested: list[Ints]
    wanted: Ints
    free: Ints  # rows of the questions that do not stand in the test

    def few(self, count: int, seed: int) -> tuple[list[Ints], Ints]:
        """Draw questions whose labels are given."""
        rows = np.random.default_rng(seed).permutation(self.free)[:count]
        return [self.texts[row] for row in rows], self.labels[rows]


def task(effort: Effort, words: int, most: int = 4000) -> Task:
    """Read about so many words of prose, and all questions; at most 4,000 words are known."""
    prose, given, tested = sentences(effort, words), questions(effort, "train"), questions(effort, "test")
    vocabulary = frequent([*prose, *given.texts], 4)[:most]
    seen = set(map(tuple, tested.texts))
    free = np.array([row for row, text in enumerate(given.texts) if tuple(text) not in seen])
    parts = (numbered(texts, vocabulary) for texts in (prose, given.texts, tested.texts))
    first, second, third = parts
    return Task(len(vocabulary) + 2, first, second, given.labels, third, tested.labels, free)


def lift(what: str, paper: str, gains: Sequence[Floats]) -> list[Gate]:
    """Return the mean gain and the lower end of its 95 % interval over the test's questions, above 0.

    Each of the gains (N,) is right or wrong (1, 0) of one way less that of the other, question by question.
    """
    found = bounded(np.mean(gains, axis=0))
    return [
        Gate(f"{what}, gain", paper, [float(one.mean()) for one in gains]),
        Gate(f"{what}, lower end of the gain's 95 % interval", "above 0", [found["low"]], least=1e-9),
    ]


def learning(losses: Sequence[float]) -> Picture:
    """Draw the losses, ten steps in one point."""
    means = [(stop, float(np.mean(losses[stop - 10 : stop]))) for stop in range(10, len(losses) + 1, 10)]
    chart = plot([Curve("next word", means)], "Learning the language", ("steps", "cross entropy"))
    return Picture("Learning the language", "Prose first, then the questions without their labels.", chart)
