"""From token ids, images or spectrograms to the first (N, W)."""

from collections.abc import Sequence

from torch import Tensor, cat, empty, int64, nn, tensor, zeros, zeros_like
from torch.nn.functional import gelu

from heedful.core.attention import Packed
from heedful.core.block import Dropout, norm
from heedful.core.config import FrameInput, PatchInput, StackConfig, TokenInput
from heedful.core.positions import sinusoid
from heedful.errors import DataError


class Tokens(nn.Module):
    """Rows of a table for token, place and segment, summed (Devlin et al. 2019, figure 2)."""

    def __init__(self, config: StackConfig, input: TokenInput) -> None:
        super().__init__()
        self.config = input
        self.scale = config.width**0.5 if input.scaled else 1.0
        self.token = nn.Embedding(input.vocab, config.width)
        learned = input.placed == "learned"
        self.position = nn.Embedding(input.positions, config.width) if learned else None
        self.segment = nn.Embedding(input.segments, config.width) if input.segments else None
        self.norm = norm(config) if input.normed else None
        self.dropout = Dropout(config.dropout)

    def forward(
        self, ids: Tensor, layout: Packed | None, segments: Tensor | None = None
    ) -> tuple[Tensor, Packed]:
        """Return (N, W) for ids (N,) and segments (N,), 0 where not given; one sequence without a layout."""
        layout = layout or Packed((len(ids),))
        self.check(layout)
        x = self.token(ids) * self.scale
        if self.position is not None:
            x = x + self.position(layout.places().to(ids.device))
        elif self.config.placed != "none":
            halves = self.config.placed == "sinusoid_halves"
            x = x + sinusoid(layout.places().to(ids.device), x.shape[1], halves).to(x.dtype)
        if self.segment is not None:
            x = x + self.segment(zeros_like(ids) if segments is None else segments)
        return self.dropout(x if self.norm is None else self.norm(x)), layout

    def check(self, layout: Packed) -> None:
        """Raise DataError where a sequence is longer than the table of positions."""
        if self.config.placed == "none":
            return
        pasts = layout.past or (0,) * len(layout.lengths)
        longest = max(map(sum, zip(layout.lengths, pasts, strict=True)), default=0)
        if longest > self.config.positions:
            raise DataError(
                f"{longest} tokens; this model has places for {self.config.positions}. Cut the text."
            )


class Patches(nn.Module):
    """Each patch through one linear map, after a learned first token; learned positions."""

    def __init__(self, config: StackConfig, input: PatchInput) -> None:
        super().__init__()
        self.config = input
        self.patch = nn.Conv2d(input.channels, config.width, input.patch, input.patch)
        self.first = nn.Parameter(zeros(config.width))
        self.position = nn.Parameter(empty(input.positions, config.width).normal_(std=0.02))
        self.dropout = Dropout(config.dropout)

    def forward(self, images: Tensor, layout: Packed | None = None) -> tuple[Tensor, Packed]:  # noqa: ARG002
        """Return (B T, W) for images (B, C, height, width)."""
        wanted = (self.config.channels, self.config.image, self.config.image)
        if images.dim() != 4 or tuple(images.shape[1:]) != wanted:
            raise DataError(f"images are {tuple(images.shape)}; expected (B, {', '.join(map(str, wanted))}).")
        x = self.patch(images).flatten(2).transpose(1, 2)  # (B, T - 1, W)
        x = cat([self.first.expand(len(x), 1, -1), x], 1) + self.position
        return self.dropout(x.flatten(0, 1)), Packed((x.shape[1],) * len(x))


class Frames(nn.Module):
    """Two convolutions over time, the second halving it; positions from a table."""

    def __init__(self, config: StackConfig, input: FrameInput) -> None:
        super().__init__()
        self.config = input
        self.near = nn.Conv1d(input.bands, config.width, 3, padding=1)
        self.halving = nn.Conv1d(config.width, config.width, 3, stride=2, padding=1)
        self.position = nn.Embedding(input.positions, config.width)
        self.dropout = Dropout(config.dropout)

    def forward(self, spectra: Tensor, layout: Packed | None = None) -> tuple[Tensor, Packed]:  # noqa: ARG002
        """Return (B T, W) for spectra (B, bands, frames), T = frames / 2."""
        if spectra.dim() != 3 or spectra.shape[1] != self.config.bands:
            raise DataError(f"spectra are {tuple(spectra.shape)}; expected (B, {self.config.bands}, frames).")
        x = gelu(self.halving(gelu(self.near(spectra)))).transpose(1, 2)  # (B, T, W)
        if x.shape[1] > self.config.positions:
            raise DataError(f"{spectra.shape[2]} frames; expected at most {2 * self.config.positions}.")
        x = x + self.position.weight[: x.shape[1]]
        return self.dropout(x.flatten(0, 1)), Packed((x.shape[1],) * len(x))


def first_layer(config: StackConfig) -> nn.Module:
    """Return the module for the config's kind of input."""
    match config.input:
        case TokenInput():
            return Tokens(config, config.input)
        case PatchInput():
            return Patches(config, config.input)
        case FrameInput():
            return Frames(config, config.input)


def pack(sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Packed]:
    """Lay B lists of token ids end to end: ids (N,) and their layout."""
    ids = tensor([token for sequence in sequences for token in sequence], dtype=int64)
    return ids, Packed(tuple(len(sequence) for sequence in sequences))
