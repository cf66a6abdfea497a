"""What is minimised: functions from a module and rows to the sum of losses and how many were counted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from heedful.core.attention import Packed
from heedful.core.model import Transformer
from heedful.data.noise import UNASKED
from heedful.types import Ints

Loss = tuple[Tensor, float]


def laid(rows: Sequence[Ints]) -> tuple[Tensor, Packed]:
    """Lay B arrays of token ids end to end: (N,) and their layout."""
    return torch.from_numpy(np.concatenate(rows).astype(np.int64)), Packed(tuple(len(row) for row in rows))


def next_token(model: Transformer, rows: Sequence[Ints]) -> Loss:
    """Ask after each token for the next one (GPT); rows hold one token more than the model reads."""
    short, rows = rows[0], [row for row in rows if len(row) > 1]
    if not rows:
        return nothing(model, short)
    inputs, layout = laid([row[:-1] for row in rows])
    targets, _ = laid([row[1:] for row in rows])
    scores = model.scores(*model(inputs, layout))  # (N, V)
    return cross_entropy(scores.float(), targets, reduction="sum"), len(targets)


def nothing(model: Transformer, ids: Ints) -> Loss:
    """Return the loss where nothing is asked: 0, of which all gradients are 0."""
    return model.scores(*model(*laid([ids]))).sum() * 0, 0.0


def answered(model: Transformer, rows: Sequence[tuple[Ints, int]]) -> Loss:
    """Ask for the next token from place `start` on; rows are (tokens, start): what stands before is given."""
    inputs, layout = laid([ids[:-1] for ids, _ in rows])
    parts = [np.where(np.arange(1, len(ids)) < start, UNASKED, ids[1:]) for ids, start in rows]
    return asked(model, model(inputs, layout)[0], laid(parts)[0])


def masked(model: Transformer, rows: Sequence[tuple[Ints, Ints]]) -> Loss:
    """Ask for the tokens that were masked (BERT); rows are (inputs, targets), UNASKED where nothing is."""
    inputs, layout = laid([ids for ids, _ in rows])
    targets, _ = laid([wanted for _, wanted in rows])
    return asked(model, model(inputs, layout)[0], targets)


def asked(model: Transformer, states: Tensor, targets: Tensor) -> Loss:
    """Score only the places where something is asked: states (N, W), targets (N,)."""
    places = (targets != UNASKED).nonzero().flatten()
    scores = model.scores(states[places], Packed((len(places),)))
    loss = cross_entropy(scores.float(), targets[places], reduction="sum")
    return loss, len(places)


def sequence_to_sequence(
    model: Transformer, rows: Sequence[tuple[Ints, Ints]], start: int = 0, smoothing: float = 0.0
) -> Loss:
    """Ask for each token of the target, given the source and the target before it; `start` begins it.

    `smoothing` is the share of the wanted probability that all tokens divide (Szegedy et al. 2016).
    """
    source = laid([ids for ids, _ in rows])
    targets, layout = laid([wanted for _, wanted in rows])
    shifted, _ = laid([np.concatenate([[start], wanted[:-1]]) for _, wanted in rows])
    scores = model.scores(*model(*source, (shifted, layout)))  # (N, V)
    loss = cross_entropy(scores.float(), targets, reduction="sum", label_smoothing=smoothing)
    return loss, len(targets)


def one_of(scores: Tensor, targets: Any) -> Loss:
    """Ask for one class of each row: scores (B, C), targets (B,) of numbers."""
    wanted = torch.as_tensor(np.asarray(targets))
    return cross_entropy(scores.float(), wanted, reduction="sum"), len(wanted)


def any_of(scores: Tensor, targets: Any) -> Loss:
    """Ask about every class of each row for itself: scores and targets (B, C), targets 0 or 1."""
    wanted = torch.as_tensor(np.asarray(targets), dtype=torch.float32)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(scores.float(), wanted, reduction="sum")
    return loss / wanted.shape[1], len(wanted)


def amount(scores: Tensor, targets: Any) -> Loss:
    """Ask for a number of each row: scores (B, 1), targets (B,), squared error."""
    wanted = torch.as_tensor(np.asarray(targets), dtype=torch.float32)
    return (scores.float().flatten() - wanted).square().sum(), len(wanted)


def span(scores: Tensor, layout: Packed, targets: Any) -> Loss:
    """Ask where the answer begins and ends: scores (N, 2), targets (B, 2) of places in each sequence."""
    wanted = torch.as_tensor(np.asarray(targets))
    parts = torch.split(scores.float(), list(layout.lengths))
    losses = [
        cross_entropy(part.T, goal, reduction="sum") / 2 for part, goal in zip(parts, wanted, strict=True)
    ]
    return torch.stack(losses).sum(), len(losses)
