"""What a checkpoint family is: tables between its files and the core, read in both directions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from heedful.core.config import (
    Biased,
    HeadConfig,
    Relative,
    Rotary,
    StackConfig,
    TokenInput,
    TransformerConfig,
)  # fmt: skip
from heedful.errors import ConfigError

PARTS = {"biased": Biased, "relative": Relative, "rotary": Rotary, "local_rotary": Rotary}
HABITS = (  # of tokenizer and task, not of the mathematics: carried along as they are
    "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "cls_token_id", "decoder_start_token_id",
    "forced_bos_token_id", "forced_eos_token_id", "suppress_tokens", "begin_suppress_tokens",
    "bad_words_ids", "id2label", "label2id", "problem_type",
)  # fmt: skip
REQUIRED = object()

Config = dict[str, Any]
Fields = Mapping[str, Any]  # our field, dots lead into its parts -> a Key, or a value that is always so


@dataclass(frozen=True)
class Key:
    """Where a value stands in config.json: `name` (dots lead inwards), and what its absence means.

    `values` translates their words, each to one of ours. `read` and `write` are an inverse pair.
    An `optional` one is not written where it, and those beside it, have their defaults.
    """

    name: str
    default: Any = REQUIRED
    values: Mapping[Any, Any] | None = None
    read: Callable[[Any], Any] = lambda value: value
    write: Callable[[Any], Any] = lambda value: value
    optional: bool = False

    def ours(self, theirs: Mapping[str, Any]) -> Any:
        """Return our value for what stands in their config."""
        found: Any = theirs
        for part in self.name.split("."):
            found = found.get(part, REQUIRED) if isinstance(found, Mapping) else REQUIRED
        found = self.default if found is REQUIRED else found
        if found is REQUIRED:
            raise ConfigError(f"config.json lacks {self.name!r}; the file is incomplete. Copy it again.")
        if self.values is None:
            return self.read(found)
        if isinstance(found, list | dict) or found not in self.values:
            words = ", ".join(map(str, self.values))
            raise ConfigError(f"{self.name} is {found!r:.100}; expected one of {words}. Use another model.")
        return self.values[found]


@dataclass(frozen=True)
class Stored:
    """How a parameter lies in the file. Reading undoes, in this order: dimensions of length one in front
    (`squeezed`), `transposed`, the place in `part` = (index, count) of the first dimension, `skipped` rows.

    `also` are other names for it. `ungated` is its name where the feed-forward has no gate. A parameter that
    is not in the file is an error, or, if it may be `zero`, zero.
    """

    name: str
    also: tuple[str, ...] = ()
    squeezed: int = 0
    transposed: bool = False
    part: tuple[int, int] | None = None
    skipped: int = 0
    ungated: str = ""
    zero: bool = False


Tensors = Mapping[str, str | Stored]  # our parameter -> their tensor; {i} is the block's number


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """One class of models in a family: its head and that head's tensors, and which stacks it has."""

    head: Fields | None = None
    tensors: Tensors = field(default_factory=dict)
    stacks: tuple[str, ...] = ("encoder", "decoder")


def todays(config: Config) -> None:
    """Leave a config as it is."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """One `model_type` of config.json.

    `holds`: what must stand in their config, or be absent, for the mathematics to be the core's.
    `older`: brings the config of an older file to today's keys. `ignored`: patterns of tensors without
    parameters behind them. `bare`: the class without a head.
    """

    name: str
    bare: str
    encoder: Fields | None = None
    decoder: Fields | None = None
    architectures: Mapping[str, Architecture]
    tensors: Tensors
    prefix: str = ""
    holds: Mapping[str, Any] = field(default_factory=dict)
    older: Callable[[Config], None] = todays
    ignored: tuple[str, ...] = ()

    def read(self, theirs: Mapping[str, Any], architecture: str, head: bool = True) -> TransformerConfig:
        """Return the core's config for a parsed config.json; unknown keys are left alone."""
        config = dict(theirs)
        kind = self.architectures[architecture]
        try:
            self.older(config)
            for key, expected in self.holds.items():
                if config.get(key, expected) != expected:
                    raise ConfigError(
                        f"{key} is {config[key]!r:.100}; this core needs {expected!r}. Use another model."
                    )
            stacks = {
                name: stack(fields, config)
                for name, fields in (("encoder", self.encoder), ("decoder", self.decoder))
                if fields is not None and name in kind.stacks
            }
            found = HeadConfig(**plain(kind.head, config)) if kind.head is not None and head else None
            inputs = [one.input for one in stacks.values()]
            shared = len(inputs) == 2 and all(isinstance(one, TokenInput) for one in inputs)
            return TransformerConfig(**stacks, head=found, shared=shared)
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError, ZeroDivisionError) as problem:
            raise ConfigError(
                f"config.json has a value of the wrong kind ({problem}). Copy it again."
            ) from None

    def write(self, config: TransformerConfig, architecture: str, habits: Mapping[str, Any]) -> Config:
        """Return the config.json that `read` turns back into `config`."""
        theirs: Config = {"model_type": self.name, "architectures": [architecture], **habits, **self.holds}
        wanted: dict[str, list[tuple[Key, Any]]] = {}
        parts = ((self.encoder, config.encoder), (self.decoder, config.decoder),
                 (self.architectures[architecture].head, config.head))  # fmt: skip
        for fields, ours in parts:
            for path, key in (fields or {}).items() if ours is not None else ():
                if isinstance(key, Key):
                    wanted.setdefault(key.name, []).append((key, value_at(ours, path)))
        values = {name: their_value(pairs) for name, pairs in wanted.items()}
        usual = {
            n for n, pairs in wanted.items() if pairs[0][0].optional and values[n] == pairs[0][0].default
        }
        owners = {
            n.rpartition(".")[0] for n, pairs in wanted.items() if pairs[0][0].optional and n not in usual
        }
        for name, value in values.items():
            if name not in usual or name.rpartition(".")[0] in owners - {""}:
                put(theirs, name, value)
        return theirs

    def names(self, ours: list[str], architecture: str, gated: bool) -> dict[str, Stored]:
        """Return where each of our parameters lies, without the architecture's prefix."""
        table = {**self.tensors, **self.architectures[architecture].tensors}
        found = {}
        for name in ours:
            number = next((part for part in name.split(".") if part.isdigit()), "")
            entry = table.get(name.replace(f".{number}.", ".{i}.", 1) if number else name)
            if entry is None:
                raise ConfigError(f"a {self.name} file has no place for {name!r}. Save it in another form.")
            stored = entry if isinstance(entry, Stored) else Stored(entry)
            title = stored.ungated if stored.ungated and not gated else stored.name
            also = tuple(one.replace("{i}", number) for one in stored.also)
            found[name] = replace(stored, name=title.replace("{i}", number), also=also)
        return found


def stack(fields: Fields, theirs: Mapping[str, Any]) -> StackConfig:
    """Return a stack's config, its parts built from the fields that lead into them."""
    flat = plain(fields, theirs)
    kinds = {**PARTS, "input": flat.pop("input", TokenInput)}
    parts: dict[str, dict[str, Any]] = {}
    for path in [path for path in flat if "." in path]:
        owner, _, name = path.partition(".")
        parts.setdefault(owner, {})[name] = flat.pop(path)
    return StackConfig(**flat, **{owner: kinds[owner](**given) for owner, given in parts.items()})


def plain(fields: Fields, theirs: Mapping[str, Any]) -> Config:
    """Return the fields with our values."""
    return {path: key.ours(theirs) if isinstance(key, Key) else key for path, key in fields.items()}


def value_at(config: Any, path: str) -> Any:
    """Return the value that a dotted path leads to."""
    for part in path.split("."):
        config = getattr(config, part)
    return config


def their_value(pairs: list[tuple[Key, Any]]) -> Any:
    """Return the one value from which all of our fields that share a key can be read back."""
    key, ours = pairs[0]
    if key.values is None:
        return key.write(ours)
    words = [
        word for word in key.values if all((one.values or {}).get(word) == value for one, value in pairs)
    ]
    if not words:
        raise ConfigError(f"{key.name}: this kind of file has no word for {ours!r}. Save it in another form.")
    return words[0]


def put(theirs: Config, name: str, value: Any) -> None:
    """Set a dotted key, making the objects on the way."""
    *owners, last = name.split(".")
    for owner in owners:
        theirs = theirs.setdefault(owner, {})
    theirs[last] = value


def labels(config: Config) -> None:
    """Count the labels that a config names: files leave out the number."""
    named = config.get("id2label")
    config.setdefault("num_labels", len(named) if isinstance(named, Mapping) else 2)


def both(table: Mapping[str, str], ours: str = "", theirs: str = "") -> dict[str, str | Stored]:
    """Return a table of modules as one of their weights and biases, with `ours` and `theirs` put in front."""
    return {
        f"{ours}{mine}.{kind}": f"{theirs}{other}.{kind}"
        for mine, other in table.items()
        for kind in ("weight", "bias")
    }


def fused(
    names: tuple[str, ...], ours: str, theirs: str, transposed: bool = False
) -> dict[str, str | Stored]:
    """Return a table of maps that the file keeps as one, end to end (`transposed`: the other way round)."""
    return {
        f"{ours}{name}.{kind}": Stored(
            f"{theirs}.{kind}", transposed=transposed and kind == "weight", part=(place, len(names))
        )
        for place, name in enumerate(names)
        for kind in ("weight", "bias")
    }


LABELS = Key("num_labels", 2, optional=True)
ACTIVATIONS = {
    "gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu_fast": "gelu_tanh",
    "relu": "relu", "silu": "silu", "swish": "silu", "tanh": "tanh",
}  # fmt: skip
