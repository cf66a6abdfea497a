"""Few-shot learning after SetFit (Tunstall et al. 2022): contrast a few examples, then fit a head on them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.metaestimators import available_if
from torch import nn

from heedful.artefact import read_card, settings, write_card
from heedful.core.config import check_choice, check_sizes
from heedful.errors import CheckpointError, DataError
from heedful.estimator import Clock, TextClassifier, card_text, check_texts
from heedful.storage import writing
from heedful.tasks.classifier import as_dense
from heedful.tasks.contrast import Contrast, choose, marked
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.neighbours import Neighbour, Neighbours
from heedful.tasks.rehearse import Few, Found, HeadName, careful_temperature, linear, rehearse
from heedful.tasks.targets import TARGETS, AnyLabels, Figures, OneLabel, kind_of
from heedful.tasks.zeroshot import Descriptions, checked
from heedful.types import Floats, Ints, Texts

KINDS = ("single", "multi")
SLOW, FAST = 2e-5, 1e-4  # peak rates: of 60 steps or more, and of the few that held-out rows choose among
VOTES = 10  # neighbours that vote, where nothing chooses


class FewShot(TextClassifier):
    """Tunes the encoder on a few labelled texts, then fits a head on the same texts.

    Texts that share labels are drawn together, the others apart. It learns from `shots` examples of each
    label (None: from all rows). `steps` None lets held-out rows decide how many steps pay, which may be none:
    those of `dev`, or else each third of the rows in its turn; they set the temperature or the thresholds
    too, and the embeddings stay as they are. `rate` None is 1e-4 then, 2e-5 for steps that are given. `head`
    is "linear" or "neighbours". Labels may be lists or sets, as with `Classifier`.

    Fitted: `kind_` ("single" or "multi"), `classes_`, `target_`, `steps_`, `held_out_loss_` (by steps; None
    where nothing was held out), `encoder_`, `stopped_`.
    """

    method = "fewshot"
    fit_share = 0.35
    target_: OneLabel | AnyLabels
    encoder_: SentenceEncoder

    def __init__(
        self,
        model: str = "minilm",
        shots: int | None = None,
        steps: int | None = None,
        rows: int = 16,
        rate: float | None = None,
        head: HeadName = "linear",
        seed: int = 0,
    ) -> None:
        self.model = model
        self.shots = shots
        self.steps = steps
        self.rows = rows
        self.rate = rate
        self.head = head
        self.seed = seed

    def fit(
        self,
        texts: Texts,
        labels: Any,
        *,
        dev: tuple[Texts, Any] | None = None,
        seconds: float | None = None,
        descriptions: Descriptions | None = None,
    ) -> Self:
        """Learn from N texts and N labels, or lists of labels. `seconds` bounds the time.

        `descriptions` of labels, as for `ZeroShot`, count as further examples.
        """
        clock = Clock(seconds)
        self._check(texts, labels)
        self.kind_ = kind_of(labels)
        if self.kind_ not in KINDS:
            raise DataError(
                "the labels are fractions; expected names, or lists of names. For numbers use "
                "heedful.tasks.classify.Classifier."
            )
        target, targets = TARGETS[self.kind_].learn(labels)
        assert isinstance(target, OneLabel | AnyLabels)
        self.target_, self.classes_, self.dev_logits_ = target, target.classes, None
        random = np.random.default_rng(self.seed)
        encoder = SentenceEncoder.load(self.model)
        encoder.requires_grad_(True)
        encoder.stack.input.requires_grad_(self.steps is not None)
        few = self._few(encoder, texts, targets, descriptions, random)
        held = self._held(encoder, dev)
        found = None
        if self.steps is None:
            found = rehearse(encoder, few, held, self._contrast(), self.head, clock)
        self._learn(encoder, few, found, random, clock)
        self._settle(held, found)
        return self

    def _check(self, texts: Texts, labels: Any) -> None:
        check_texts(texts, len(labels))
        check_choice("head", self.head, ("linear", "neighbours"))
        check_sizes(self, "rows", least=2)
        if self.shots is not None:
            check_sizes(self, "shots")
        if self.steps is not None:
            check_sizes(self, "steps", least=0)

    def _few(
        self, encoder: SentenceEncoder, texts: Texts, targets: Any, descriptions: Descriptions | None,
        random: np.random.Generator,
    ) -> Few:  # fmt: skip
        """Return the rows to learn from, and the descriptions after them."""
        outputs = self.target_.outputs
        rows: Ints = np.arange(len(texts))
        if self.shots is not None:
            rows = choose(marked(targets, outputs), self.shots, random)
        told, own = described(self.target_, descriptions)
        shown, targets = [*(texts[row] for row in rows), *told], np.concatenate([targets[rows], own])
        ids, marks = encoder.tokenizer.encode(shown).ids, marked(targets, outputs)
        return Few(shown, ids, targets, marks, outputs, len(told))

    def _contrast(self) -> Contrast:
        """Return how the encoder is tuned: the rate falls where the end is known beforehand."""
        falls = self.steps is not None
        return Contrast(self.rows, self.rate or (SLOW if falls else FAST), self.seed, falls)

    def _held(self, encoder: SentenceEncoder, dev: tuple[Texts, Any] | None) -> Few | None:
        """Return the held-out rows whose labels are known, None without any."""
        if dev is None or not len(dev[0]):
            return None
        check_texts(dev[0], len(dev[1]))
        rows, targets = self.target_.codes(dev[1])
        texts = [dev[0][row] for row in rows]
        ids = encoder.tokenizer.encode(texts).ids if texts else []
        return Few(texts, ids, targets, np.zeros((len(texts), 0)), self.target_.outputs) if texts else None

    def _learn(
        self, encoder: SentenceEncoder, few: Few, found: Found | None, random: np.random.Generator,
        clock: Clock,
    ) -> None:  # fmt: skip
        """Tune for as many steps as pay, then fit the head."""
        self.steps_, votes = (self.steps or 0, VOTES) if found is None else found.best()
        self.held_out_loss_ = None if found is None else found.summary()
        self.stopped_ = None
        if self.steps_:
            random = random if found is None else np.random.default_rng(self.seed)
            progress = self._contrast().tune(encoder, few.ids, few.marks, self.steps_, random, clock)
            self.stopped_ = progress.stopped
        vectors = encoder.eval().vectors(few.ids)
        if self.head == "linear":
            dense = as_dense(linear(few, vectors))
            encoder.after = nn.ModuleList([*encoder.after, dense])
        else:
            self.voter_ = Neighbours.over(encoder, few.texts, vectors, few.targets, self.classes_, votes)
        self.encoder_ = encoder.eval()

    def _settle(self, held: Few | None, found: Found | None) -> None:
        """Set temperature or thresholds by rows held out."""
        if held is not None:
            self.dev_logits_ = self._logits(held.texts)
            self.target_.settle(self.dev_logits_, held.targets)
        elif found is not None and isinstance(self.target_, OneLabel):
            self.target_.temperature = careful_temperature(found.logits[found.best()], found.targets)
        elif found is not None:
            self.target_.settle(found.logits[found.best()], found.targets)
        self.temperature_ = getattr(self.target_, "temperature", 1.0)

    def _logits(self, texts: Texts) -> Floats:
        if self.head == "neighbours":
            return self.voter_.logits(texts)
        return self.encoder_.encode(texts).astype(np.float64)

    def predict_proba(self, texts: Texts) -> Floats:
        """Return the probability of each label: (N, C); columns follow `classes_`."""
        logits = self.logits(texts)
        return self.target_.probabilities(logits)

    def predict(self, texts: Texts) -> Any:
        """Return the label of each text (N,), or its list of labels."""
        logits = self.logits(texts)
        return self.target_.answers(logits)

    def evaluate(self, texts: Texts, labels: Any) -> Figures:
        """Return accuracy and macro-F1, or micro-F1, macro-F1 and exact: of rows whose labels are known."""
        logits = self.logits(texts)
        rows, targets = self.target_.codes(labels)
        if not len(rows):
            raise DataError("no row has a label that this classifier knows; expected some.")
        target: Any = self.target_
        found: Figures = target.figures(logits[rows], targets)
        return found

    def score(self, texts: Texts, labels: ArrayLike, sample_weight: Any = None) -> float:
        """Return the accuracy, or micro-F1."""
        if self.kind_ == "multi":
            return float(self.evaluate(texts, labels)["micro_f1"] or 0.0)
        return float(super().score(texts, labels, sample_weight))

    @available_if(lambda self: self.head == "neighbours")  # type: ignore[untyped-decorator]
    def neighbours(self, texts: Texts, count: int | None = None) -> list[list[Neighbour]]:
        """Return, for each text, the training texts that voted, nearest first."""
        return self.voter_.neighbours(texts, count)

    def truncated(self, texts: Texts) -> int:
        """Count the texts whose end the encoder does not see."""
        return self.encoder_.truncated(texts)

    def save(self, folder: Path | str, about: Mapping[str, Any] | None = None) -> None:
        """Write a folder that sentence-transformers opens too, whole or not at all."""
        self.logits([])
        state = self.target_.state()
        with writing(folder) as fresh:
            if self.head == "neighbours":
                inner = self.voter_._write(fresh)
            else:
                self.encoder_.write(fresh)
                inner = {"tokenizer": self.encoder_.tokenizer.fingerprint}
            write_card(
                fresh, self.method, "classify", about or {}, card_text(self.method, self.classes_.tolist()),
                params=self.get_params(deep=False), kind=self.kind_, stopped=self.stopped_,
                state={**inner, "steps": self.steps_, "held_out_loss": self.held_out_loss_}, **state,
            )  # fmt: skip

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote."""
        folder = Path(folder)
        card = read_card(folder)
        model = cls(**settings(card, folder, cls.method, set(cls._get_param_names())))
        model.kind_ = card.get("kind", "single")
        if model.kind_ not in KINDS:
            raise CheckpointError(f"{folder}: unknown kind {model.kind_!r:.60}; known: {', '.join(KINDS)}.")
        known = TARGETS[model.kind_]
        target = known.restore(read_card(folder, **known.fields))
        assert isinstance(target, OneLabel | AnyLabels)
        model.target_, model.classes_, model.stopped_ = target, target.classes, card["stopped"]
        model.temperature_ = getattr(target, "temperature", 1.0)
        model.steps_ = card["state"].get("steps", model.steps or 0)
        model.held_out_loss_ = card["state"].get("held_out_loss")
        model._open(folder, card["state"])
        return model

    def _open(self, folder: Path, state: dict[str, Any]) -> None:
        """Read the encoder, and what votes on top of it."""
        if self.head == "neighbours":
            self.voter_ = Neighbours()
            self.voter_.classes_, self.voter_.temperature_ = self.classes_, 1.0
            self.voter_._read(folder, state)
            self.encoder_ = self.voter_.encoder_
            return
        self.encoder_ = SentenceEncoder.load(folder)
        if self.encoder_.width != self.target_.outputs:
            raise CheckpointError(
                f"{folder} has {self.encoder_.width} outputs; its card needs {self.target_.outputs}. "
                "Copy the folder again."
            )


def described(target: OneLabel | AnyLabels, descriptions: Descriptions | None) -> tuple[list[str], Any]:
    """Return the descriptions as texts, and what they ask for: each has its label alone."""
    names = [str(name) for name in target.classes.tolist()]
    given = {} if descriptions is None else checked(descriptions)
    unknown = [name for name in given if name not in names]
    if unknown:
        raise DataError(
            f"{unknown[0]!r:.60} is described but no text has it. The labels are {', '.join(names)}."
        )
    pairs = [(text, names.index(name)) for name, texts in given.items() for text in texts]
    places = np.array([place for _, place in pairs], dtype=np.int64)
    return [text for text, _ in pairs], places if target.kind == "single" else np.eye(target.outputs)[places]
