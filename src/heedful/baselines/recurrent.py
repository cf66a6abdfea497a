"""What the two ancestors of the translating transformer share: sizes, padding, memory, initial values.

Shapes: N tokens of B sequences end to end, T the longest sequence, W width, V vocab.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from torch import Generator, Tensor, arange, device, int64, nn, no_grad, split, tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from heedful.core.attention import Packed
from heedful.core.config import check_choices, check_numbers, check_sizes
from heedful.errors import DataError

Score = Literal["additive", "multiplicative"]
Memory = tuple[Tensor, Packed]
SPREAD = 0.1  # standard deviation of the word vectors at the start


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig:
    """An encoder and a decoder of width W, each with its own table of V word vectors.

    `depth` counts the layers: in SequenceLSTM of encoder and decoder each, in SequenceAttention of the
    encoder (its decoder has one). `dropout` never acts from one place to the next (Zaremba et al. 2014).
    `score` says how SequenceAttention compares state and source.
    """

    vocab: int
    width: int
    depth: int = 2
    dropout: float = 0.2
    score: Score = "additive"

    def __post_init__(self) -> None:
        check_sizes(self, "vocab", "width", "depth")
        check_numbers(self, "dropout", least=0, below=1)
        check_choices(self, score=Score)


class States:
    """What a decoder remembers of B sequences, however long: tensors by name, each (B, ...)."""

    def __init__(self, rows: int) -> None:
        self.past = [0] * rows
        self.held: dict[str, Tensor] = {}

    def begin(self, layout: Packed, memory: Memory | None) -> Packed:
        """Return the layout of new tokens after those from before; DataError where rows do not fit."""
        if memory is None and not self.held:
            raise DataError("the decoder has nothing to begin with. Give it the encoder's output once.")
        rows = {"tokens": len(layout.lengths), "the cache": len(self.past)}
        if memory is not None:
            rows["the memory"] = len(memory[1].lengths)
        if len(set(rows.values())) > 1:
            found = ", ".join(f"{count} of {name}" for name, count in rows.items())
            raise DataError(f"sequences: {found}; expected equally many.")
        return Packed(layout.lengths, tuple(self.past))

    def end(self, layout: Packed) -> None:
        """Count the tokens that were read."""
        self.past = [past + new for past, new in zip(self.past, layout.lengths, strict=True)]

    def choose(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order; one may be named several times, or not at all."""
        self.past = [self.past[row] for row in rows]
        for name, x in self.held.items():
            self.held[name] = x[tensor(rows, dtype=int64, device=x.device)]


class Recurrent(nn.Module):
    """An encoder, a decoder and a map to V scores, offering what heedful.core.model.Transformer offers."""

    places = 0  # no target is too long

    def __init__(self, config: RecurrentConfig, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder
        self.decoder = decoder
        self.output = nn.Linear(config.width, config.vocab)

    def forward(self, inputs: Tensor, layout: Packed, targets: Memory) -> tuple[Tensor, Packed]:
        """Return the last vectors (N, W) for the target ids, which follow from the source `inputs` (M,)."""
        return self.decoder(*targets, memory=self.encoder(inputs, layout))  # type: ignore[no-any-return]

    def scores(self, x: Tensor, layout: Packed) -> Tensor:  # noqa: ARG002
        """Return the scores of the next token for the last vectors: (N, W) -> (N, V)."""
        return self.output(x)  # type: ignore[no-any-return]

    def weights(self, inputs: Tensor, layout: Packed, ids: Tensor, targets: Packed) -> list[Tensor]:  # noqa: ARG002
        """Return where the decoder looked, (T, S) for each pair; DataError where it has no attention."""
        raise DataError("this model has no attention: it keeps one state of the source. Use another method.")

    def cache(self, rows: int, places: int) -> States:  # noqa: ARG002
        """Return an empty memory for B sequences; it does not grow with their tokens."""
        return States(rows)


def inside(layout: Packed, where: device) -> Tensor:
    """Return what is no padding: (B, T), bool."""
    lengths = tensor(layout.lengths, device=where)
    return arange(max(layout.lengths), device=where) < lengths[:, None]


def padded(x: Tensor, layout: Packed) -> Tensor:
    """Lay (N, ...) out as (B, T, ...), zeros behind each sequence; x[inside(layout)] is the way back."""
    if not all(layout.lengths):
        raise DataError(f"sequence {layout.lengths.index(0) + 1} has no tokens; expected at least one.")
    return pad_sequence(list(split(x, list(layout.lengths))), batch_first=True)


def run(layer: nn.LSTM | nn.GRU, x: Tensor, layout: Packed, state: Any = None) -> tuple[Tensor, Any]:
    """Return what a layer makes of (B, T, W), and its state after the last token of each sequence."""
    if len(layout.runs) == 1:
        return layer(x, state)  # type: ignore[no-any-return]
    packed = pack_padded_sequence(x, list(layout.lengths), batch_first=True, enforce_sorted=False)
    packed, state = layer(packed, state)
    return pad_packed_sequence(packed, batch_first=True)[0], state


@no_grad()
def initialise(module: nn.Module, seed: int) -> None:
    """Draw all values anew: those from state to state orthogonal, gate by gate (Bahdanau et al. 2015, B.1).

    Other maps are uniform (Glorot and Bengio 2010), word vectors normal, biases 0, but forget gates begin
    open, at 1 (Jozefowicz et al. 2015).
    """
    generator = Generator().manual_seed(seed)
    for name, x in module.named_parameters():
        if x.dim() == 1:
            x.zero_()
        elif "token." in name:
            nn.init.normal_(x, std=SPREAD, generator=generator)
        elif "weight_hh" in name or "recurrent." in name:
            for gate in split(x, x.shape[1]):
                nn.init.orthogonal_(gate, generator=generator)
        else:
            nn.init.xavier_uniform_(x, generator=generator)
    for lstm in (part for part in module.modules() if isinstance(part, nn.LSTM)):
        lstm.get_parameter("bias_ih_l0")[lstm.hidden_size : 2 * lstm.hidden_size] = 1.0
