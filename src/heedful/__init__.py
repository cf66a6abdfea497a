"""Heedful: the transformer, whole. Every public name is imported when it is first used."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "compare": "heedful.compare.run",
    "Leaderboard": "heedful.compare.leaderboard",
    "load": "heedful.models",
    "Index": "heedful.search.index",
    "fetch": "heedful.catalogue",
    "FewShot": "heedful.tasks.fewshot",
    "ZeroShot": "heedful.tasks.zeroshot",
    "HeedfulError": "heedful.errors",
    "ConfigError": "heedful.errors",
    "CheckpointError": "heedful.errors",
    "TokenizerError": "heedful.errors",
    "DataError": "heedful.errors",
    "NotFittedError": "heedful.errors",
    "ServiceError": "heedful.errors",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'heedful' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
