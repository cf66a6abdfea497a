"""Counts of terms, and the two files of a baseline's artefact: terms as JSON, tensors as safetensors."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_matrix

from heedful.errors import CheckpointError
from heedful.storage import read_json

TERMS = "vocabulary.json"
TENSORS = "model.safetensors"
LARGEST = 256 << 20  # bytes of a vocabulary.json that is read

Shapes = Callable[[int], dict[str, tuple[int, ...]]]


def numbered(terms: Iterable[str]) -> dict[str, int]:
    """Return the column of each term."""
    return {term: column for column, term in enumerate(terms)}


def count(documents: Iterable[Iterable[str]], columns: dict[str, int]) -> csr_matrix:
    """Return how often each known term stands in each document: (N, F) with at least one column."""
    found: list[int] = []
    ends = [0]
    for document in documents:
        found.extend(columns[term] for term in document if term in columns)
        ends.append(len(found))
    shape = (len(ends) - 1, max(1, len(columns)))
    counts = csr_matrix((np.ones(len(found)), np.array(found, dtype=np.int32), ends), shape=shape)
    counts.sum_duplicates()
    return counts


def write_parts(folder: Path, terms: list[str], tensors: dict[str, NDArray[np.float32]]) -> None:
    """Put the terms and the tensors into the folder."""
    (folder / TERMS).write_text(json.dumps(terms), encoding="ascii")
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, folder / TENSORS)


def read_parts(folder: Path, shapes: Shapes) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """Return what `write_parts` wrote; `shapes` says what is expected, given the number of terms."""
    terms = read_json(folder / TERMS, CheckpointError, LARGEST)
    if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms):
        raise CheckpointError(
            f"{folder / TERMS} is not a list of words. Train again or copy the folder again."
        )
    try:
        tensors = load_file(folder / TENSORS)
    except (OSError, SafetensorError) as problem:
        raise CheckpointError(
            f"{folder / TENSORS} cannot be read ({problem}). Copy the folder again."
        ) from None
    expected = shapes(len(terms))
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if found != expected:
        raise CheckpointError(
            f"{folder / TENSORS} holds {found}; expected {expected}. Copy the folder again or train again."
        )
    return terms, tensors
