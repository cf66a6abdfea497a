"""Writing: a decoder continues a prompt, an encoder-decoder answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch

from heedful.checkpoint.find import find
from heedful.checkpoint.folder import Form, load_tokenizer, load_transformer
from heedful.compress.laid import Swift, in_eight_bits
from heedful.core.config import TokenInput, check_choice
from heedful.core.inputs import pack
from heedful.core.model import Transformer
from heedful.errors import CheckpointError, ConfigError, DataError, TokenizerError
from heedful.generate import Answer as Ids
from heedful.generate import Habits, Settings, generate
from heedful.generate.session import Memory
from heedful.generate.settings import KEYS
from heedful.storage import inside, read_json
from heedful.tasks.embed import check_vocab
from heedful.text.chat import ChatTemplate, Message
from heedful.text.pieces import Pieces
from heedful.text.tokenizer import UNCUT, Tokenizer, legal, told

if TYPE_CHECKING:
    from heedful.tasks.stream import Stream
    from heedful.tasks.tune_writer import Tuning
    from heedful.train.checkpoints import Keeper
    from heedful.train.progress import Progress, Watch

BATCH = 16  # prompts at a time
PRECISIONS = ("fp32", "int8")
GENERATION = "generation_config.json"

Prompt = str | Sequence[Message]  # a text, or a conversation


@dataclass(frozen=True)
class Answer:
    """What a model wrote to prompt number `prompt`.

    `finished` is "end" (the model's own), "stop", "max_tokens", "positions" (the model has no place for more)
    or "interrupted". `tokens` are all that were written, those of a stop string too; `logprobs` and the `top`
    alternatives are the model's own. `score` is a beam's.
    """

    text: str
    tokens: list[int]
    logprobs: list[float]
    finished: str
    prompt: int = 0
    top: list[tuple[tuple[int, float], ...]] = field(default_factory=list)
    score: float | None = None


class Writer:
    """A model that writes; `write` and `stream` take the settings of `heedful.generate.Settings` by name.

    `fit` tunes it. After that: `progress_`, `stopped_` (None, or why training ended early), `tuning_`.
    """

    form: Form | None = None  # of the files it came from,
    generation = ""  # and the text of their generation_config.json
    precision = "fp32"
    swift: Swift | None = None  # of weights that do not change
    tuning_: "Tuning | None" = None
    progress_: "Progress"
    stopped_: str | None = None

    def __init__(
        self,
        transformer: Transformer,
        tokenizer: Tokenizer,
        habits: Habits,
        template: ChatTemplate | None = None,
    ) -> None:
        self.transformer, self.tokenizer, self.habits = transformer.eval(), tokenizer, habits
        self.template = template
        self.found = ""

    @classmethod
    def load(cls, source: str | Path, precision: str = "fp32") -> Self:
        """Open a folder, `package:NAME`, a fetched catalogue name, or `hf:owner/name`.

        In "int8" its linear maps take a quarter of the memory and less than half of the time; it can then
        neither be tuned nor saved.
        """
        check_choice("precision", precision, PRECISIONS)
        folder, found = find(source)
        loaded = load_transformer(folder)
        transformer = loaded.transformer
        config, head = transformer.config, transformer.config.head
        if config.decoder is None or head is None or head.of != "tokens" or not head.outputs:
            raise CheckpointError(
                f"{folder} holds no model that writes. Name a decoder or an encoder-decoder."
            )
        if not isinstance(config.first.input, TokenInput) or not isinstance(config.last.input, TokenInput):
            raise CheckpointError(f"{folder} holds a model that does not read text. Name another.")
        if head.outputs < config.last.input.vocab and config.encoder is None:
            raise CheckpointError(
                f"{folder}: the head scores {head.outputs} of {config.last.input.vocab} tokens; expected all."
            )
        tokenizer = load_tokenizer(folder, UNCUT)
        check_vocab(tokenizer, config.first.input.vocab, folder)
        habits = Habits.read(asked(folder, loaded.form.habits), config.last.input.vocab)
        writer = cls(transformer, tokenizer, habits, ChatTemplate.of(tokenizer.companions))
        writer.found, writer.form = found, loaded.form
        path = inside(folder, GENERATION)
        writer.generation = path.read_text(encoding="utf-8") if path.is_file() else ""
        if precision == "int8":
            writer.precision, writer.transformer = precision, in_eight_bits(transformer)
        else:
            writer.swift = Swift(transformer)
        return writer

    def fit(
        self,
        prompts: Sequence[Prompt],
        answers: Sequence[str],
        *,
        dev: tuple[Sequence[Prompt], Sequence[str]] | None = None,
        seconds: float | None = None,
        keeper: "Keeper | None" = None,
        watch: "Watch | None" = None,
        **settings: Any,
    ) -> Self:
        """Learn to answer N prompts; takes the settings of `heedful.tasks.tune_writer.Tuning` by name.

        `dev`, held out, chooses the epoch. `seconds` bounds the time; with a `keeper` the run goes on from
        its last checkpoint.
        """
        from heedful.tasks.tune_writer import Tuning, tune

        self._check_whole()
        self.swift = None  # the weights are to change
        self.progress_ = tune(
            self, prompts, answers, dev, Tuning(**settings), seconds=seconds, keeper=keeper, watch=watch
        )
        return self

    def save(self, folder: Path | str, about: Mapping[str, Any] | None = None) -> None:
        """Write a folder that the ecosystem opens, whole or not at all; `about` goes into heedful.json."""
        from heedful.tasks.tune_writer import save

        self._check_whole()
        save(self, Path(folder), about or {})

    def write(
        self,
        prompts: Sequence[Prompt],
        *,
        stop: str | Sequence[str] = (),
        batch: int = BATCH,
        **settings: Any,
    ) -> list[Answer]:
        """Return the answers to each prompt, in order (`answers` of them each, the best beam first).

        A prompt is a text or a conversation (dicts with role and content). A `stop` string ends an answer and
        is not part of its text.
        """
        if isinstance(prompts, str):
            raise DataError("write expects a list of prompts; found one string. Wrap it in a list.")
        how, stops = self._settings(stop, settings)
        return self.answers(
            [self._ids(prompt, number) for number, prompt in enumerate(prompts)], how, stops, batch
        )

    def answers(
        self, sources: Sequence[list[int]], how: Settings, stops: Sequence[str] = (), batch: int = BATCH,
        limits: Sequence[int] | None = None,
    ) -> list[Answer]:  # fmt: skip
        """Return the answers to prompts that are tokens already, as `write` does.

        `limits` say how many tokens the answers to each prompt have at most.
        """
        order = sorted(range(len(sources)), key=lambda number: len(sources[number]))
        found: list[Answer] = []
        for start in range(0, len(order), max(batch, 1)):
            rows = order[start : start + max(batch, 1)]
            begun, memory = self._given([sources[row] for row in rows])
            texts = [self._pieces(ids, stops) for ids in begun]
            until = (lambda row, ids, texts=texts: texts[row].read(ids)[1]) if stops else None
            most = [limits[row] for row in rows] if limits else None
            model = self.model(len(rows) * how.beams * how.answers)
            several = generate(model, begun, how, self.habits, memory, until, rows, most)
            for row, text, answers in zip(rows, texts, several, strict=True):
                found += [answer(ids, text, row) for ids in answers]
        return sorted(found, key=lambda one: one.prompt)

    @property
    def settled(self) -> bool:
        """Are the weights in the form that writes fast, since they do not change any more?"""
        return self.swift is not None or self.precision != "fp32"

    def model(self, rows: int) -> Transformer:
        """Return the model in the form that writes so many rows at once fastest."""
        return self.swift.model(rows) if self.swift is not None else self.transformer

    def stream(self, prompt: Prompt, *, stop: str | Sequence[str] = (), **settings: Any) -> "Stream":
        """Return the pieces of one answer as they are written; together they are its text."""
        from heedful.tasks.stream import Stream

        how, stops = self._settings(stop, settings)
        if how.answers > 1:
            raise ConfigError("a stream has one answer. Use write for several.")
        return Stream(self, self._ids(prompt, 0), how, stops)

    def chat(self, messages: Sequence[Message], **settings: Any) -> Answer:
        """Return the model's next message in a conversation."""
        return self.write([messages], **settings)[0]

    def _settings(self, stop: str | Sequence[str], settings: dict[str, Any]) -> tuple[Settings, list[str]]:
        """Return the settings, and the stop strings that are not tokens of their own."""
        stops = [stop] if isinstance(stop, str) else list(stop)
        special = self.tokenizer.engine.get_added_tokens_decoder()
        own = {token.content: id for id, token in special.items() if token.special}
        ids = tuple(own[one] for one in stops if one in own)
        return Settings(**settings, stop=ids), [one for one in stops if one and one not in own]

    def encode(self, prompt: Prompt) -> list[int]:
        """Return the tokens of a prompt: a text's as it stands, a conversation's by the model's template."""
        if isinstance(prompt, str):
            ids = self.tokenizer.encode([prompt]).ids[0]
        elif self.template is None:
            raise TokenizerError("this model has no chat template. Give a text, or use a model for chat.")
        else:
            ids = self.bare(self.template.render(prompt))
        if not ids and self.transformer.encoder is None and self.habits.start is not None:
            return [self.habits.start]
        return ids

    def bare(self, text: str) -> list[int]:
        """Return the tokens of a text without special ones around it."""
        with told("a text cannot be cut into tokens"):
            return list(self.tokenizer.engine.encode(legal(text), add_special_tokens=False).ids)

    def _ids(self, prompt: Prompt, number: int) -> list[int]:
        """Return the tokens of a prompt; DataError where the model has no places for them."""
        ids, paired = self.encode(prompt), self.transformer.encoder is not None
        if not ids:
            raise DataError(f"prompt {number + 1} is empty; this model needs at least one token. Add a word.")
        places = self.transformer.config.first.input.positions
        if places and len(ids) > places - (not paired):
            raise DataError(
                f"prompt {number + 1} has {len(ids)} tokens; this model has {places} positions"
                f"{'' if paired else ', and one must be left for the answer'}. Shorten the prompt."
            )
        return ids

    def _given(self, sources: Sequence[list[int]]) -> tuple[list[list[int]], Memory | None]:
        """Return what the decoder begins with, and the encoder's output, where there is an encoder."""
        encoder = self.transformer.encoder
        if encoder is None:
            return list(sources), None
        ids, layout = pack(sources)
        with torch.inference_mode():
            memory = encoder(ids.to(next(encoder.parameters()).device), layout)
        return [[self.start] for _ in sources], memory

    @property
    def start(self) -> int:
        """The token that the decoder begins with, after an encoder."""
        if self.habits.start is None:
            raise CheckpointError(
                "config.json names no decoder_start_token_id; the decoder cannot begin. Add it."
            )
        return self.habits.start

    def _check_whole(self) -> None:
        if self.precision != "fp32":
            raise ConfigError(
                f"this model was loaded in {self.precision}. Load it in fp32 to tune or save it."
            )

    def _pieces(self, begun: Sequence[int], stops: Sequence[str]) -> Pieces:
        before = () if self.transformer.encoder is not None else begun
        return Pieces(partial(self.tokenizer.engine.decode, skip_special_tokens=True), before, stops)


def answer(ids: Ids, text: Pieces, prompt: int) -> Answer:
    """Return an answer with its text."""
    return Answer(
        text.read(ids.tokens)[0], ids.tokens, ids.logprobs, ids.finished, prompt, ids.top, ids.score
    )


def asked(folder: Path, habits: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the config's habits ask of generation, overruled by generation_config.json."""
    found = dict(habits)
    path = inside(folder, GENERATION)
    more = read_json(path, CheckpointError) if path.is_file() else {}
    if isinstance(more, dict):
        found |= {key: value for key, value in more.items() if value is not None}
    return {key: found[key] for key in KEYS if key in found}
