"""Answering by a part of the text: where in the context the answer stands, or that it does not."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator
from torch import nn

from heedful.artefact import is_artefact, read_card, settings, write_card
from heedful.checkpoint.find import find
from heedful.checkpoint.folder import Form, load_tokenizer, load_transformer, save_transformer
from heedful.core.config import TokenInput, check_sizes
from heedful.core.model import Transformer
from heedful.errors import CheckpointError, ConfigError, NotFittedError
from heedful.estimator import Clock
from heedful.storage import writing
from heedful.tasks.embed import check_vocab
from heedful.tasks.extract import Answer, Found, chosen, extract, ranked, spread
from heedful.tasks.heads import under_head
from heedful.tasks.spans import SpanScores, best_threshold, score
from heedful.tasks.windows import NULL, Cutter, Span, Spans, Window, check_asked, check_pairs
from heedful.text.tokenizer import UNCUT
from heedful.train.batches import shuffled
from heedful.train.checkpoints import Keeper
from heedful.train.loop import train
from heedful.train.lora import adapted, peak_rate
from heedful.train.objectives import Loss, span
from heedful.train.plan import Plan, PrecisionName
from heedful.train.progress import Watch
from heedful.types import Texts

METHOD = "answer"
RATE = 1e-4
CLASS = "ForQuestionAnswering"
CHUNK = 256  # questions whose windows are in memory at a time
CARD = """# An answerer: it marks the answer to a question in a text, or says that there is none

In Python: `heedful.load("THIS_FOLDER").answer(["a question"], ["a text"])`."""

Asked = tuple[Texts, Texts, Spans]  # questions, contexts, right answers


class Example(NamedTuple):
    """A window to learn from, and the first and last token of the answer."""

    window: Window
    target: Span


class Held(NamedTuple):
    """Questions held out: the windows of each, its context and its right answers."""

    windows: list[list[Window]]
    contexts: list[str]
    wanted: list[list[str]]


class Answerer(BaseEstimator):  # type: ignore[misc]
    """An encoder that marks the answer to a question in a text (Devlin et al. 2019, sections 4.2 and 4.3).

    A long context is read in windows of `window` tokens (fewer where the model has no more places) that share
    `stride`; an answer has at most `max_answer_tokens`, which is no more than `stride`, so that each stands
    whole in some window. `lora` is the rank of the low-rank updates (0: all weights learn), `rate` the peak
    learning rate (None: what suits `lora`).

    Fitted: `threshold_`, the margin above which there is an answer (None: there always is one),
    `stopped_` (why training ended early, None: it did not), `scores_` on dev, `lost_` (answers in no window).
    """

    def __init__(
        self,
        model: str = "minilm",
        stride: int = 128,
        max_answer_tokens: int = 30,
        window: int = 384,
        epochs: int = 3,
        rate: float | None = None,
        rows: int = 16,
        lora: int = 0,
        precision: PrecisionName = "auto",
        seed: int = 0,
    ) -> None:
        self.model = model
        self.stride = stride
        self.max_answer_tokens = max_answer_tokens
        self.window = window
        self.epochs = epochs
        self.rate = rate
        self.rows = rows
        self.lora = lora
        self.precision = precision
        self.seed = seed

    def fit(
        self,
        questions: Texts,
        contexts: Texts,
        answers: Spans,
        *,
        dev: Asked | None = None,
        seconds: float | None = None,
        keeper: Keeper | None = None,
        watch: Watch | None = None,
    ) -> Self:
        """Learn from N questions, contexts and lists of answers (start, end) in characters, empty for none.

        The first answer of a list is learned. `dev`, held out, chooses the epoch and the threshold. `seconds`
        bounds the time; with a `keeper` the run goes on from its last checkpoint.
        """
        clock = Clock(seconds)
        check_asked(questions, contexts, answers)
        self.open()
        held = None if dev is None else self._held(*dev)
        self.threshold_: float | None = None if all(answers) else 0.0
        self.scores_: SpanScores | None = None
        self._learn(self._examples(questions, contexts, answers), held, clock, keeper, watch)
        return self

    def answer(self, questions: Texts, contexts: Texts, top: int = 1) -> list[list[Answer]]:
        """Return the `top` answers to each of N questions in its context, the best first.

        A context without a word has no answer. A question of more than half of a window is a DataError.
        """
        self._check_fitted()
        check_pairs(questions, contexts)
        if type(top) is not int or top < 1:
            raise ConfigError(f"top is {top!r}; expected a whole number from 1.")
        found: list[list[Answer]] = []
        for begin in range(0, len(questions), CHUNK):
            part = slice(begin, begin + CHUNK)
            rows = self._extract(self._windows(questions[part], contexts[part]))
            found += [
                ranked(one, text, self.threshold_)[:top]
                for one, text in zip(rows, contexts[part], strict=True)
            ]
        return found

    def save(self, folder: Path | str, about: Mapping[str, Any] | None = None) -> None:
        """Write a folder that transformers opens too, whole or not at all."""
        self._check_fitted()
        with writing(folder) as fresh:
            save_transformer(self.transformer_, self.form_, fresh)
            self.tokenizer_.save(fresh)
            state = {"threshold": self.threshold_, "tokenizer": self.tokenizer_.fingerprint}
            params = self.get_params(deep=False)
            write_card(
                fresh, METHOD, METHOD, about or {}, CARD, params=params, state=state, stopped=self.stopped_
            )

    @classmethod
    def load(cls, source: Path | str) -> Self:
        """Read what `save` wrote, or any checkpoint with a head for spans; that always answers."""
        folder, params, state = Path(source), {}, {}
        stopped = None
        if is_artefact(folder):
            card = read_card(folder)
            params = settings(card, folder, METHOD, set(cls._get_param_names()))
            state, stopped = card["state"], card["stopped"]
        else:
            folder, _ = find(source)
        model, loaded = cls(**params), load_transformer(folder)
        if not loaded.form.architecture.endswith(CLASS):
            raise CheckpointError(f"{folder} holds a {loaded.form.architecture}; expected one {CLASS}.")
        model._take(loaded.transformer, loaded.form, folder)
        threshold = state.get("threshold")
        if not isinstance(threshold, float | int | None):
            raise CheckpointError(
                f"{folder}: the threshold is {threshold!r:.100}; expected a number or null."
            )
        model.threshold_, model.stopped_, model.lost_, model.scores_ = threshold, stopped, 0, None
        return model

    def open(self) -> Self:
        """Take the pretrained model under a fresh head into use, and its tokenizer."""
        folder, _ = find(self.model)
        self._take(*under_head(folder, CLASS, self.seed), folder)
        return self

    def _take(self, transformer: Transformer, form: Form, folder: Path) -> None:
        """Take a model and its tokenizer into use."""
        check_sizes(self, "stride", "max_answer_tokens", "window", "epochs", "rows")
        check_sizes(self, "lora", least=0)
        if self.max_answer_tokens > self.stride:
            raise ConfigError(
                f"max_answer_tokens is {self.max_answer_tokens}, stride {self.stride}; an answer at the end "
                "of a window would be cut. Raise the stride."
            )
        inputs = transformer.config.first.input
        assert isinstance(inputs, TokenInput)
        self.tokenizer_ = load_tokenizer(folder, UNCUT)
        check_vocab(self.tokenizer_, inputs.vocab, folder)
        self.cutter_ = Cutter(self.tokenizer_, min(self.window, inputs.positions or self.window), self.stride)
        self.transformer_, self.form_ = transformer.eval(), form

    def _check_fitted(self) -> None:
        if not hasattr(self, "threshold_"):
            raise NotFittedError("this Answerer is not fitted yet: call fit or load first.")

    def _windows(self, questions: Texts, contexts: Texts) -> list[list[Window]]:
        self.cutter_.check(questions)
        return list(self.cutter_.windows(questions, contexts))

    def _extract(self, windows: list[list[Window]]) -> list[Found]:
        return list(extract(self.transformer_, windows, self.max_answer_tokens, self.precision))

    def _examples(self, questions: Texts, contexts: Texts, answers: Spans) -> list[Example]:
        """Return every window with the tokens of the first answer, or with no answer where that is cut."""
        found: list[Example] = []
        self.lost_ = 0
        for several in self._windows(questions, contexts):
            wanted = [next(iter(answers[one.row]), None) for one in several]
            made = list(map(Example, several, map(Window.target, several, wanted)))
            self.lost_ += any(wanted) and all(one.target == (NULL, NULL) for one in made)
            found += made
        return found

    def _held(self, questions: Texts, contexts: Texts, answers: Spans) -> Held:
        """Return what is held out, cut into windows."""
        check_asked(questions, contexts, answers)
        wanted = [[text[a:b] for a, b in spans] for text, spans in zip(contexts, answers, strict=True)]
        return Held(self._windows(questions, contexts), list(contexts), wanted)

    def _learn(
        self, examples: list[Example], held: Held | None, clock: Clock, keeper: Keeper | None,
        watch: Watch | None,
    ) -> None:  # fmt: skip
        """Train; the best epoch on `held` stays."""

        def objective(module: nn.Module, rows: Sequence[int]) -> Loss:
            assert isinstance(module, Transformer)
            scores, layout = spread(module, [examples[row].window for row in rows])
            return span(scores, layout, [examples[row].target for row in rows])

        def batches(epoch: int) -> list[list[int]]:
            return shuffled(lengths, self.rows, np.random.default_rng([self.seed, epoch]))

        def evaluate() -> tuple[float, float]:
            assert held is not None
            found = self._choose(held)
            tried.append((self.threshold_, self.scores_))
            return found

        tried: list[tuple[float | None, SpanScores | None]] = []
        lengths = [len(one.window.ids) for one in examples]
        rate = peak_rate(self.rate, RATE, self.lora)
        plan = Plan(epochs=self.epochs, rate=rate, precision=self.precision, seed=self.seed)
        model = self.transformer_
        with adapted(model, self.lora, self.seed):
            self.progress_ = train(
                model, batches, objective, plan, clock, None if held is None else evaluate, keeper, watch
            )
        self.stopped_ = self.progress_.stopped
        if self.progress_.best is not None and len(tried) == len(self.progress_.scores):
            self.threshold_, self.scores_ = tried[self.progress_.best]
        elif held is not None:  # the run began in another process
            self._choose(held)

    def _choose(self, held: Held) -> tuple[float, float]:
        """Set threshold and scores by what is held out, and return its F1 and exact match.

        Where all of it has answers, the threshold stays as it is: nothing speaks for another.
        """
        pairs = [
            chosen(one, text) for one, text in zip(self._extract(held.windows), held.contexts, strict=True)
        ]
        texts, margins = [text for text, _ in pairs], np.array([margin for _, margin in pairs])
        either, none = score(texts, held.wanted), score([""] * len(texts), held.wanted)
        if none.f1.any():
            self.threshold_ = best_threshold(margins, either.f1, none.f1)[0]
        bar = -np.inf if self.threshold_ is None else self.threshold_
        kept = [text if margin > bar else "" for text, margin in pairs]
        self.scores_ = score(kept, held.wanted)
        return float(self.scores_.f1.mean()), float(self.scores_.exact.mean())
