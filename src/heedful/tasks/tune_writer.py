"""Tuning a writer on prompts and answers: the prompt is given, the loss is on the answer alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from heedful.artefact import write_card
from heedful.checkpoint.folder import save_transformer
from heedful.core.config import check_flags, check_sizes
from heedful.errors import ConfigError, NotFittedError
from heedful.estimator import Clock
from heedful.generate import Settings
from heedful.storage import writing
from heedful.tasks.prompted import Examples, Maker
from heedful.tasks.score_language import mean_loss
from heedful.tasks.write import GENERATION, Prompt, Writer
from heedful.train.batches import by_length, shuffled
from heedful.train.checkpoints import Keeper
from heedful.train.cores import Objective
from heedful.train.loop import train
from heedful.train.lora import adapted
from heedful.train.objectives import answered, sequence_to_sequence
from heedful.train.plan import Plan, PrecisionName
from heedful.train.progress import Progress, Watch
from heedful.train.team import ALONE
from heedful.types import Ints

METHOD = "write"
RATES = (5e-5, 5e-4)  # of all weights, and of low-rank updates
TOKENS = 2048  # that are scored together
# Answers that are written to be compared: how many, the tokens of one, and of all.
CHECKED, SHORT, ALL = 100, 128, 2048
CARD = """# A writer, tuned on prompts and answers

On the command line: `heedful generate THIS_FOLDER "a prompt"{flag}`.
In Python: `heedful.load("THIS_FOLDER").{call}.text`."""
CALLS = ('write(["a prompt"])[0]', 'chat([{"role": "user", "content": "a prompt"}])')

Pair = tuple[Ints, Ints]  # tokens given (T,), tokens asked for (S,)


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How to tune: `rows` pairs in a batch, at most `max_tokens` long; `rate` None is what suits `lora`.

    `lora` is the rank of low-rank updates that learn in place of the blocks' weights (0: all weights learn).
    With `chat`, prompts that are texts are put into the model's template, as a user's messages.
    """

    epochs: int = 3
    rate: float | None = None
    rows: int = 16
    lora: int = 0
    chat: bool = False
    max_tokens: int = 1024
    precision: PrecisionName = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        check_sizes(self, "epochs", "rows")
        check_sizes(self, "max_tokens", least=2)
        check_sizes(self, "lora", least=0)
        check_flags(self, "chat")
        self.plan()

    def plan(self) -> Plan:
        """Return the plan of the loop."""
        rate = RATES[self.lora > 0] if self.rate is None else self.rate
        return Plan(epochs=self.epochs, rate=rate, precision=self.precision, seed=self.seed)


def tune(
    writer: Writer,
    prompts: Sequence[Prompt],
    answers: Sequence[str],
    dev: tuple[Sequence[Prompt], Sequence[str]] | None = None,
    tuning: Tuning | None = None,
    *,
    seconds: float | None = None,
    keeper: Keeper | None = None,
    watch: Watch | None = None,
) -> Progress:
    """Teach a writer to answer N prompts; the epoch that foretells the answers of `dev` best is kept."""
    clock, how = Clock(seconds), tuning or Tuning()
    maker = Maker(writer, how.chat, how.max_tokens)
    learned = maker.examples(prompts, answers)
    held = None if dev is None else maker.examples(*dev)
    return learn(writer, learned, held, how, clock, keeper, watch)


def learn(
    writer: Writer, learned: Examples, held: Examples | None, how: Tuning, clock: Clock,
    keeper: Keeper | None = None, watch: Watch | None = None,
) -> Progress:  # fmt: skip
    """Tune on pairs of tokens."""
    module = writer.transformer
    rows = [as_row(writer, pair) for pair in learned.pairs]

    def batches(epoch: int) -> list[list[Any]]:
        order = shuffled(learned.lengths, how.rows, np.random.default_rng([how.seed, epoch]))
        return [[rows[place] for place in batch] for batch in order]

    def evaluate() -> tuple[float]:
        assert held is not None
        return (-nats(writer, held),)

    module.requires_grad_(True)
    judge = evaluate if held is not None and held.pairs else None
    with adapted(module, how.lora, how.seed, keep=lambda name: False):  # noqa: ARG005
        progress = train(module, batches, objective(writer), how.plan(), clock, judge, keeper, watch)
    module.requires_grad_(False)
    writer.tuning_, writer.progress_, writer.stopped_ = how, progress, progress.stopped
    return progress


def as_row(writer: Writer, pair: Pair) -> Any:
    """Return a pair as the objective takes it: in one with the place where the answer begins, or as two."""
    return pair if writer.transformer.encoder else (np.concatenate(pair), len(pair[0]))


def objective(writer: Writer) -> Objective:
    """Return the loss on the answers of rows."""
    paired = writer.transformer.encoder is not None
    return cast(Objective, partial(sequence_to_sequence, start=writer.start) if paired else answered)


def nats(writer: Writer, examples: Examples) -> float:
    """Return the mean of -log P over the tokens of the answers; no scores are kept."""
    batches = by_length(examples.lengths, TOKENS)
    rows = [[as_row(writer, examples.pairs[place]) for place in batch] for batch in batches]
    return mean_loss(writer.transformer, rows, objective(writer), ALONE)


def right(writer: Writer, examples: Examples) -> tuple[int, int]:
    """Return how many answers the writer gives word for word, by its likeliest tokens, and of how many."""
    pairs = [pair for pair in examples.pairs if len(pair[1]) <= SHORT][:CHECKED]
    sizes = np.cumsum([len(asked) for _, asked in pairs])
    pairs = pairs[: int((sizes <= ALL).sum())]
    if not pairs:
        return 0, 0
    wanted = [" ".join(written(writer, asked).split()) for _, asked in pairs]
    how = Settings(max_tokens=max(len(asked) for _, asked in pairs))
    found = writer.answers([given.tolist() for given, _ in pairs], how)
    same = [" ".join(one.text.split()) == text for one, text in zip(found, wanted, strict=True)]
    return sum(same), len(same)


def written(writer: Writer, ids: Ints) -> str:
    """Return tokens as text."""
    return str(writer.tokenizer.engine.decode(ids.tolist(), skip_special_tokens=True))


def scores(writer: Writer, examples: Examples) -> dict[str, Any]:
    """Return what a writer foretells of the answers, and how many short ones it gives word for word."""
    mean = nats(writer, examples)
    if not math.isfinite(mean):
        raise ConfigError(f"the mean loss on dev is {mean}; expected a number. Give a lower rate.")
    same, checked = right(writer, examples)
    return {
        "nats_per_token": mean,
        "perplexity": math.exp(min(mean, 700.0)),
        "exact": same / checked if checked else None,
        "exact_rows": checked,
    }


def save(writer: Writer, folder: Path, about: Mapping[str, Any]) -> None:
    """Write the folder of a writer, with heedful.json, whole or not at all."""
    if writer.form is None:
        raise NotFittedError("this Writer came from no files, whose form it could take. Use Writer.load.")
    how = writer.tuning_
    chat = how is not None and how.chat
    text = CARD.format(flag=" --chat" * chat, call=CALLS[chat])
    with writing(folder) as fresh:
        save_transformer(writer.transformer, writer.form, fresh)
        writer.tokenizer.save(fresh)
        if writer.generation:
            (fresh / GENERATION).write_text(writer.generation, encoding="utf-8")
        write_card(
            fresh, METHOD, METHOD, about, text, params=asdict(how) if how else {}, stopped=writer.stopped_,
            state={"tokenizer": writer.tokenizer.fingerprint},
        )  # fmt: skip
