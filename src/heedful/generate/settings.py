"""How to write: what the user asks for, and what a model's files ask for, both as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from heedful.core.config import check_numbers, check_sizes
from heedful.errors import ConfigError

KEYS = (  # of config.json and generation_config.json, as far as they are read
    "eos_token_id", "decoder_start_token_id", "bos_token_id", "forced_bos_token_id", "forced_eos_token_id",
    "suppress_tokens", "begin_suppress_tokens", "bad_words_ids",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the user asks for. Greedy, unless a temperature, `top_k`, `top_p` or `min_p` is given, or `beams`.

    `answers` to each prompt; of beam search, the best ones. `alternatives` are reported with each token.
    `stop` are ids that end an answer, besides the model's own. With `no_repeat`, no n tokens in a row are
    said twice.
    """

    max_tokens: int = 128
    min_tokens: int = 0
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0
    no_repeat: int = 0
    seed: int = 0
    answers: int = 1
    alternatives: int = 0
    stop: tuple[int, ...] = ()
    beams: int = 1
    length_penalty: float = 1.0
    early_stopping: bool | Literal["never"] = False

    def __post_init__(self) -> None:
        check_sizes(self, "max_tokens", "answers", "beams", *(["top_k"] if self.top_k is not None else []))
        check_sizes(self, "min_tokens", "no_repeat", "alternatives", least=0)
        check_numbers(self, "repetition_penalty", least=1e-6, below=1e6)
        check_numbers(self, "length_penalty", least=-1e3, below=1e3)
        if self.temperature is not None:
            check_numbers(self, "temperature", least=0, below=1e6)
        for name in ("top_p", "min_p"):
            if getattr(self, name) is not None:
                check_numbers(self, name, least=0, below=1 + 1e-9)
        if type(self.seed) is not int:
            raise ConfigError(f"seed is {self.seed!r}; expected a whole number.")
        if self.early_stopping not in (True, False, "never"):
            raise ConfigError(f"early_stopping is {self.early_stopping!r}; expected true, false or 'never'.")
        if self.beams > 1 and self.sampled:
            raise ConfigError("beams and sampling were both asked for. Leave out one of them.")
        if self.answers > 1 and not self.sampled and self.answers > self.beams:
            raise ConfigError(
                f"{self.answers} answers to one prompt need a temperature or as many beams, not {self.beams}."
            )

    @property
    def sampled(self) -> bool:
        """Is chance at work? A temperature of 0 says no."""
        if self.temperature is not None:
            return self.temperature > 0
        return any(value is not None for value in (self.top_k, self.top_p, self.min_p))


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What a model's files ask for, as token ids.

    `ends` end an answer, `start` begins the decoder after an encoder, `first` and `last` are forced to stand
    at the first and the last place, `never` and `not_first` may not be said, and no `banned` run.
    """

    ends: tuple[int, ...] = ()
    start: int | None = None
    first: int | None = None
    last: tuple[int, ...] = ()
    never: tuple[int, ...] = ()
    not_first: tuple[int, ...] = ()
    banned: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def read(cls, theirs: Mapping[str, Any], vocab: int) -> Self:
        """Return the habits in a parsed config.json; ConfigError where a value is no id."""
        start = ids(theirs, "decoder_start_token_id")
        first, last = ids(theirs, "forced_bos_token_id"), ids(theirs, "forced_eos_token_id")
        if wrong := [id for id in (*start, *first, *last) if not 0 <= id < vocab]:
            raise ConfigError(f"config.json forces the token {wrong[0]}; expected one of {vocab}.")
        start = start or tuple(id for id in ids(theirs, "bos_token_id") if 0 <= id < vocab)
        banned = theirs.get("bad_words_ids") or ()
        if not isinstance(banned, list | tuple):
            raise ConfigError(f"bad_words_ids is {banned!r:.80}; expected lists of token ids.")
        ends = ids(theirs, "eos_token_id")
        runs = [ids({"bad_words_ids": run}, "bad_words_ids") for run in banned]
        return cls(
            ends=ends,
            start=start[0] if start else None,
            first=first[0] if first else None,
            last=last,
            never=ids(theirs, "suppress_tokens"),
            not_first=ids(theirs, "begin_suppress_tokens"),
            banned=tuple(run for run in runs if run and (len(run) > 1 or run[0] not in ends)),
        )


def ids(theirs: Mapping[str, Any], key: str) -> tuple[int, ...]:
    """Return the token ids under a key: one, a list of them, or none."""
    value = theirs.get(key)
    found = () if value is None else tuple(value) if isinstance(value, list | tuple) else (value,)
    if not all(type(id) is int for id in found):
        raise ConfigError(f"{key} is {value!r:.80}; expected a token id, or a list of them.")
    return found
