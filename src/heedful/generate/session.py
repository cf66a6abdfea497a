"""A decoder at work: what it has read lies in a cache, and it says what may come next."""

from collections.abc import Sequence

from torch import Tensor, bfloat16, float16, inference_mode, tensor

from heedful.core.attention import Packed
from heedful.core.config import TokenInput
from heedful.core.inputs import pack
from heedful.core.model import Transformer, last
from heedful.errors import DataError
from heedful.generate.answers import Row
from heedful.generate.settings import Settings

Memory = tuple[Tensor, Packed]
LARGEST = 8 << 30  # bytes of keys and values


class Session:
    """B sequences of different lengths, and the scores (B, V) of the token that follows each.

    `memory` is an encoder's output; its keys and values are computed here, once.
    """

    def __init__(
        self, model: Transformer, prompts: Sequence[Sequence[int]], room: int, memory: Memory | None = None
    ) -> None:
        self.model = model
        self.device = next(model.parameters()).device
        places = max(map(len, prompts)) + room
        config = model.config.last
        size = 8 * config.depth * len(prompts) * places * config.kv_heads * config.head_width
        if size > LARGEST:
            raise DataError(
                f"{len(prompts)} sequences of {places} tokens need {size >> 20} MB of memory; at most "
                f"{LARGEST >> 20} are taken. Ask for fewer tokens."
            )
        self.cache = model.cache(len(prompts), places)
        self.scores = self._read(prompts, memory)

    def step(self, ids: Sequence[int]) -> None:
        """Read one more token in each row."""
        self.scores = self._read([[id] for id in ids])

    @inference_mode()
    def choose(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order; one may be named several times, or not at all."""
        if list(rows) != list(range(len(self.cache.past))):
            self.cache.choose(rows)
            self.scores = self.scores[tensor(rows, device=self.device)]

    @inference_mode()
    def _read(self, new: Sequence[Sequence[int]], memory: Memory | None = None) -> Tensor:
        """Return the scores after new tokens; only the last of each row goes through the head."""
        assert self.model.decoder is not None
        ids, layout = pack(new)
        x, layout = self.model.decoder(ids.to(self.device), layout, memory=memory, cache=self.cache)
        scores = self.model.scores(last(x, layout), Packed((1,) * len(new)))
        return scores.float() if scores.dtype in (bfloat16, float16) else scores


def opened(model: Transformer, prompts: Sequence[Sequence[int]], settings: Settings) -> list[Row]:
    """Return one row for each prompt; DataError where a prompt leaves no place to write."""
    config = model.config.decoder
    if config is None or model.head is None or not isinstance(config.input, TokenInput):
        raise DataError("this model has no decoder with a head of the next word. Use one that writes.")
    places = config.input.positions
    rows = []
    for number, prompt in enumerate(prompts):
        if not prompt:
            raise DataError(f"prompt {number + 1} has no tokens; expected at least one.")
        left = places - len(prompt) if places else settings.max_tokens
        if left < 1:
            raise DataError(
                f"prompt {number + 1} has {len(prompt)} tokens; this model has {places} positions, "
                "and one must be left for the answer. Shorten the prompt."
            )
        limit = min(left, settings.max_tokens)
        rows.append(Row(number, 0, list(prompt), len(prompt), limit, limit < settings.max_tokens))
    return rows
