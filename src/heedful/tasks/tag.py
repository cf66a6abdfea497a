"""Names in texts, found by an encoder that gives each word a tag (Devlin et al. 2019, section 5.3)."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from heedful.baselines.tagging import Sentences, Tagged, WordTagger
from heedful.checkpoint.find import find
from heedful.checkpoint.folder import Form, load_tokenizer, load_transformer, save_transformer
from heedful.core.attention import Packed
from heedful.core.config import TokenInput, check_sizes
from heedful.core.model import Transformer
from heedful.data.bio import IMPOSSIBLE, OUTSIDE, Score, Tags, counts
from heedful.data.noise import UNASKED
from heedful.errors import CheckpointError
from heedful.estimator import Clock
from heedful.tasks.embed import LONGEST, check_vocab
from heedful.tasks.heads import under_head
from heedful.tasks.wordpieces import Cutter, Window
from heedful.text.tokenizer import UNCUT
from heedful.train.batches import shuffled
from heedful.train.checkpoints import Keeper
from heedful.train.cores import side_by_side
from heedful.train.loop import train
from heedful.train.lora import adapted, peak_rate
from heedful.train.objectives import Loss, laid, masked
from heedful.train.plan import Plan, PrecisionName
from heedful.train.progress import Watch
from heedful.types import Floats, Ints

EPOCHS, RATE, ROWS = 3, 3e-4, 32  # chosen on the dev part of WNUT17, with minilm
CLASS = "ForTokenClassification"
BATCH = 4096  # tokens that go through the model together
STD = 0.02  # of the first weights of the last map, as BERT's

Example = tuple[Ints, Ints]  # tokens (T,), and what is asked at each: UNASKED, or the number of a tag


class Tagger(WordTagger):
    """An encoder tuned to tag words; the best epoch on dev is kept.

    Each word's tag is read at its first token, and the most probable row of tags that is whole is taken. A
    long sentence goes through in windows of `window` tokens (fewer where the model has no more places) that
    share `overlap`, a quarter of them at most; each word is answered where it is farther from the edge.
    `rate` is the peak learning rate (None: what suits `lora`), `rows` the windows in a batch, `lora` the rank
    of low-rank updates (0: all weights learn), `precision` that of training.
    """

    method = "tag"

    def __init__(
        self,
        model: str = "minilm",
        epochs: int = EPOCHS,
        rate: float | None = None,
        rows: int = ROWS,
        lora: int = 0,
        window: int = 512,
        overlap: int = 64,
        precision: PrecisionName = "auto",
        seed: int = 0,
    ) -> None:
        self.model = model
        self.epochs = epochs
        self.rate = rate
        self.rows = rows
        self.lora = lora
        self.window = window
        self.overlap = overlap
        self.precision = precision
        self.seed = seed

    def _fit(
        self, sentences: Sentences, tags: Sequence[Tags], dev: Tagged | None, clock: Clock, **more: Any
    ) -> None:
        check_sizes(self, "epochs", "rows", "window")
        check_sizes(self, "lora", "overlap", least=0)
        folder, _ = find(self.model)
        transformer, form = under_head(folder, CLASS, self.seed)
        self._open(*labelled(transformer, form, self.classes_, self.seed), folder)
        self._learn(self._examples(sentences, tags), dev, clock, **more)

    def _open(self, transformer: Transformer, form: Form, folder: Path) -> None:
        """Take a model and its tokenizer into use."""
        inputs = transformer.config.first.input
        assert isinstance(inputs, TokenInput)
        self.tokenizer_ = load_tokenizer(folder, UNCUT)
        check_vocab(self.tokenizer_, inputs.vocab, folder)
        window = min(self.window, inputs.positions or LONGEST)
        self.cutter_ = Cutter(self.tokenizer_, window, min(self.overlap, window // 4))
        self.transformer_, self.form_ = transformer.eval(), form

    def _examples(self, sentences: Sentences, tags: Sequence[Tags]) -> list[Example]:
        number = {tag: place for place, tag in enumerate(self.classes_)}
        found = []
        for window in self.cutter_.windows(sentences):
            targets = np.full(len(window.ids), UNASKED, dtype=np.int64)
            targets[window.places] = [number[tags[window.row][word]] for word in window.words]
            found.append((window.ids, targets))
        return found

    def _learn(
        self, examples: list[Example], dev: Tagged | None, clock: Clock, keeper: Keeper | None = None,
        watch: Watch | None = None,
    ) -> None:  # fmt: skip
        """Tune the weights, all of them or low-rank updates."""
        lengths = [len(ids) for ids, _ in examples]

        def batches(epoch: int) -> list[list[Example]]:
            order = shuffled(lengths, self.rows, np.random.default_rng([self.seed, epoch]))
            return [[examples[row] for row in batch] for batch in order]

        self.transformer_.requires_grad_(True)
        rate = peak_rate(self.rate, RATE, self.lora)
        plan = Plan(epochs=self.epochs, rate=rate, precision=self.precision, seed=self.seed)
        evaluate = None if dev is None else lambda: self._judge(*dev)
        with adapted(self.transformer_, self.lora, self.seed):
            self.progress_ = train(
                self.transformer_, batches, tagged, plan, clock, evaluate, keeper=keeper, watch=watch
            )
        self.stopped_ = self.progress_.stopped
        self.transformer_.requires_grad_(False)

    def _judge(self, sentences: Sentences, tags: Sequence[Tags]) -> tuple[float, float]:
        """Return the entity F1, and the mean log probability of the right tags to settle ties."""
        scores, number = self.scores(sentences), {tag: place for place, tag in enumerate(self.classes_)}
        right = [
            own[word, number[tag]]
            for own, row in zip(scores, tags, strict=True)
            for word, tag in enumerate(row)
            if tag in number
        ]
        found = counts(tags, self.decoded(scores))
        return Score(*found.sum(axis=0).tolist()).f1, float(sum(right)) / max(1, len(right))

    def _scores(self, sentences: Sentences) -> list[Floats]:
        found = [outside(len(words), self.classes_) for words in sentences]
        windows = list(self.cutter_.windows(sentences))

        def work(rows: list[int]) -> None:
            for row, part in zip(rows, self._through([windows[row] for row in rows]), strict=True):
                found[windows[row].row][windows[row].words] = part

        side_by_side([len(window.ids) for window in windows], BATCH, work)
        return found

    @torch.inference_mode()
    def _through(self, windows: Sequence[Window]) -> list[Floats]:
        """Return the log probabilities (M, C) of the M words of each window."""
        ids, layout = laid([window.ids for window in windows])
        states, _ = self.transformer_(ids, layout)
        starts = np.cumsum([0, *layout.lengths[:-1]])
        places = np.concatenate(
            [window.places + start for window, start in zip(windows, starts, strict=True)]
        )
        scores = self.transformer_.scores(states[places], Packed((len(places),)))
        chances = scores.double().log_softmax(-1).numpy()
        return np.split(chances, np.cumsum([len(window.places) for window in windows])[:-1])

    def _write(self, folder: Path) -> dict[str, Any]:
        save_transformer(self.transformer_, self.form_, folder)
        self.tokenizer_.save(folder)
        return {"tokenizer": self.tokenizer_.fingerprint}

    def _read(self, folder: Path, state: dict[str, Any]) -> None:  # noqa: ARG002
        loaded = load_transformer(folder)
        head = loaded.transformer.config.head
        if not loaded.form.architecture.endswith(CLASS) or head is None or head.outputs != len(self.classes_):
            raise CheckpointError(
                f"{folder} holds a {loaded.form.architecture} that does not fit {len(self.classes_)} tags. "
                "Train again or copy the folder again."
            )
        self._open(loaded.transformer, loaded.form, folder)


def tagged(model: Any, examples: Sequence[Example]) -> Loss:
    """Ask for the tags of words, as a masked model is asked for tokens."""
    return masked(model, examples)


def outside(words: int, classes: Sequence[str]) -> Floats:
    """Return the log probabilities (n, C) of words that are surely in no name."""
    return np.where(np.array(classes) == OUTSIDE, 0.0, IMPOSSIBLE)[None].repeat(words, axis=0)


def labelled(
    transformer: Transformer, form: Form, classes: Sequence[str], seed: int
) -> tuple[Transformer, Form]:
    """Give the head of a model a fresh last map with one output for each tag, and the files their names."""
    config, head = transformer.config, transformer.head
    assert head is not None
    width = config.last.width
    head.config = replace(head.config, outputs=len(classes))
    transformer.config = replace(config, head=head.config)
    head.output = nn.Linear(width, len(classes), head.config.biased)
    nn.init.normal_(head.output.weight, std=STD, generator=torch.Generator().manual_seed(seed))
    if head.output.bias is not None:
        nn.init.zeros_(head.output.bias)
    names = {str(place): tag for place, tag in enumerate(classes)}
    numbers = {tag: place for place, tag in enumerate(classes)}
    return transformer, replace(form, habits={**form.habits, "id2label": names, "label2id": numbers})
