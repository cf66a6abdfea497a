"""The ways of pretraining: which marks a text gets, what is made of a chunk, what is asked, which form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from heedful.core.config import HeadConfig
from heedful.core.model import Head, Transformer
from heedful.data.chunks import Chunks
from heedful.data.noise import UNASKED, corrupt_spans, infill, mask_tokens, permute_sentences
from heedful.data.pairs import Pairs, Parts, next_sentence
from heedful.data.tokens import Tokens
from heedful.tasks.recipe import Recipe
from heedful.text.marks import MARKS, SENTINELS, id_of
from heedful.text.signs import begins_word, ends_sentence, ordinary
from heedful.text.tokenizer import Tokenizer
from heedful.train.objectives import Loss, asked, laid, masked, next_token, sequence_to_sequence
from heedful.types import Ints

Random = np.random.Generator


@dataclass(frozen=True)
class Way:
    """One way, bound to a tokenizer: `source(tokens, fresh)` has epochs, `make` turns an item into a row."""

    source: Callable[[Tokens, bool], Any]
    make: Callable[[Any, Random], Any]
    objective: Callable[[Any, Sequence[Any]], Loss]
    wrap: Callable[[Transformer], nn.Module] = lambda model: model


@dataclass(frozen=True)
class Kind:
    """A way before it is bound: the marks it needs, the usual form of its files, and what binds it."""

    marks: str
    family: str
    head: str  # how the class of models in the family ends
    bind: Callable[[Tokenizer, Recipe, int], Way]


def clm(tokenizer: Tokenizer, recipe: Recipe, seed: int) -> Way:  # noqa: ARG001
    """Ask for each next token (Radford et al. 2018)."""

    def source(tokens: Tokens, fresh: bool) -> Chunks:
        return Chunks(tokens, recipe.context, seed, fresh, ahead=1)

    return Way(source, lambda ids, random: ids, next_token)  # noqa: ARG005


def mlm(tokenizer: Tokenizer, recipe: Recipe, seed: int) -> Way:
    """Ask for masked tokens (Devlin et al. 2019, section 3.1, task 1)."""
    cls, sep, noise = masking(tokenizer, recipe)

    def source(tokens: Tokens, fresh: bool) -> Chunks:
        return Chunks(tokens, recipe.context - 2, seed, fresh)

    def make(ids: Ints, random: Random) -> tuple[Ints, Ints]:
        return noise(np.concatenate([[cls], ids, [sep]]), random=random)

    return Way(source, make, masked)


def masking(tokenizer: Tokenizer, recipe: Recipe) -> tuple[int, int, Callable[..., tuple[Ints, Ints]]]:
    """Return the two ids around a text, and what masks one."""
    roles = MARKS["mlm"].roles
    begins = np.array(begins_word(tokenizer)) if recipe.whole_words else None
    noise = partial(
        mask_tokens,
        ordinary=np.array(ordinary(tokenizer)),
        mask=id_of(tokenizer, roles["mask"]),
        rate=recipe.rate_masked,
        begins=begins,
    )
    return id_of(tokenizer, roles["cls"]), id_of(tokenizer, roles["sep"]), noise


class WithNext(nn.Module):
    """A masked model and a second head that tells whether one text follows the other."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.model = model
        config = HeadConfig(of="first", dense=True, activation="tanh", outputs=2)
        self.next = Head(config, model.config.last)


def nsp(tokenizer: Tokenizer, recipe: Recipe, seed: int) -> Way:
    """Ask for masked tokens, and whether the second text follows the first (Devlin et al. 2019)."""
    cls, sep, noise = masking(tokenizer, recipe)

    def source(tokens: Tokens, fresh: bool) -> Pairs:
        return Pairs(Chunks(tokens, recipe.context - 3, seed, fresh), np.array(ends_sentence(tokenizer)))

    def make(parts: Parts, random: Random) -> tuple[Ints, Ints, Ints, bool]:
        ids, segments, follows = next_sentence(parts, cls, sep, recipe.context, random)
        return (*noise(ids, random=random), segments, follows)

    return Way(source, make, masked_and_next, WithNext)


def masked_and_next(module: WithNext, rows: Sequence[tuple[Ints, Ints, Ints, bool]]) -> Loss:
    """Add the losses of both questions; that about a pair counts as often as it has masked tokens."""
    inputs, layout = laid([ids for ids, _, _, _ in rows])
    segments, _ = laid([part for _, _, part, _ in rows])
    targets, _ = laid([wanted for _, wanted, _, _ in rows])
    states, _ = module.model(inputs, layout, segments=segments)
    loss, count = asked(module.model, states, targets)
    follows = torch.tensor([int(follows) for _, _, _, follows in rows])
    each = cross_entropy(module.next(states, layout).float(), follows, reduction="none")
    asked_of = torch.stack([(part != UNASKED).sum() for part in torch.split(targets, list(layout.lengths))])
    return loss + (each * asked_of).sum(), count


def spans(tokenizer: Tokenizer, recipe: Recipe, seed: int) -> Way:
    """Ask for spans that a sentinel stands for (Raffel et al. 2020, section 3.1.4)."""
    marks = MARKS["denoise"]
    end, start = (id_of(tokenizer, marks.habits[role]) for role in ("eos", "decoder_start"))
    sentinels = np.array([id_of(tokenizer, token) for token in marks.more[:SENTINELS]])

    def make(ids: Ints, random: Random) -> tuple[Ints, Ints]:
        return corrupt_spans(ids, sentinels, end, random, recipe.rate_masked, recipe.mean_span)

    return Way(plain(recipe, seed), make, rebuilt(start, recipe))


def gaps(tokenizer: Tokenizer, recipe: Recipe, seed: int) -> Way:
    """Ask for the text whose sentences were shuffled and spans masked (Lewis et al. 2020, section 2.2)."""
    marks = MARKS["infill"]
    begin, end, start = (id_of(tokenizer, marks.habits[role]) for role in ("bos", "eos", "decoder_start"))
    mask, stops = id_of(tokenizer, marks.roles["mask"]), np.array(ends_sentence(tokenizer))

    def make(ids: Ints, random: Random) -> tuple[Ints, Ints]:
        noisy = infill(
            permute_sentences(ids, stops, random), mask, random, recipe.rate_masked, recipe.mean_span
        )
        return np.concatenate([[begin], noisy, [end]]), np.concatenate([[begin], ids, [end]])

    return Way(plain(recipe, seed, 2), make, rebuilt(start, recipe))


def plain(recipe: Recipe, seed: int, around: int = 0) -> Callable[[Tokens, bool], Chunks]:
    """Return the source of chunks that leave room for the tokens `around` them."""
    return lambda tokens, fresh: Chunks(tokens, recipe.context - around, seed, fresh)


def rebuilt(start: int, recipe: Recipe) -> Callable[[Any, Sequence[Any]], Loss]:
    """Return the objective of an encoder and a decoder that begins with `start`."""
    return partial(sequence_to_sequence, start=start, smoothing=recipe.smoothing)


KINDS: dict[str, dict[str, Kind]] = {  # objective -> noise -> kind; the first is the usual one
    "clm": {"next": Kind("clm", "llama", "ForCausalLM", clm)},
    "mlm": {
        "mask": Kind("mlm", "bert", "ForMaskedLM", mlm),
        "mask+next": Kind("mlm", "bert", "ForMaskedLM", nsp),
    },
    "denoise": {
        "spans": Kind("denoise", "t5", "ForConditionalGeneration", spans),
        "infill": Kind("infill", "bart", "ForConditionalGeneration", gaps),
    },
}
