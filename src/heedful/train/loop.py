"""One training loop: batches in, the best weights left in the module."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from heedful.estimator import Clock
from heedful.train.cores import Replicas, pool


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how fast: `rate` rises over the first `warmup` share of the steps, then falls to 0."""

    epochs: int
    rate: float
    warmup: float = 0.1
    weight_decay: float = 0.01
    clip: float = 1.0
    divisible: bool = True  # is the loss of a batch the mean over its rows?


@dataclass
class Progress:
    """What happened: losses by step, scores by epoch, and why training ended early (None if it did not)."""

    losses: list[float] = field(default_factory=list)
    scores: list[tuple[float, ...]] = field(default_factory=list)
    best_epoch: int | None = None
    stopped: str | None = None


def train(
    module: nn.Module,
    batches: Callable[[int], Sequence[Sequence[Any]]],
    loss: Callable[[nn.Module, Any], Tensor],
    plan: Plan,
    clock: Clock,
    evaluate: Callable[[], tuple[float, ...]] | None = None,
) -> Progress:
    """Minimise `loss(module, rows)` over `batches(epoch)` with AdamW (Loshchilov and Hutter 2019).

    After each epoch `evaluate` gives a score, larger is better, and the weights of the best epoch are left
    in `module`. Where the time is too short for all epochs, fewer steps are planned, so that the rate
    still falls to 0. With `plan.divisible` the rows of a batch go to all cores.
    """
    optimizer = adamw(module, plan)
    first = batches(0)
    steps = plan.epochs * len(first)
    schedule, progress, best = Schedule(plan, steps), Progress(), Best()
    replicas = Replicas(module, len(first[0]) if plan.divisible else 1)
    for epoch in range(plan.epochs):
        replicas.train()
        with pool() as threads:
            for batch in batches(epoch):
                if len(progress.losses) >= schedule.total or clock.left() < 0:
                    progress.stopped = "time ran out"
                    break
                progress.losses.append(replicas.backward(loss, batch, threads))
                step(module, optimizer, schedule.rate(len(progress.losses) - 1), plan)
                schedule.replan(len(progress.losses), clock)
        module.eval()
        if evaluate is not None:
            best.offer(evaluate(), epoch, module, progress)
        if progress.stopped:
            done = len(progress.losses) / steps * plan.epochs
            progress.stopped = f"time ran out after {done:.1f} of {plan.epochs} epochs"
            break
    best.restore(module)
    return progress


class Best:
    """A copy of the weights that scored highest."""

    def __init__(self) -> None:
        self.score: tuple[float, ...] = ()
        self.weights: dict[str, Tensor] = {}

    def offer(self, score: tuple[float, ...], epoch: int, module: nn.Module, progress: Progress) -> None:
        """Note the score, and copy the weights if it is the highest so far."""
        progress.scores.append(score)
        if score > self.score:
            self.score, progress.best_epoch = score, epoch
            self.weights = {name: value.detach().clone() for name, value in module.state_dict().items()}

    def restore(self, module: nn.Module) -> None:
        """Put the copy back; without one the module stays as it is."""
        if self.weights:
            module.load_state_dict(self.weights)


def step(module: nn.Module, optimizer: torch.optim.Optimizer, rate: float, plan: Plan) -> None:
    """Go down the gradient, and drop it."""
    nn.utils.clip_grad_norm_(module.parameters(), plan.clip)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def adamw(module: nn.Module, plan: Plan) -> torch.optim.AdamW:
    """Return the optimiser; vectors (biases, norms) do not decay."""
    learned = [parameter for parameter in module.parameters() if parameter.requires_grad]
    matrices = [parameter for parameter in learned if parameter.ndim > 1]
    vectors = [parameter for parameter in learned if parameter.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": plan.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=plan.rate, fused=True)


class Schedule:
    """Linear warm-up, then linear decay to 0 at `total` steps."""

    def __init__(self, plan: Plan, total: int) -> None:
        self.plan = plan
        self.asked = self.total = total
        self.every = max(1, min(20, total // 10))  # steps between two looks at the clock
        self.begin = time.monotonic()

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        warm = max(1, round(self.plan.warmup * self.total))
        return self.plan.rate * min(
            (step + 1) / warm, max(0.0, (self.total - step) / max(1, self.total - warm))
        )

    def replan(self, done: int, clock: Clock) -> None:
        """Plan as many steps as the time allows at the pace so far, never more than were asked for.

        A tenth of the time is left for evaluation. With time enough the plan stays as it was.
        """
        if done % self.every == 0 and clock.seconds < float("inf"):
            affordable = int(clock.left() * 0.9 / ((time.monotonic() - self.begin) / done))
            self.total = min(self.asked, done + max(0, affordable))
