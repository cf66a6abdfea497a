"""Prompts and answers as tokens to learn from: what is given, what is asked, and what did not fit."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from heedful.errors import CheckpointError, DataError, TokenizerError
from heedful.tasks.write import Prompt, Writer
from heedful.text.chat import Message
from heedful.types import Ints

PROBE: list[Message] = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


@dataclass
class Examples:
    """N pairs of tokens (given, asked), and what became of the others.

    `cut` counts the prompts that lost a part, `skipped` the pairs that were left out, by reason.
    """

    pairs: list[tuple[Ints, Ints]] = field(default_factory=list)
    cut: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def lengths(self) -> list[int]:
        """The tokens of each pair."""
        return [len(given) + len(asked) for given, asked in self.pairs]

    @property
    def asked(self) -> int:
        """How many tokens are asked for."""
        return sum(len(asked) for _, asked in self.pairs)


class Maker:
    """Turns prompts and answers into what a writer reads and what it has to write, at most `max_tokens` long.

    Prompts are the very tokens that `Writer.write` makes of them; with `chat`, texts are a user's messages.
    Nothing is put between prompt and answer but what the template says. An answer ends with the model's own
    end. Where a pair is too long, its prompt is cut: of a decoder at the front, of an encoder at the end.
    """

    def __init__(self, writer: Writer, chat: bool, max_tokens: int) -> None:
        self.writer, self.chat = writer, chat
        self.paired = writer.transformer.encoder is not None
        config = writer.transformer.config
        self.places, self.room = (
            min(one.input.positions or max_tokens, max_tokens) for one in (config.first, config.last)
        )
        special = writer.tokenizer.engine.get_added_tokens_decoder()
        self.special = {id for id, token in special.items() if token.special}
        self.start = writer.start if self.paired else 0
        self.ends: dict[bool, int] = {}

    def examples(self, prompts: Sequence[Prompt], answers: Sequence[str]) -> Examples:
        """Return the pairs that fit."""
        check(prompts, answers)
        if self.writer.template is None and (self.chat or not all(isinstance(one, str) for one in prompts)):
            raise TokenizerError(
                "this model has no chat template. Give texts, without --chat, or use a model for chat."
            )
        found = Examples()
        for pair in self._pairs(prompts, answers):
            if isinstance(pair, str):
                found.skipped[pair] += 1
                continue
            (whole, asked), room = pair, self.places
            if not self.paired:
                room -= len(asked)
            if len(asked) > self.room or room < 1:
                found.skipped[f"answer of more than {self.room - (not self.paired)} tokens"] += 1
                continue
            given = self.shortened(whole, room)
            found.cut += len(given) < len(whole)
            found.pairs.append((np.array(given, np.int64), np.array(asked, np.int64)))
        return found

    def _pairs(
        self, prompts: Sequence[Prompt], answers: Sequence[str]
    ) -> Iterator[tuple[list[int], list[int]] | str]:
        """Yield the tokens of each pair, or why it has none."""
        for prompt, answer in zip(prompts, answers, strict=True):
            given = [{"role": "user", "content": prompt}] if self.chat and isinstance(prompt, str) else prompt
            talk = not isinstance(given, str)
            try:
                ids = self.writer.encode(given)
            except TokenizerError as problem:
                if not talk:
                    raise
                yield f"refused ({problem})"
                continue
            yield (ids, self.asked(answer, talk)) if ids else "prompt without tokens"

    def asked(self, answer: str, talk: bool) -> list[int]:
        """Return the tokens of an answer, in a conversation or not, with the one that ends it."""
        if not self.paired:
            return [*self.writer.bare(answer), self.end(talk)]
        ids, first = self.writer.tokenizer.encode([answer]).ids[0], self.writer.habits.first
        end = next((place for place, id in enumerate(ids) if id in self.writer.habits.ends), None)
        ids = [*ids, self.end(talk)] if end is None else ids[: end + 1]
        return ids if first is None or ids[0] == first else [first, *ids]

    def end(self, talk: bool) -> int:
        """Return the token that ends an answer: of several, in a conversation that of the template."""
        if talk not in self.ends:
            ends, template = self.writer.habits.ends, self.writer.template
            if not ends:
                raise CheckpointError("config.json names no eos_token_id; no answer would end. Add it.")
            said = self.writer.bare(template.render(PROBE, answer=False)) if talk and template else []
            self.ends[talk] = next((id for id in reversed(said) if id in ends), ends[0])
        return self.ends[talk]

    def shortened(self, ids: list[int], room: int) -> list[int]:
        """Return at most `room` tokens: what begins the text, or the special ones that end it, stay."""
        if len(ids) <= room:
            return ids
        if not self.paired:
            kept = ids[:1] if ids[0] == self.writer.habits.start and room > 1 else []
            return [*kept, *ids[len(ids) - room + len(kept) :]]
        tail = next((n for n, id in enumerate(reversed(ids)) if id not in self.special), 0)
        return [*ids[: max(room - tail, 0)], *ids[len(ids) - min(tail, room) :]] if tail else ids[:room]


def check(prompts: Sequence[Prompt], answers: Sequence[str]) -> None:
    """Raise DataError unless there are as many answers as prompts, and all of the right kind."""
    if isinstance(prompts, str) or isinstance(answers, str):
        raise DataError("expected lists of prompts and answers; found one string. Wrap it in a list.")
    if len(prompts) != len(answers):
        raise DataError(f"found {len(prompts)} prompts and {len(answers)} answers; expected as many of each.")
    wrong = next((i for i, answer in enumerate(answers) if not isinstance(answer, str)), None)
    if wrong is not None:
        kind = type(answers[wrong]).__name__
        raise DataError(f"answer {wrong} is a {kind}; expected str. Convert or drop that row.")
