"""Where a translator looked in the source while it wrote each token of a translation."""

from dataclasses import dataclass

import torch
from torch import Tensor

from heedful.core.attention import watched
from heedful.core.inputs import pack
from heedful.core.model import Transformer
from heedful.errors import DataError
from heedful.tasks.rewrite import Rewriter
from heedful.text.tokenizer import legal, told

Offsets = list[tuple[int, int]]


@dataclass(frozen=True)
class Aligned:
    """Weights (T, S) of the source's tokens for each token of the target, and where these stand in the texts.

    `which` says whose weights they are.
    """

    source: str
    target: str
    source_offsets: Offsets
    target_offsets: Offsets
    weights: Tensor
    which: str


@torch.inference_mode()
def align(translator: Rewriter, source: str, target: str) -> Aligned:
    """Return the attention while the model is made to write `target` (its own, or another translation).

    Of a Transformer it is the mean over the heads of the last layer but one, which fits alignments by people
    best (Garg et al. 2019, section 4.1); DataError where the model has no attention or the texts no tokens.
    """
    writer = translator.writer
    sides = [tokens(translator, text) for text in (translator.prefix + source, target)]
    for (ids, _), text in zip(sides, (source, target), strict=True):
        if not ids or not text.strip():
            raise DataError("there is nothing to align: a side is empty. Give a text.")
        if len(ids) > translator.max_tokens:
            raise DataError(
                f"a side has {len(ids)} tokens; this model reads {translator.max_tokens} at once. "
                "Align a shorter text."
            )
    (given, source_offsets), (wanted, target_offsets) = sides
    shifted = [writer.start, *wanted[:-1]]
    model, which = writer.transformer, "the attention"
    if isinstance(model, Transformer):
        with watched() as seen:
            model(*pack([given]), pack([shifted]))
        layer = max(0, model.config.last.depth - 2)
        weights = seen[model.config.first.depth + 2 * layer + 1].weights()[0].mean(0)
        which = f"the mean over {model.config.last.heads} heads of layer {layer + 1}"
    else:
        weights = model.weights(*pack([given]), *pack([shifted]))[0]
    return Aligned(translator.prefix + source, target, source_offsets, target_offsets, weights, which)


def tokens(translator: Rewriter, text: str) -> tuple[list[int], Offsets]:
    """Return the tokens of a text with the special ones around it, and where each stands."""
    with told("a text cannot be cut into tokens"):
        found = translator.writer.tokenizer.engine.encode(legal(text))
    return list(found.ids), list(found.offsets)
