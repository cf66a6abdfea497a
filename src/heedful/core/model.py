"""The whole transformer: an encoder, a decoder or both (Vaswani et al. 2017, figure 1), and a head."""

from collections.abc import Callable

from torch import Tensor, cat, nn, tensor, zeros
from torch.nn.functional import linear

from heedful.core.attention import Packed
from heedful.core.block import ACTIVATIONS, Block, norm
from heedful.core.cache import Cache
from heedful.core.config import HeadConfig, StackConfig, TokenInput, TransformerConfig
from heedful.core.inputs import first_layer
from heedful.core.positions import Places, across


class Stack(nn.Module):
    """An input, block after block, and a last norm where the norms come first."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.config = config
        self.input = first_layer(config)
        self.places = Places(config)
        self.blocks = nn.ModuleList(Block(config, first=i == 0) for i in range(config.depth))
        self.norm = norm(config) if config.norm_at == "pre" else None

    def forward(
        self,
        inputs: Tensor,
        layout: Packed | None = None,
        *,
        segments: Tensor | None = None,
        memory: tuple[Tensor, Packed] | None = None,
        cache: Cache | None = None,
    ) -> tuple[Tensor, Packed]:
        """Return (N, W) and its layout for token ids (N,), images or spectra.

        `memory` is an encoder's output. With a `cache`, the inputs are new tokens after those it holds, and
        `memory` is needed once.
        """
        if cache is not None and layout is not None:
            layout = cache.layout(layout.lengths)
            cache.begin(layout, memory[1] if memory else None)
        x, layout = self.input(inputs, layout, *([] if segments is None else [segments]))
        reaches = {
            local: self.places(layout, x, local) for local in set(map(self.local, range(len(self.blocks))))
        }
        states, source = memory or (None, cache.memory if cache else None)
        cross = across(layout, source, cache is not None, x) if self.config.cross and source else None
        for i, block in enumerate(self.blocks):
            keeps = (None, None) if cache is None else (cache.own[i], cache.other[i] if cache.other else None)
            x = block(x, reaches[self.local(i)], states, cross, keeps)
        if cache is not None:
            cache.end(layout)
        return x if self.norm is None else self.norm(x), layout

    def local(self, block: int) -> bool:
        """Does this block see a window only?"""
        return self.config.window is not None and (self.config.local[block] if self.config.local else True)


class Head(nn.Module):
    """From token vectors to scores: pick, map, norm, map (each part only where the config has it)."""

    def __init__(self, config: HeadConfig, stack: StackConfig) -> None:
        super().__init__()
        self.config = config
        self.dense = nn.Linear(stack.width, stack.width, config.dense_biased) if config.dense else None
        self.norm = norm(stack) if config.norm else None
        self.output: nn.Linear | None = None
        self.bias: nn.Parameter | None = None
        if config.outputs and config.tied:
            self.bias = nn.Parameter(zeros(config.outputs)) if config.biased else None
        elif config.outputs:
            self.output = nn.Linear(stack.width, config.outputs, config.biased)

    def forward(self, x: Tensor, layout: Packed, table: Tensor | None = None) -> Tensor:
        """Return (N or B, outputs) for x (N, W); a tied head multiplies with the token `table` (V, W)."""
        x = POOLINGS[self.config.of](x, layout)
        if self.dense is not None:
            x = ACTIVATIONS[self.config.activation](self.dense(x))
        if self.norm is not None:
            x = self.norm(x)
        if self.config.scaled:
            x = x * x.shape[-1] ** -0.5
        if self.output is not None:
            return self.output(x)  # type: ignore[no-any-return]
        return x if table is None or not self.config.outputs else linear(x, table, self.bias)


class Transformer(nn.Module):
    """Encoder, decoder or both; `head`, where there is one, turns their vectors into scores."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Stack(config.encoder) if config.encoder else None
        self.decoder = Stack(config.decoder) if config.decoder else None
        self.head = Head(config.head, config.last) if config.head else None
        if config.shared and self.encoder and self.decoder:
            self.decoder.input.token = self.encoder.input.token

    @property
    def places(self) -> int | None:
        """The longest sequence that it can write, 0 where nothing limits it, None where it cannot write."""
        config = self.config.decoder
        writes = config is not None and self.head is not None and isinstance(config.input, TokenInput)
        return config.input.positions if config is not None and writes else None

    def forward(
        self,
        inputs: Tensor,
        layout: Packed | None = None,
        targets: tuple[Tensor, Packed | None] | None = None,
        segments: Tensor | None = None,
    ) -> tuple[Tensor, Packed]:
        """Return the last vectors (N, W) and their layout.

        Of an encoder or a decoder: for `inputs`. Of both: for the target ids, which look at `inputs`.
        """
        if self.encoder is None:
            assert self.decoder is not None
            return self.decoder(inputs, layout)  # type: ignore[no-any-return]
        memory = self.encoder(inputs, layout, segments=segments)
        if self.decoder is None or targets is None:
            return memory  # type: ignore[no-any-return]
        return self.decoder(*targets, memory=memory)  # type: ignore[no-any-return]

    def scores(self, x: Tensor, layout: Packed) -> Tensor:
        """Return what the head makes of the last vectors (N, W)."""
        assert self.head is not None
        return self.head(x, layout, self.table if self.head.config.tied else None)  # type: ignore[no-any-return]

    @property
    def table(self) -> Tensor:
        """The vectors of the tokens that are read last: (V, W)."""
        return (self.decoder or self.encoder).input.token.weight  # type: ignore

    def cache(self, rows: int, places: int) -> Cache:
        """Return an empty cache for B sequences of up to `places` tokens."""
        assert self.config.decoder is not None
        return Cache(self.config.decoder, rows, places, next(self.parameters()))


def every(x: Tensor, layout: Packed) -> Tensor:  # noqa: ARG001
    """Return every token: (N, W)."""
    return x


def first(x: Tensor, layout: Packed) -> Tensor:
    """Return the first token of each sequence: (N, W) -> (B, W)."""
    lengths = tensor(layout.lengths, device=x.device)
    return x[lengths.cumsum(0) - lengths]


def last(x: Tensor, layout: Packed) -> Tensor:
    """Return the last token of each sequence: (N, W) -> (B, W)."""
    return x[tensor(layout.lengths, device=x.device).cumsum(0) - 1]


def mean(x: Tensor, layout: Packed) -> Tensor:
    """Return the mean over each sequence: (N, W) -> (B, W)."""
    return by_run(x, layout, lambda block: block.mean(dim=1))


def largest(x: Tensor, layout: Packed) -> Tensor:
    """Return the largest value over each sequence, for each of the W: (N, W) -> (B, W)."""
    return by_run(x, layout, lambda block: block.amax(dim=1))


def by_run(x: Tensor, layout: Packed, reduce: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply `reduce` (B, T, W) -> (B, W) to each run of equally long sequences: (N, W) -> (B, W)."""
    runs = zip(layout.runs, layout.split(x), strict=True)
    return cat([reduce(part.view(rows, length, -1)) for (rows, length), part in runs])


POOLINGS: dict[str, Callable[[Tensor, Packed], Tensor]] = {
    "tokens": every,
    "first": first,
    "last": last,
    "mean": mean,
}
