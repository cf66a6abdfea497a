"""Vectors of a whole batch for one loss: encoded on all cores, and in little memory.

A loss that compares all rows of a batch cannot be taken of its parts. So the parts are encoded side by side,
the loss sees all vectors, and its gradient for them goes back through each part. Where a batch is large, the
parts are encoded once without a graph and again when their gradient is known (Gao et al. 2021, section 3.2).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor, nn

from heedful.train.cores import cores, draw_from, mixed, sharing

TOKENS = 1024  # of a part
GRAPHS = 16_384  # tokens of a batch whose graphs are kept; those of a larger one are made twice


class Together:
    """Encodes lists of token ids by copies of `module`, one a thread, that share its weights.

    Rows are cut into parts of about TOKENS tokens, whatever the number of threads: so the outcome does not
    depend on it, but for the order in which gradients are added. A context manager.
    """

    def __init__(
        self, module: nn.Module, seed: int, threads: int | None = None, graphs: int = GRAPHS
    ) -> None:
        self.module, self.seed, self.graphs = module, seed, graphs
        self.copies = [sharing(module) for _ in range(threads or cores())]
        self.generators = [torch.Generator() for _ in self.copies]
        self.pool = ThreadPoolExecutor(len(self.copies))
        self.bf16 = False
        for one, generator in zip(self.copies, self.generators, strict=True):
            draw_from(generator, one)

    def __enter__(self) -> "Together":
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()

    def __call__(self, rows: Sequence[Sequence[int]], key: int) -> Tensor:
        """Return the vectors (B, W) of rows of token ids; `key` is a number that seeds the dropout."""
        self.bf16 = torch.is_autocast_enabled("cpu")  # a thread does not take it over by itself
        anchor = next(one for one in self.module.parameters() if one.requires_grad)
        return Encoded.apply(anchor, self, list(rows), key)  # type: ignore[no-any-return, no-untyped-call]

    def parts(self, rows: Sequence[Sequence[int]]) -> list[list[int]]:
        """Return the numbers of the rows of each part: like lengths together."""
        found: list[list[int]] = [[]]
        total = 0
        for row in sorted(range(len(rows)), key=lambda one: len(rows[one])):
            if found[-1] and total + len(rows[row]) > TOKENS:
                found.append([])
                total = 0
            found[-1].append(row)
            total += len(rows[row])
        return found

    def run(self, work: Any, count: int) -> list[Any]:
        """Call `work(place, part)` for each part, each copy on a thread of its own; return what it gave."""
        copies = len(self.copies)

        def own(place: int) -> list[tuple[int, Any]]:
            self.copies[place].train(self.module.training)
            return [(part, work(place, part)) for part in range(place, count, copies)]

        done = [pair for pairs in self.pool.map(own, range(min(copies, count))) for pair in pairs]
        return [value for _, value in sorted(done, key=lambda pair: pair[0])]

    def vectors(self, place: int, rows: Sequence[Sequence[int]], key: int, part: int) -> Tensor:
        """Encode the rows of one part; the same key and part, the same dropout."""
        self.generators[place].manual_seed(mixed(self.seed, key, part))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            return self.copies[place](rows)  # type: ignore[no-any-return]

    def gather(self) -> None:
        """Add the copies' gradients to those of the module, in their order, and drop them."""
        for mine, *others in zip(*(one.parameters() for one in (self.module, *self.copies)), strict=True):
            for other in others:
                if other.grad is not None:
                    mine.grad = other.grad if mine.grad is None else mine.grad.add_(other.grad)
                    other.grad = None


class Encoded(torch.autograd.Function):
    """The vectors of a batch as one step of a graph, behind which each part has its own."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, team: Together, rows: list[Sequence[int]], key: int) -> Tensor:  # noqa: ARG004
        """Return vectors (B, W)."""
        parts = team.parts(rows)
        keep = sum(map(len, rows)) <= team.graphs

        def work(place: int, part: int) -> Tensor:
            with torch.set_grad_enabled(keep):
                return team.vectors(place, [rows[row] for row in parts[part]], key, part)

        found = team.run(work, len(parts))
        ctx.team, ctx.rows, ctx.key, ctx.parts = team, rows, key, parts
        ctx.found = found if keep else None
        order = torch.tensor([row for part in parts for row in part])
        vectors = torch.cat([one.detach() for one in found])
        return torch.empty_like(vectors).index_copy_(0, order, vectors)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, None, None, None]:
        """Leave the gradient of every weight in the first module."""
        team, parts = ctx.team, ctx.parts

        def work(place: int, part: int) -> None:
            with torch.enable_grad():
                if ctx.found is None:
                    vectors = team.vectors(place, [ctx.rows[row] for row in parts[part]], ctx.key, part)
                else:
                    vectors = ctx.found[part]
                vectors.backward(gradient[parts[part]])

        team.run(work, len(parts))
        team.gather()
        return None, None, None, None
