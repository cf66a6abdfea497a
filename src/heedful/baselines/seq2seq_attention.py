"""A decoder that looks back at the source before each word: attention (Bahdanau, Cho and Bengio 2015).

Shapes: N tokens of B sequences end to end, T and S the longest target and source, W width.
"""

from torch import Tensor, arange, cat, nn, sigmoid, stack, tanh, tensor

from heedful.baselines.recurrent import Memory, Recurrent, RecurrentConfig, States, inside, padded, run
from heedful.core.attention import Packed
from heedful.core.block import Dropout


class Additive(nn.Module):
    """How well the source at each place fits a state: e = v tanh(W s + U h) (appendix A.1.2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(2 * width, width, bias=False)
        self.fit = nn.Linear(width, 1, bias=False)

    def forward(self, state: Tensor, keys: Tensor) -> Tensor:
        """Return (B, S) for s (B, W) and U h (B, S, W), which is computed once."""
        return self.fit(tanh(self.query(state)[:, None] + keys)).squeeze(-1)  # type: ignore[no-any-return]


class Multiplicative(nn.Module):
    """The same by a product: e = s W h (Luong et al. 2015, section 3.1, "general")."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.key = nn.Linear(2 * width, width, bias=False)

    def forward(self, state: Tensor, keys: Tensor) -> Tensor:
        """Return (B, S) for s (B, W) and W h (B, S, W), which is computed once."""
        return (keys @ state[:, :, None]).squeeze(-1)


SCORES: dict[str, type[Additive | Multiplicative]] = {"additive": Additive, "multiplicative": Multiplicative}


class Encoder(nn.Module):
    """`depth` layers of GRU that read forwards and backwards: an annotation tells of all words (3.2)."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        width = config.width
        self.token = nn.Embedding(config.vocab, width)
        self.layers = nn.ModuleList(
            nn.GRU(2 * width if i else width, width, batch_first=True, bidirectional=True)
            for i in range(config.depth)
        )
        self.dropout = Dropout(config.dropout)

    def forward(self, ids: Tensor, layout: Packed) -> Memory:
        """Return the annotation of each token, forward state then backward state: (N,) -> (N, 2 W)."""
        x = padded(self.token(ids), layout)
        for layer in self.layers:
            x, _ = run(layer, self.dropout(x), layout)  # type: ignore[arg-type]
        return self.dropout(x)[inside(layout, x.device)], layout


class Decoder(nn.Module):
    """One GRU whose input at each step is the word before and what attention found for it (3.1)."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        width = config.width
        self.token = nn.Embedding(config.vocab, width)
        self.begin = nn.Linear(width, width)
        self.score: Additive | Multiplicative = SCORES[config.score](width)
        self.word = nn.Linear(width, 3 * width)
        self.context = nn.Linear(2 * width, 3 * width, bias=False)
        self.recurrent = nn.Linear(width, 3 * width, bias=False)
        self.maxout = nn.Linear(4 * width, 2 * width)
        self.dropout = Dropout(config.dropout)

    def forward(
        self, ids: Tensor, layout: Packed, *, memory: Memory | None = None, cache: States | None = None
    ) -> tuple[Tensor, Packed]:
        """Return (N, W) for ids (N,): new tokens after those that the `cache` has seen.

        `memory` is needed once.
        """
        x, _, layout = self.read(ids, layout, memory, States(len(layout.lengths)) if cache is None else cache)
        return x, layout

    def read(
        self, ids: Tensor, layout: Packed, memory: Memory | None, cache: States
    ) -> tuple[Tensor, Tensor, Packed]:
        """Return (N, W), the attention weights (B, T, S) and the layout.

        Each two values compete in a maxout layer (A.2.2), which sees the new state as in equation 4.
        """
        layout = cache.begin(layout, memory)
        if memory is not None:
            cache.held = self.opened(*memory)
        words = self.dropout(self.token(ids))
        states, contexts, weights = self.steps(padded(self.word(words), layout), cache.held)
        cache.held["state"] = states[arange(len(states)), tensor(layout.lengths) - 1]
        cache.end(layout)
        kept = inside(layout, words.device)
        pairs = self.maxout(cat([states[kept], words, contexts[kept]], -1)).unflatten(-1, (-1, 2))
        return self.dropout(pairs.amax(-1)), weights, layout

    def opened(self, memory: Tensor, layout: Packed) -> dict[str, Tensor]:
        """Return the first state, tanh(W h) of the whole source read backwards, and what it looks at."""
        annotations = padded(memory, layout)  # (B, S, 2 W)
        whole = annotations[:, 0].chunk(2, -1)[1]  # (B, W)
        return {
            "state": tanh(self.begin(whole)),
            "annotations": annotations,
            "keys": self.score.key(annotations),
            "inside": inside(layout, memory.device),
        }

    def steps(self, words: Tensor, held: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Return states (B, T, W), contexts (B, T, 2 W) and weights (B, T, S) for words (B, T, 3 W)."""
        state, found = held["state"], []
        for word in words.unbind(1):
            fits = self.score(state, held["keys"]).masked_fill(~held["inside"], -float("inf"))
            weights = fits.softmax(-1)  # (B, S)
            context = (weights[:, None] @ held["annotations"]).squeeze(1)  # (B, 2 W)
            state = self.gated(word + self.context(context), state)
            found.append((state, context, weights))
        states, contexts, looks = (stack(parts, 1) for parts in zip(*found, strict=True))
        return states, contexts, looks

    def gated(self, given: Tensor, state: Tensor) -> Tensor:
        """Return the next state (B, W), for `given` (B, 3 W) from word and context (A.1.1).

        As in torch's GRU the reset gate acts behind the map and `keep` is the paper's 1 - z.
        """
        reset, keep, new = given.chunk(3, -1)
        reset_before, keep_before, new_before = self.recurrent(state).chunk(3, -1)
        keep = sigmoid(keep + keep_before)
        new = tanh(new + sigmoid(reset + reset_before) * new_before)
        return new + keep * (state - new)


class SequenceAttention(Recurrent):
    """Bahdanau, Cho and Bengio 2015: the decoder chooses at each step where in the source to look."""

    decoder: Decoder

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__(config, Encoder(config), Decoder(config))

    def weights(self, inputs: Tensor, layout: Packed, ids: Tensor, targets: Packed) -> list[Tensor]:
        """Return for each pair (T, S): where the decoder looks once it has read each target id.

        `inputs` (M,) and `ids` (N,) are what `forward` takes: a row belongs to the word written next.
        """
        memory = self.encoder(inputs, layout)
        _, weights, _ = self.decoder.read(ids, targets, memory, States(len(targets.lengths)))
        pairs = zip(weights, targets.lengths, layout.lengths, strict=True)
        return [one[:length, :source] for one, length, source in pairs]
