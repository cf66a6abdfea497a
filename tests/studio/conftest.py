"""A service in its own process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

Service = tuple[subprocess.Popen[str], str]


@contextmanager
def started() -> Iterator[Service]:
    script = Path(__file__).parent / "wordy.py"
    process = subprocess.Popen(
        [sys.executable, script, "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """Yield the process of a service of `wordy.Wordy` on a free port, and its address."""
    with started() as found:
        yield found


@pytest.fixture
def own_service() -> Iterator[Service]:
    """The same for one test alone, which may end it."""
    with started() as found:
        yield found
