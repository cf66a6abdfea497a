"""What distinguishes one transformer from another, as data. Nothing here needs torch."""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from heedful.errors import ConfigError

Activation = Literal["gelu", "gelu_tanh", "relu", "silu", "tanh"]
NormKind = Literal["layer", "rms"]
NormAt = Literal["pre", "post"]
Placed = Literal["learned", "sinusoid", "sinusoid_halves", "none"]
Of = Literal["tokens", "first", "last", "mean"]
Scaling = Literal["none", "linear", "llama3"]
LARGEST = 1 << 31
DEEPEST = 1000


def check_sizes(config: object, *names: str, least: int = 1) -> None:
    """Raise ConfigError unless each named field is a whole number from `least` to 2**31."""
    for name in names:
        value = getattr(config, name)
        if type(value) is not int or not least <= value <= LARGEST:
            raise ConfigError(f"{name} is {value!r:.100}; expected a whole number from {least} to {LARGEST}.")


def check_numbers(config: object, *names: str, least: float, below: float) -> None:
    """Raise ConfigError unless each named field is a number from `least` to under `below`."""
    for name in names:
        value = getattr(config, name)
        if type(value) not in (int, float) or not least <= value < below:
            raise ConfigError(f"{name} is {value!r:.100}; expected a number from {least} to below {below}.")


def check_flags(config: object, *names: str) -> None:
    """Raise ConfigError unless each named field is true or false."""
    for name in names:
        value = getattr(config, name)
        if type(value) is not bool:
            raise ConfigError(f"{name} is {value!r:.100}; expected true or false.")


def check_choices(config: object, **kinds: Any) -> None:
    """Raise ConfigError unless each named field is one of the words of its kind."""
    for name, kind in kinds.items():
        check_choice(name, getattr(config, name), get_args(kind))


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise ConfigError unless `value` is one of `choices`."""
    if value not in choices:
        raise ConfigError(f"{name} is {value!r:.100}; expected one of {', '.join(choices)}.")


@dataclass(frozen=True, kw_only=True)
class TokenInput:
    """Token ids to vectors: rows of a table, plus positions and segments.

    `positions` is the longest sequence (0: nothing limits it); `placed` says what is added for the place:
    rows of a learned table, sinusoids (Vaswani et al. 2017, section 3.5; "halves" keeps the sines before the
    cosines), or nothing. `scaled` multiplies the rows by sqrt(W); `normed` norms the sum.
    """

    vocab: int
    positions: int
    placed: Placed = "learned"
    segments: int = 0
    scaled: bool = False
    normed: bool = True

    def __post_init__(self) -> None:
        check_sizes(self, "vocab")
        check_sizes(self, *(("positions",) if self.placed != "none" else ()))
        check_sizes(self, "positions", "segments", least=0)
        check_choices(self, placed=Placed)
        check_flags(self, "scaled", "normed")


@dataclass(frozen=True, kw_only=True)
class PatchInput:
    """Square images to vectors: one for each patch, after a learned first one (Dosovitskiy et al. 2021)."""

    image: int
    patch: int
    channels: int

    def __post_init__(self) -> None:
        check_sizes(self, "image", "patch", "channels")
        if self.image % self.patch:
            raise ConfigError(f"image {self.image} is no multiple of patch {self.patch}; change one of them.")

    @property
    def positions(self) -> int:
        """Tokens of an image."""
        return (self.image // self.patch) ** 2 + 1


@dataclass(frozen=True, kw_only=True)
class FrameInput:
    """Spectrograms to vectors: two convolutions, the second of stride 2 (Radford et al. 2022)."""

    bands: int
    positions: int

    def __post_init__(self) -> None:
        check_sizes(self, "bands", "positions")


@dataclass(frozen=True, kw_only=True)
class Rotary:
    """Query and key turned by angles that grow with the place (Su et al. 2021).

    `scaling` stretches the angles for longer texts: all by `factor` (linear), or the slow ones only (llama3).
    """

    theta: float = 10000.0
    scaling: Scaling = "none"
    factor: float = 1.0
    low: float = 1.0
    high: float = 4.0
    original: int = 8192

    def __post_init__(self) -> None:
        check_numbers(self, "theta", "factor", "low", "high", least=1e-6, below=1e12)
        check_sizes(self, "original")
        check_choices(self, scaling=Scaling)
        if self.scaling == "llama3" and not self.low < self.high:
            raise ConfigError(f"low is {self.low}, high {self.high}; expected low below high.")


@dataclass(frozen=True, kw_only=True)
class Relative:
    """A learned shift of the scores for each bucket of distances (Raffel et al. 2020, section 2.1)."""

    buckets: int = 32
    distance: int = 128

    def __post_init__(self) -> None:
        check_sizes(self, "buckets", "distance")
        if self.buckets % 4 or self.buckets > LARGEST or self.distance <= self.buckets // 2:
            raise ConfigError(
                f"relative has {self.buckets} buckets up to distance {self.distance}; expected a multiple "
                "of 4, and a distance above half of it."
            )


@dataclass(frozen=True, kw_only=True)
class Biased:
    """Which linear maps and norms add a bias; `up` speaks for the gate too."""

    query: bool = True
    key: bool = True
    value: bool = True
    output: bool = True
    up: bool = True
    down: bool = True
    norm: bool = True

    def __post_init__(self) -> None:
        check_flags(self, *(field.name for field in fields(self)))


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """A stack of `depth` blocks of width W over one kind of input.

    `kv_heads` (keys and values may have fewer) and `head_width` are `heads` and W / heads where 0 is given.
    `score_scale` multiplies the scores (None: 1 / sqrt(K)). With a `window`, a token sees those at a distance
    below it, in the blocks that `local` marks (all, where it is empty); `local_rotary` turns those blocks.
    `first_norm` off leaves out the first norm of a pre-norm stack, whose input is normed already.
    """

    input: TokenInput | PatchInput | FrameInput
    width: int
    depth: int
    heads: int
    hidden: int
    kv_heads: int = 0
    head_width: int = 0
    activation: Activation = "gelu"
    gated: bool = False
    norm: NormKind = "layer"
    norm_at: NormAt = "post"
    norm_eps: float = 1e-12
    first_norm: bool = True
    biased: Biased = Biased()
    causal: bool = False
    cross: bool = False
    score_scale: float | None = None
    rotary: Rotary | None = None
    relative: Relative | None = None
    alibi: bool = False
    window: int | None = None
    local: tuple[bool, ...] = ()
    local_rotary: Rotary | None = None
    dropout: float = 0.0
    attention_dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes(self, "width", "depth", "heads", "hidden")
        check_sizes(self, "kv_heads", "head_width", least=0)
        check_choices(self, activation=Activation, norm=NormKind, norm_at=NormAt)
        check_flags(self, "gated", "first_norm", "causal", "cross", "alibi")
        check_numbers(self, "dropout", "attention_dropout", "norm_eps", least=0, below=1)
        if self.depth > DEEPEST:
            raise ConfigError(f"depth is {self.depth}; expected at most {DEEPEST} blocks.")
        if not self.head_width and self.width % self.heads:
            raise ConfigError(f"width {self.width} is no multiple of heads {self.heads}; change one of them.")
        object.__setattr__(self, "kv_heads", self.kv_heads or self.heads)
        object.__setattr__(self, "head_width", self.head_width or self.width // self.heads)
        if self.heads % self.kv_heads:
            raise ConfigError(f"heads {self.heads} is no multiple of kv_heads {self.kv_heads}; change one.")
        if (self.rotary or self.local_rotary) and self.head_width % 2:
            raise ConfigError(f"head_width is {self.head_width}; rotary positions need an even one.")
        if self.score_scale is not None:
            check_numbers(self, "score_scale", least=1e-6, below=1e6)
        if self.window is not None:
            check_sizes(self, "window")
        if self.local and (len(self.local) != self.depth or not all(type(x) is bool for x in self.local)):
            raise ConfigError(f"local marks {len(self.local)} blocks; expected {self.depth}, or none.")


@dataclass(frozen=True, kw_only=True)
class HeadConfig:
    """From token vectors to answers: of which tokens, through what, to how many `outputs`.

    `dense` is a map W -> W with its activation, `norm` a norm after it. `outputs` 0 leaves it at that.
    `tied` uses the token table as the last map, `scaled` divides by sqrt(W) before it.
    """

    of: Of = "tokens"
    dense: bool = False
    dense_biased: bool = True
    activation: Activation = "gelu"
    norm: bool = False
    outputs: int = 0
    biased: bool = True
    tied: bool = False
    scaled: bool = False

    def __post_init__(self) -> None:
        check_sizes(self, "outputs", least=0)
        check_choices(self, of=Of, activation=Activation)
        check_flags(self, "dense", "dense_biased", "norm", "biased", "tied", "scaled")


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """An encoder, a decoder, or both (then the decoder may look at the encoder), and a head.

    `shared` says that both read their tokens from one table.
    """

    encoder: StackConfig | None = None
    decoder: StackConfig | None = None
    head: HeadConfig | None = None
    shared: bool = False

    def __post_init__(self) -> None:
        check_flags(self, "shared")
        if self.encoder is None and self.decoder is None:
            raise ConfigError("neither encoder nor decoder is given; expected at least one of them.")
        if self.decoder is not None and self.decoder.cross != (self.encoder is not None):
            raise ConfigError(
                f"cross is {self.decoder.cross}; a decoder looks at an encoder, if there is one."
            )
        if self.encoder and self.decoder and self.encoder.width != self.decoder.width:
            raise ConfigError(f"widths {self.encoder.width} and {self.decoder.width}; expected equal ones.")
        if self.head and self.head.tied and not isinstance(self.last.input, TokenInput):
            raise ConfigError("a tied head needs an input of tokens; set tied to false.")

    @property
    def last(self) -> StackConfig:
        """The stack whose vectors the head sees."""
        found = self.decoder or self.encoder
        assert found is not None
        return found

    @property
    def first(self) -> StackConfig:
        """The stack that reads the text (image, sound)."""
        found = self.encoder or self.decoder
        assert found is not None
        return found
