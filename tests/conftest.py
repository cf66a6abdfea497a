"""Fixtures that every test may use."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Return a finder of files in the folder of real data (HEEDFUL_DATA, else beside the project)."""
    home = Path(os.environ.get("HEEDFUL_DATA", ROOT.parent / "shared" / "data"))

    def find(name: str) -> Path:
        path = home / name
        if not path.exists():
            pytest.skip(f"real data {name} is not here: set HEEDFUL_DATA to the folder that has it")
        return path

    return find


def fetched(name: str) -> Path:
    """Return the folder of a model in the local cache, or skip the test."""
    from heedful.catalogue import cached

    folder = cached(name)
    if folder is None:
        pytest.skip(f"{name} is not in the cache: run `heedful fetch {name}`")
    return folder


@pytest.fixture(scope="session")
def minilm() -> Path:
    """Return the folder of the real all-MiniLM-L6-v2 from the local cache."""
    return fetched("minilm")


@pytest.fixture(scope="session")
def mpnet() -> Path:
    """Return the folder of the real all-mpnet-base-v2 from the local cache."""
    return fetched("mpnet")


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """Return the folder of the real SmolLM2-135M-Instruct from the local cache."""
    return fetched("smollm2")
