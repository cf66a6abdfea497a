"""Everything that a model computes for one sentence, with each of its switches on and off."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from heedful.checkpoint.find import find
from heedful.checkpoint.folder import load_tokenizer, load_transformer
from heedful.core.attention import watched
from heedful.core.config import StackConfig, TokenInput
from heedful.core.inputs import Tokens
from heedful.core.model import Stack
from heedful.core.positions import sinusoid
from heedful.errors import CheckpointError, DataError
from heedful.explain.switches import Flipped, able, combined, flipped
from heedful.text.tokenizer import Tokenizer, legal

LONGEST = 32  # tokens on a page
ROOM = 10_000_000  # bytes that the numbers of a page may take
PEAKS = 8  # of the feed-forward's hidden numbers, those that are kept for each token


@dataclass(frozen=True)
class Token:
    """A token as the page names it, as the tokenizer names it, its id, and whether the tokenizer added it."""

    label: str
    raw: str
    id: int
    special: bool


@dataclass(frozen=True)
class Layer:
    """What one block computed: x, attended, fed (T, W), query (H, T, K), key, value (G, T, K).

    `bias` (1 or H, T, T) is added to the scores. `attended` and `fed` are what the two sublayers return,
    before residual and norm. `places` and `peaks` (T, P) are the largest of the feed-forward's hidden
    numbers; `weights` (H, T, T) is for comparison.
    """

    x: Tensor
    query: Tensor
    key: Tensor
    value: Tensor
    bias: Tensor | None
    scale: float
    weights: Tensor
    attended: Tensor
    fed: Tensor
    places: Tensor
    peaks: Tensor


@dataclass(frozen=True)
class Run:
    """One way through the stack: the kept layers by number, and the last vectors (T, W)."""

    layers: dict[int, Layer]
    states: Tensor


@dataclass(frozen=True)
class Lesson:
    """A model, a sentence, and a run for every set of flipped switches."""

    model: str
    family: str
    sentence: str  # as far as it is shown
    tokens: tuple[Token, ...]
    total: int  # tokens of the whole sentence
    stack: Stack
    runs: dict[Flipped, Run]

    @property
    def kept(self) -> tuple[int, ...]:
        """The numbers of the layers whose numbers are here."""
        return tuple(self.runs[frozenset()].layers)


def see(source: str | Path, sentence: str) -> Lesson:
    """Run a model, named as for `heedful.load`, over one sentence in every combination of the switches."""
    folder, _ = find(source)
    loaded = load_transformer(folder)
    stack = loaded.transformer.encoder or loaded.transformer.decoder
    if not isinstance(stack, Stack) or not isinstance(stack.config.input, TokenInput):
        raise CheckpointError(f"{source} reads no text; expected a model of texts, such as minilm.")
    positions = stack.config.input.positions or LONGEST
    tokens, total, shown = tokenised(load_tokenizer(folder, min(LONGEST, positions)), sentence)
    if not tokens or all(token.special for token in tokens):
        raise DataError("the sentence is empty; give one with at least one word.")
    ids = torch.tensor([token.id for token in tokens])
    if int(ids.max()) >= stack.config.input.vocab:
        raise CheckpointError(
            f"{source}: the tokenizer gave the id {int(ids.max())}, the model has {stack.config.input.vocab} "
            "rows. They do not belong together."
        )
    sets = combined(able(stack))
    keep = kept(stack.config, len(tokens), len(sets))
    runs = {}
    for chosen in sets:
        with flipped(stack, chosen):
            runs[chosen] = run(stack, ids, keep)
    return Lesson(str(source), loaded.form.family.name, shown, tokens, total, stack, runs)


def tokenised(tokenizer: Tokenizer, sentence: str) -> tuple[tuple[Token, ...], int, str]:
    """Return the tokens that the model reads, how many the sentence has, and what part of it they cover."""
    text = legal(sentence)
    found = tokenizer.engine.encode(text)
    pieces = zip(found.tokens, found.ids, found.offsets, found.special_tokens_mask, strict=True)
    tokens = tuple(
        Token(label(raw, text[begin:end]), raw, id, bool(special))
        for raw, id, (begin, end), special in pieces
    )
    rest = sum(len(part.ids) - tokenizer.special_tokens for part in found.overflowing)
    end = max((end for _, end in found.offsets), default=0)
    return tokens, len(tokens) + rest, f"{text[:end]} …" if rest else text


def label(raw: str, piece: str) -> str:
    """Return a token in a form to read: a space as an open box, letters instead of a byte alphabet."""
    name = raw.replace("Ġ", "␣").replace("▁", "␣")
    return name if name.replace("␣", "").isascii() or not piece.strip() else piece


def kept(config: StackConfig, tokens: int, runs: int) -> tuple[int, ...]:
    """Return the layers that fit on a page: all, or the first, the last, and some evenly between."""
    numbers = (config.heads + 2 * config.kv_heads) * config.head_width + 2 * config.width
    cost = runs * tokens * 2 * 4 / 3  # two bytes a number, four letters for three bytes
    if cost * numbers * config.depth <= ROOM:
        return tuple(range(config.depth))
    count = max(2, min(config.depth, int(ROOM / cost / (numbers + config.width))))  # inputs are needed too
    return tuple(sorted({round(i * (config.depth - 1) / (count - 1)) for i in range(count)}))


def run(stack: Stack, ids: Tensor, keep: Sequence[int]) -> Run:
    """Return what happens in the layers `keep` while the stack reads `ids`."""
    caught: dict[int, dict[str, Tensor]] = {i: {} for i in keep}
    with ExitStack() as hooks, watched() as seen, torch.inference_mode():
        for i in keep:
            catch(hooks, stack.blocks[i], caught[i])
        states, _ = stack(ids)
    groups = stack.config.heads // stack.config.kv_heads
    layers = {}
    for i in keep:
        one, hidden = seen[i], caught[i].pop("hidden")
        places = hidden.abs().topk(min(PEAKS, hidden.shape[1])).indices
        layers[i] = Layer(
            query=one.query[0], key=one.key[0, ::groups], value=one.value[0, ::groups], scale=one.scale,
            bias=None if one.bias is None else as_shift(one.bias[0]), weights=one.weights()[0],
            places=places, peaks=hidden.gather(1, places), **caught[i],
        )  # fmt: skip
    return Run(layers, states)


def catch(hooks: ExitStack, block: Any, into: dict[str, Tensor]) -> None:
    """Note what enters a block, and what its two sublayers make of it."""
    for module, name in ((block.attention, "attended"), (block.feedforward, "fed")):
        handle = module.register_forward_hook(lambda _, __, made, name=name: into.update({name: made}))
        hooks.callback(handle.remove)
    for module, name in ((block, "x"), (block.feedforward.down, "hidden")):
        handle = module.register_forward_pre_hook(lambda _, given, name=name: into.update({name: given[0]}))
        hooks.callback(handle.remove)


def as_shift(bias: Tensor) -> Tensor:
    """Return a mask as what it adds to the scores: 0 where a token may look, minus infinity elsewhere."""
    if bias.is_floating_point():
        return bias
    return torch.zeros(bias.shape).masked_fill(~bias, -torch.inf)


def rows(lesson: Lesson) -> dict[str, Tensor]:
    """Return what is summed before the first block: rows (T, W) of token, place and segment."""
    tokens = lesson.stack.input
    assert isinstance(tokens, Tokens)
    ids = torch.tensor([token.id for token in lesson.tokens])
    places = torch.arange(len(ids))
    found = {"token": tokens.token(ids) * tokens.scale}
    if tokens.position is not None:
        found["position"] = tokens.position(places)
    elif tokens.config.placed != "none":
        found["position"] = sinusoid(
            places, lesson.stack.config.width, tokens.config.placed == "sinusoid_halves"
        )
    if tokens.segment is not None:
        found["segment"] = tokens.segment(torch.zeros_like(ids))
    return {name: value.detach() for name, value in found.items()}
