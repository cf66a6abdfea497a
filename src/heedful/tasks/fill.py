"""Filling gaps: a masked model's most probable tokens for each mask in a text."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from heedful.checkpoint.find import find
from heedful.checkpoint.folder import load_tokenizer, load_transformer
from heedful.core.attention import Packed
from heedful.core.config import TokenInput
from heedful.core.inputs import pack
from heedful.core.model import Transformer
from heedful.errors import CheckpointError, ConfigError, DataError, TokenizerError
from heedful.tasks.embed import check_vocab
from heedful.text.tokenizer import UNCUT, Tokenizer
from heedful.train.batches import by_length
from heedful.types import Texts

BATCH = 2048  # tokens at a time


@dataclass(frozen=True)
class Guess:
    """One token for one mask."""

    token: str
    id: int
    probability: float


class Filler:
    """A masked model and its tokenizer; `mask` is what a gap looks like."""

    def __init__(self, transformer: Transformer, tokenizer: Tokenizer) -> None:
        self.transformer, self.tokenizer = transformer.eval(), tokenizer
        self.mask = mask_token(tokenizer)
        self.found = ""

    @classmethod
    def load(cls, source: str | Path) -> Self:
        """Open a folder, `package:NAME`, a fetched catalogue name, or `hf:owner/name`."""
        folder, found = find(source)
        transformer = load_transformer(folder).transformer
        config, head = transformer.config, transformer.config.head
        inputs = config.first.input
        fits = isinstance(inputs, TokenInput) and head is not None and head.of == "tokens"
        if config.decoder is not None or not fits or head is None or head.outputs != inputs.vocab:  # type: ignore[union-attr]
            raise CheckpointError(
                f"{folder} holds no masked model (an encoder with a head of words). Name another."
            )
        tokenizer = load_tokenizer(folder, UNCUT)
        check_vocab(tokenizer, inputs.vocab, folder)  # type: ignore[union-attr]
        filler = cls(transformer, tokenizer)
        filler.found = found
        return filler

    def fill(self, texts: Texts, top: int = 5) -> list[list[list[Guess]]]:
        """Return, for each text and each mask in it, the `top` most probable tokens, the best first."""
        if isinstance(texts, str):
            raise DataError("fill expects a list of texts; found one string. Wrap it in a list.")
        if type(top) is not int or top < 1:
            raise ConfigError(f"top is {top!r}; expected a whole number from 1.")
        ids = [self._ids(text, number) for number, text in enumerate(texts)]
        found: list[list[list[Guess]]] = [[] for _ in ids]
        for rows in by_length([len(line) for line in ids], BATCH):
            chances, owners = self._chances([ids[row] for row in rows])
            best = chances.topk(min(top, chances.shape[-1]))
            for owner, places, values in zip(
                owners, best.indices.tolist(), best.values.tolist(), strict=True
            ):
                pairs = zip(places, values, strict=True)
                found[rows[owner]].append([Guess(self._shown(id), id, chance) for id, chance in pairs])
        return found

    def _ids(self, text: str, number: int) -> list[int]:
        ids = self.tokenizer.encode([text]).ids[0]
        if self.gap not in ids:
            raise DataError(
                f"text {number + 1} has no gap; expected {self.mask} where this model should fill one in."
            )
        places = self.transformer.config.first.input.positions
        if places and len(ids) > places:
            raise DataError(
                f"text {number + 1} has {len(ids)} tokens; this model has {places} positions. Shorten it."
            )
        return ids

    @torch.inference_mode()
    def _chances(self, sequences: list[list[int]]) -> tuple[Tensor, list[int]]:
        """Return the probabilities (M, V) at the M masks of a batch, and which sequence each is in."""
        ids, layout = pack(sequences)
        gaps = (ids == self.gap).nonzero().flatten()
        x, layout = self.transformer(ids.to(next(self.transformer.parameters()).device), layout)
        scores = self.transformer.scores(x[gaps], Packed((1,) * len(gaps)))
        return scores.float().softmax(-1).cpu(), layout.rows()[gaps].tolist()

    def _shown(self, id: int) -> str:
        text = self.tokenizer.engine.decode([id], skip_special_tokens=False)
        return text or str(self.tokenizer.engine.id_to_token(id))

    @property
    def gap(self) -> int:
        """The mask's id."""
        found = self.tokenizer.engine.token_to_id(self.mask)
        assert found is not None
        return int(found)


def mask_token(tokenizer: Tokenizer) -> str:
    """Return the mask that a tokenizer's files name; TokenizerError where there is none."""
    named: list[Any] = []
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        try:
            settings = json.loads(tokenizer.companions.get(name, "{}"))
        except (ValueError, RecursionError):
            settings = None
        value = settings.get("mask_token") if isinstance(settings, dict) else None
        named.append(value.get("content") if isinstance(value, dict) else value)
    added = tokenizer.engine.get_added_tokens_decoder().values()
    named += [token.content for token in added if token.special and "mask" in token.content.lower()]
    for mask in named:
        if isinstance(mask, str) and tokenizer.engine.token_to_id(mask) is not None:
            return mask
    raise TokenizerError("the tokenizer names no mask; this model cannot fill gaps. Use another model.")
