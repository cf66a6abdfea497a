"""TSDAE: a sentence encoder from texts without labels, by writing them again from their vectors alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear

from heedful.core.attention import Packed
from heedful.core.config import TokenInput
from heedful.core.model import Stack
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.tune_embed import Rows
from heedful.train.batches import shuffled
from heedful.train.objectives import Loss, laid
from heedful.types import Ints

DELETED = 0.6  # of the words (Wang et al. 2021, section 6.1)
DEPTH = 1  # blocks of the decoder, which is thrown away at the end


class Denoiser(nn.Module):
    """An encoder, and a decoder that sees of a text its vector alone (Wang, Reimers, Gurevych 2021).

    Both read their tokens from one table, which is also the last map.
    """

    def __init__(self, encoder: SentenceEncoder) -> None:
        super().__init__()
        config = encoder.stack.config
        assert isinstance(config.input, TokenInput)
        self.encoder = encoder
        self.widen = nn.Linear(encoder.width, config.width)
        reads = TokenInput(vocab=config.input.vocab, positions=encoder.tokenizer.max_tokens)
        blocks = replace(config, input=reads, depth=DEPTH, norm_at="post", relative=None, local=())
        self.decoder = Stack(replace(blocks, causal=True, cross=True))
        self.table: nn.Embedding = encoder.stack.input.token  # type: ignore[assignment]
        self.decoder.input.token = self.table

    def forward(self, given: Sequence[Sequence[int]], wanted: Sequence[Ints]) -> Tensor:
        """Return the scores (N, V) of each next token of the texts `wanted`, from the vectors of `given`."""
        vectors = self.widen(self.encoder(given)) * self.decoder.config.width**0.5
        memory = vectors, Packed((1,) * len(given))
        states, _ = self.decoder(*laid([ids[:-1] for ids in wanted]), memory=memory)
        return linear(states, self.table.weight)


def rewriting(rows: Rows, around: Sequence[int]) -> Callable[[nn.Module, Any], Loss]:
    """Return the objective; rows are (number of the text, seed of what is deleted from it)."""

    def objective(module: nn.Module, picked: Sequence[tuple[int, int]]) -> Loss:
        texts = [np.array(rows.ids[0][row], dtype=np.int64) for row, _ in picked]
        given = [deleted(text, seed, around).tolist() for text, (_, seed) in zip(texts, picked, strict=True)]
        wanted, _ = laid([text[1:] for text in texts])
        scores = module(given, texts)
        return cross_entropy(scores.float(), wanted, reduction="sum"), len(wanted)

    return objective


def deleted(ids: Ints, seed: int, around: Sequence[int]) -> Ints:
    """Return the ids without DELETED of them, never without one; the special tokens `around` stay."""
    random = np.random.default_rng(seed)
    special = np.isin(ids, list(around))
    kept = special | (random.random(len(ids)) >= DELETED)
    inner = np.flatnonzero(~special)
    if len(inner) and not kept[inner].any():
        kept[random.choice(inner)] = True
    return ids[kept]


def noised(rows: Rows, size: int, seed: int) -> Callable[[int], list[list[tuple[int, int]]]]:
    """Return the batches of each epoch: in each, other words are deleted from a text."""
    lengths = rows.lengths

    def batches(epoch: int) -> list[list[tuple[int, int]]]:
        random = np.random.default_rng([seed, epoch])
        order = shuffled(lengths, size, random)
        return [[(row, seed + (epoch * len(lengths) + row)) for row in batch] for batch in order]

    return batches
