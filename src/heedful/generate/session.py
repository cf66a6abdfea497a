"""A decoder at work: what it has read lies in a cache, and it says what may come next."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from torch import Tensor, as_tensor, bfloat16, float16, inference_mode, nn

from heedful.core.attention import Packed
from heedful.core.inputs import pack
from heedful.core.model import last
from heedful.errors import DataError
from heedful.generate.answers import Row
from heedful.generate.settings import Settings

Memory = tuple[Tensor, Packed]


class Remembers(Protocol):
    """What a decoder has read of B sequences; `past` counts their tokens."""

    past: list[int]

    def choose(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order; one may be named several times, or not at all."""


class Writes(Protocol):
    """A model that can be written with: `heedful.core.model.Transformer`, or another that offers the same.

    `decoder(ids, layout, memory=..., cache=...)` returns the vectors (N, W) of new tokens and their layout;
    `memory`, an encoder's output, is given once. `places` is the longest sequence it has positions for, 0 if
    nothing limits it, None if it cannot write.
    """

    @property
    def decoder(self) -> Callable[..., tuple[Tensor, Packed]] | None: ...

    @property
    def places(self) -> int | None: ...

    def cache(self, rows: int, places: int) -> Remembers:
        """Return an empty cache for B sequences of up to `places` tokens."""

    def scores(self, x: Tensor, layout: Packed) -> Tensor:
        """Return the scores (N, V) of the token that follows each vector (N, W)."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """Return the values of the model."""


class Session:
    """B sequences of different lengths, and the scores (B, V) of the token that follows each.

    `memory` is an encoder's output; its keys and values are computed here, once. The scores are the
    session's own tensor, which may be overwritten.
    """

    def __init__(
        self, model: Writes, prompts: Sequence[Sequence[int]], room: int, memory: Memory | None = None
    ) -> None:
        self.model = model
        self.device = next(model.parameters()).device
        self.cache = model.cache(len(prompts), max(map(len, prompts)) + room)
        self.scores = self._read(*pack(prompts), memory)

    @inference_mode()
    def repeat(self, times: int) -> None:
        """Go on from every row several times."""
        self.choose([row for row in range(len(self.scores)) for _ in range(times)])
        self.scores = self.scores.repeat_interleave(times, 0)

    @inference_mode()
    def choose(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order, before the next step; some several times, others not at all."""
        if list(rows) != list(range(len(self.cache.past))):
            self.cache.choose(rows)

    def step(self, ids: Tensor | Sequence[int]) -> None:
        """Read one more token in each row."""
        self.scores = self._read(as_tensor(ids), Packed((1,) * len(ids)))

    @inference_mode()
    def _read(self, ids: Tensor, layout: Packed, memory: Memory | None = None) -> Tensor:
        """Return the scores after new tokens; only the last of each row goes through the head."""
        assert self.model.decoder is not None
        x, layout = self.model.decoder(ids.to(self.device), layout, memory=memory, cache=self.cache)
        scores = self.model.scores(last(x, layout), Packed((1,) * len(layout.lengths)))
        return scores.float() if scores.dtype in (bfloat16, float16) else scores


def opened(
    model: Writes, prompts: Sequence[Sequence[int]], settings: Settings, limits: Sequence[int] | None = None
) -> list[Row]:
    """Return one row for each prompt; DataError where a prompt leaves no place to write."""
    places = model.places
    if places is None:
        raise DataError("this model has no decoder with a head of the next word. Use one that writes.")
    rows = []
    for number, prompt in enumerate(prompts):
        if not prompt:
            raise DataError(f"prompt {number + 1} has no tokens; expected at least one.")
        most = min(settings.max_tokens, max(1, limits[number])) if limits else settings.max_tokens
        left = places - len(prompt) if places else most
        if left < 1:
            raise DataError(
                f"prompt {number + 1} has {len(prompt)} tokens; this model has {places} positions, "
                "and one must be left for the answer. Shorten the prompt."
            )
        limit = min(left, most)
        rows.append(Row(number, 0, list(prompt), len(prompt), limit, limit < most))
    return rows


def gathered(stays: Sequence[bool]) -> list[int]:
    """Return the rows that stay, in an order that moves few: the last take the places of those that leave."""
    count = sum(stays)
    late = iter([row for row in range(count, len(stays)) if stays[row]])
    return [row if stays[row] else next(late) for row in range(count)]
