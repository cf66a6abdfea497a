"""How a model knows the order of tokens: by what is added to them, turns query and key, or shifts scores."""

import math
from itertools import groupby

from torch import (
    Tensor,
    arange,
    cat,
    float32,
    float64,
    int64,
    nn,
    ones_like,
    outer,
    stack,
    tensor,
    where,
    zeros,
)

from heedful.core.attention import Packed, Reach
from heedful.core.config import Relative, Rotary, StackConfig


def sinusoid(places: Tensor, width: int, halves: bool = False) -> Tensor:
    """Return sin and cos of place / 10000^(2i / W), interleaved or in halves: (N,) -> (N, W).

    Vaswani et al. 2017, section 3.5; in fp32, as every checkpoint that stores them has them.
    """
    waves = 10000.0 ** (-arange(0, width, 2, dtype=float64, device=places.device) / width)
    angles = outer(places.double(), waves)  # (N, ceil(W / 2))
    pair = (angles.sin().float(), angles.cos().float())
    joined = cat(pair, -1) if halves else stack(pair, -1).flatten(-2)
    return joined[:, :width]


def rotation(config: Rotary, places: Tensor, head_width: int, kind: Tensor) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of place * frequency, each (N, K), for rotary positions."""
    frequencies = config.theta ** (-arange(0, head_width, 2, device=places.device).float() / head_width)
    if config.scaling == "linear":
        frequencies = frequencies / config.factor
    elif config.scaling == "llama3":
        frequencies = stretched(frequencies, config)
    exact = float64 if kind.dtype == float64 else float32
    angles = outer(places.to(exact), frequencies.to(exact)).repeat(1, 2)  # (N, K)
    return angles.cos().to(kind.dtype), angles.sin().to(kind.dtype)


def stretched(frequencies: Tensor, config: Rotary) -> Tensor:
    """Divide slow frequencies by `factor`, keep the fast ones, blend between (Grattafiori et al. 2024)."""
    turns = config.original * frequencies / (2 * math.pi)  # how often a wave fits into the original length
    share = ((turns - config.low) / (config.high - config.low)).clamp(0, 1)
    return (1 - share) * frequencies / config.factor + share * frequencies


def buckets(distance: Tensor, config: Relative, causal: bool) -> Tensor:
    """Return the bucket of each distance: one each while near, growing ones up to `distance` (T5's code)."""
    count = config.buckets if causal else config.buckets // 2
    size = (-distance).clamp(min=0) if causal else distance.abs()
    exact = count // 2
    far = (size.clamp(min=1).float() / exact).log() / math.log(config.distance / exact) * (count - exact)
    near_or_far = where(size < exact, size, (exact + far.to(int64)).clamp(max=count - 1))
    return near_or_far if causal else near_or_far + count * (distance > 0)


def slopes(heads: int) -> Tensor:
    """Return how steeply each head's scores fall with distance: (H,) (Press et al. 2022, section 3)."""
    power = 2 ** math.floor(math.log2(heads))
    first = 2.0 ** (-8.0 / power * arange(1, power + 1))
    between = 2.0 ** (-4.0 / power * arange(1, 2 * (heads - power) + 1, 2))
    return cat([first, between])


class Places(nn.Module):
    """Makes a stack's Reach from the layout of a batch: masks, shifts of the scores, turns."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.config = config
        relative = config.relative
        self.relative = nn.Embedding(relative.buckets, config.heads) if relative is not None else None

    def forward(self, layout: Packed, kind: Tensor, local: bool = False) -> Reach:
        """Return how the tokens of `layout` see each other; `local` asks for the blocks with a window."""
        config = self.config
        rotary = config.local_rotary if local and config.local_rotary is not None else config.rotary
        turn = None
        if rotary is not None:
            turn = rotation(rotary, layout.places().to(kind.device), config.head_width, kind)
        runs: list[tuple[int, int, int]] = []
        biases: list[Tensor | None] = []
        start = 0
        for rows, length in layout.runs:
            past = sorted(set(layout.past[start : start + rows])) or [0]
            runs.append((rows, length, past[-1] + length))
            if len(past) > 1:
                past = list(layout.past[start : start + rows])
            biases.append(self.bias(past, length, kind, config.window if local else None))
            start += rows
        return Reach(tuple(runs), tuple(biases), config.causal and not any(layout.past), turn)

    def bias(self, past: list[int], length: int, kind: Tensor, window: int | None) -> Tensor | None:
        """Return a run's shift of the scores, or where a token may look, or None: (B or 1, H or 1, T, S)."""
        span = max(past) + length
        shifted = self.relative is not None or self.config.alibi
        cut = window is not None and window < span
        future = self.config.causal and (len(past) > 1 or (length > 1 and span > length))
        if not (shifted or cut or future):
            return None
        starts = tensor(past, device=kind.device)[:, None, None]
        places = arange(span, device=kind.device)
        distance = places - (starts + arange(length, device=kind.device)[:, None])  # (B, T, S)
        visible = distance <= 0 if self.config.causal else ones_like(distance).bool()
        if window is not None:
            visible &= distance.abs() < window
        if not shifted:
            return visible[:, None]
        return self.shift(distance).to(kind.dtype).masked_fill(~visible[:, None], -math.inf)

    def shift(self, distance: Tensor) -> Tensor:
        """Return what the scores at each distance (B, T, S) are shifted by: (B, H, T, S)."""
        shift = zeros(1, device=distance.device)
        if self.relative is not None and self.config.relative is not None:
            rows = buckets(distance, self.config.relative, self.config.causal)
            shift = self.relative(rows).permute(0, 3, 1, 2)
        if self.config.alibi:
            shift = (
                shift - slopes(self.config.heads).to(distance.device)[:, None, None] * distance.abs()[:, None]
            )
        return shift


def across(layout: Packed, memory: Packed, cached: bool, kind: Tensor) -> Reach:
    """Return how each sequence of `layout` sees all of the same one in `memory`."""
    if not cached:
        pairs = groupby(zip(layout.lengths, memory.lengths, strict=True))
        runs = tuple((len(list(same)), length, span) for (length, span), same in pairs)
        return Reach(runs, (None,) * len(runs))
    blocks: list[tuple[int, int, int]] = []
    biases: list[Tensor | None] = []
    start = 0
    for rows, length in layout.runs:
        spans = tensor(memory.lengths[start : start + rows], device=kind.device)
        longest = int(spans.max())
        blocks.append((rows, length, longest))
        visible = arange(longest, device=kind.device) < spans[:, None]
        biases.append(None if bool(visible.all()) else visible[:, None, None])
        start += rows
    return Reach(tuple(blocks), tuple(biases))
