"""A deep LSTM reads the source backwards, another writes the target (Sutskever, Vinyals and Le 2014).

All that passes from one to the other are the states after the last word read. Shapes: N tokens of B
sequences end to end, T the longest sequence, D depth, W width.
"""

from torch import Tensor, cat, nn, split, stack

from heedful.baselines.recurrent import Memory, Recurrent, RecurrentConfig, States, inside, padded, run
from heedful.core.attention import Packed
from heedful.core.block import Dropout


class Layers(nn.Module):
    """Word vectors, then D layers of LSTM, each fed with the states of the one below (section 3.4)."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        width = config.width
        self.token = nn.Embedding(config.vocab, width)
        self.layers = nn.ModuleList(nn.LSTM(width, width, batch_first=True) for _ in range(config.depth))
        self.dropout = Dropout(config.dropout)

    def forward(self, ids: Tensor, layout: Packed, states: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the top layer's (B, T, W), and h and c of all layers after each sequence: (B, D, 2, W).

        `states` of that shape stand before the first token; zeros, where not given.
        """
        x = self.token(padded(ids, layout))  # (B, T, W)
        if states is None:
            states = x.new_zeros(len(x), len(self.layers), 2, x.shape[-1])
        after = []
        for layer, before in zip(self.layers, states.unbind(1), strict=True):
            begun = before.transpose(0, 1).unsqueeze(1).contiguous()  # (2, 1, B, W)
            x, ended = run(layer, self.dropout(x), layout, tuple(begun))  # type: ignore[arg-type]
            after.append(cat(ended).transpose(0, 1))  # (B, 2, W)
        return x, stack(after, 1)


class Encoder(nn.Module):
    """Reads the source from its end to its beginning, so that first words lie close to first words (3.3)."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.layers = Layers(config)

    def forward(self, ids: Tensor, layout: Packed) -> Memory:
        """Return the states after all of it, one row for each sequence: (N,) -> (B, D 2 W)."""
        backwards = cat([sequence.flip(0) for sequence in split(ids, list(layout.lengths))])
        _, states = self.layers(backwards, layout)
        return states.flatten(1), Packed((1,) * len(layout.lengths))


class Decoder(nn.Module):
    """Begins with the encoder's states and reads the target as far as it is written."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.layers = Layers(config)
        self.shape = (config.depth, 2, config.width)
        self.dropout = Dropout(config.dropout)

    def forward(
        self, ids: Tensor, layout: Packed, *, memory: Memory | None = None, cache: States | None = None
    ) -> tuple[Tensor, Packed]:
        """Return (N, W) for ids (N,): new tokens after those that the `cache` has seen.

        `memory` is needed once.
        """
        cache = States(len(layout.lengths)) if cache is None else cache
        layout = cache.begin(layout, memory)
        if memory is not None:
            cache.held["states"] = memory[0].reshape(-1, *self.shape)  # (B, D, 2, W)
        x, cache.held["states"] = self.layers(ids, layout, cache.held["states"])
        cache.end(layout)
        return self.dropout(x)[inside(layout, x.device)], layout


class SequenceLSTM(Recurrent):
    """Sutskever, Vinyals and Le 2014: one vector of fixed size stands for the whole source.

    It compares nothing, so `config.score` means nothing to it.
    """

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__(config, Encoder(config), Decoder(config))
