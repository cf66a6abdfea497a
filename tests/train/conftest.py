"""Fixtures of the tests that kill trainings: they share the process that imports everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from killing import Victims, Whole, write_problem


@pytest.fixture(scope="session")
def victims() -> Iterator[Victims]:
    """Run commands in processes that may be killed."""
    server = Victims()
    yield server
    server.close()


@pytest.fixture(scope="session")
def problem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a corpus and a recipe."""
    return write_problem(tmp_path_factory.mktemp("problem"))


@pytest.fixture(scope="session")
def whole(victims: Victims, problem: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Return a run that nothing disturbed."""
    return Whole(victims, problem, "clm", tmp_path_factory.mktemp("whole"))
