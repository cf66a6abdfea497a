"""Vectors of a batch that is encoded in parts: the same as of the whole, and so are the gradients."""

import copy

import pytest
import torch
from tasks.scribe import folder
from torch import Tensor

from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.embedding_losses import ranking
from heedful.train import together as parts
from heedful.train.cores import draw_from
from heedful.train.together import Together

ROWS = [[3 + (7 * row + step) % 300 for step in range(1 + row % 9)] for row in range(24)]
OPEN = torch.ones(12, 12, dtype=torch.bool)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> SentenceEncoder:
    """A tiny encoder with dropout, in training mode; its parts are small."""
    monkeypatch.setattr(parts, "TOKENS", 20)
    encoder = SentenceEncoder.load(folder("bert"))
    encoder.requires_grad_(True)
    return encoder.train()


def loss(vectors: Tensor) -> Tensor:
    return ranking(vectors[:12], vectors[12:], OPEN)


def gradients(encoder: SentenceEncoder) -> list[Tensor]:
    found = [torch.zeros(()) if one.grad is None else one.grad.clone() for one in encoder.parameters()]
    encoder.zero_grad()
    return found


def taken(encoder: SentenceEncoder, threads: int, graphs: int, key: int = 1) -> tuple[float, list[Tensor]]:
    with Together(encoder, seed=5, threads=threads, graphs=graphs) as together:
        found = loss(together(ROWS, key))
        found.backward()  # type: ignore[no-untyped-call]
    return found.item(), gradients(encoder)


def still(encoder: SentenceEncoder) -> SentenceEncoder:
    """Without dropout."""
    plain = copy.deepcopy(encoder)
    for module in plain.modules():
        if hasattr(module, "level"):
            module.level = 0
    return plain


@pytest.mark.parametrize("graphs", [10_000, 0])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_gradient_is_that_of_one_graph(encoder: SentenceEncoder, threads: int, graphs: int) -> None:
    plain = still(encoder)
    draw_from(torch.Generator(), plain)
    whole = loss(plain(ROWS))
    whole.backward()  # type: ignore[no-untyped-call]
    wanted = gradients(plain)
    value, found = taken(plain, threads, graphs)
    assert abs(value - whole.item()) < 1e-5
    assert max(float((a - b).abs().max()) for a, b in zip(found, wanted, strict=True)) < 1e-5
    assert max(float(one.abs().max()) for one in wanted) > 1e-3


def test_dropout_depends_on_the_key_alone(encoder: SentenceEncoder) -> None:
    value, found = taken(encoder, 1, 10_000)
    for threads, graphs in ((3, 10_000), (2, 0)):
        again, others = taken(encoder, threads, graphs)
        assert again == pytest.approx(value, abs=1e-5)
        assert max(float((a - b).abs().max()) for a, b in zip(found, others, strict=True)) < 1e-5
    assert taken(encoder, 1, 10_000, key=2)[0] != pytest.approx(value, abs=1e-4)
    assert taken(still(encoder), 1, 10_000)[0] != pytest.approx(value, abs=1e-4)


def test_each_thread_takes_the_precision_over(encoder: SentenceEncoder) -> None:
    plain = still(encoder)
    with Together(plain, seed=5, threads=2) as together:
        whole = together(ROWS, 1)
        with torch.autocast("cpu", torch.bfloat16):
            halves = together(ROWS, 1)
        assert 1e-4 < (whole - halves).abs().max().item() < 0.2
        assert whole.detach().equal(together(ROWS, 1).detach())
