"""What a checkpoint family is: tables between its files and the core, read in both directions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from heedful.core.config import StackConfig, TokenInput
from heedful.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Family:
    """One `model_type` of config.json.

    `keys`: our config field -> (their key, their default; None where the key must stand in the file).
    `values`: their key -> {their value: ours}, where the two differ.
    `holds`: what must stand in their config, or be absent, for the mathematics to be the core's.
    `tensors`: our parameter -> their tensor; `{i}` stands for the block's number.
    `prefixes`: what task models put before every name. `ignored`: tensors without parameters behind them.
    """

    name: str
    keys: Mapping[str, tuple[str, Any]]
    fixed: Mapping[str, Any]
    tensors: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    holds: Mapping[str, Any] = field(default_factory=dict)
    prefixes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    architecture: str = ""

    def read(self, theirs: Mapping[str, Any], pooler: bool) -> StackConfig:
        """Return the core's config for a parsed config.json; unknown keys are left alone."""
        for key, expected in self.holds.items():
            if theirs.get(key, expected) != expected:
                raise ConfigError(
                    f"{key} is {theirs[key]!r}; the core's {self.name} needs {expected!r}. Use another model."
                )
        found: dict[str, Any] = dict(self.fixed)
        for ours, (key, default) in self.keys.items():
            value = theirs.get(key, default)
            if value is None:
                raise ConfigError(
                    f"config.json of this {self.name} model lacks {key!r}; the file is incomplete."
                )
            found[ours] = self.translate(key, value)
        parts = {key.partition(".")[2]: value for key, value in found.items() if key.startswith("input.")}
        rest = {key: value for key, value in found.items() if not key.startswith("input.")}
        return StackConfig(input=TokenInput(**parts), pooler=pooler, **rest)

    def translate(self, key: str, value: Any) -> Any:
        """Return our word for a value of theirs."""
        table = self.values.get(key)
        if table is None:
            return value
        if not isinstance(value, str) or value not in table:
            raise ConfigError(f"{key} is {value!r}; expected one of {', '.join(table)}. Use another model.")
        return table[value]

    def write(self, config: StackConfig) -> dict[str, Any]:
        """Return the config.json that `read` turns back into `config`."""
        theirs: dict[str, Any] = {"model_type": self.name, "architectures": [self.architecture], **self.holds}
        for ours, (key, _) in self.keys.items():
            owner, _, name = ours.rpartition(".")
            value = getattr(config.input if owner else config, name)
            back = {mine: word for word, mine in reversed(list(self.values.get(key, {}).items()))}
            theirs[key] = back.get(value, value) if back else value
        return theirs

    def names(self, depth: int) -> dict[str, str]:
        """Return our parameter -> their tensor for a stack of `depth` blocks."""
        return {
            ours.replace("{i}", str(i)): theirs.replace("{i}", str(i))
            for ours, theirs in self.tensors.items()
            for i in (range(depth) if "{i}" in ours else (0,))
        }
