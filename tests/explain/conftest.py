"""Lessons that several tests look at."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from small import folder

from heedful.explain.see import Lesson, see

SENTENCE = "the bank of the river was muddy"


@pytest.fixture(scope="session")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Lesson]:
    """Return a maker of the lesson of a tiny model; bert's tokenizer adds its marks."""
    home: Path = tmp_path_factory.mktemp("tiny")
    return cache(lambda name: see(folder(name, home, marks=name == "bert"), SENTENCE))
