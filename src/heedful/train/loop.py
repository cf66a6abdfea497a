"""The training loop: batches in, a trained module out; killed anywhere, it goes on with the same bytes."""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor, nn

from heedful.core.precision import dtype
from heedful.errors import DataError
from heedful.estimator import Clock
from heedful.train.checkpoints import Keeper, give, put_back, weights
from heedful.train.cores import Objective, Replicas, fitting, pool
from heedful.train.optimizers import Optimizers, depth_of, place
from heedful.train.plan import Plan
from heedful.train.progress import Interrupt, Progress, Silent, Watch
from heedful.train.shares import share
from heedful.train.team import ALONE, Team

FIRST = 8  # batches that tell how many rows one usually has
Batches = Callable[[int], Sequence[Sequence[Any]]]
Evaluate = Callable[[], tuple[float, ...]]


def train(
    module: nn.Module,
    batches: Batches,
    objective: Objective,
    plan: Plan,
    clock: Clock | None = None,
    evaluate: Evaluate | None = None,
    keeper: Keeper | None = None,
    watch: Watch | None = None,
    team: Team = ALONE,
) -> Progress:
    """Minimise the mean of `objective(module, rows)` over the batches of one epoch after the other.

    `batches(epoch)` depends on the epoch alone. `evaluate` gives a score, larger is better, and the weights
    of the best one are left in `module`. Where the time is too short, the rate falls with the time that is
    used, so that it ends at 0 in any case. With a `keeper` the run goes on from its last checkpoint.
    """
    order = batches(0)
    if not order:
        raise DataError("there is nothing to train on: no batch has a row. Give more texts.")
    run = Run(module, objective, plan, len(order), keeper, watch or Silent(), team)
    first = order[:FIRST]
    progress = run.begin(clock, evaluate, sum(map(len, first)) // len(first))
    with pool(team.threads, team.within) as threads, Interrupt(keeper is not None) as interrupt:
        while not run.over():
            order = batches(progress.epoch) if progress.epoch else order
            run.begin_epoch()
            while progress.index < len(order) and not run.over():
                run.step(order[progress.index], threads)
                if plan.trials and int(progress.done * plan.trials) > len(progress.scores):
                    run.score(evaluate)
                run.save_if(interrupt.asked)
            if progress.index == len(order):
                progress.epoch, progress.index = progress.epoch + 1, 0
                if not plan.trials:
                    run.score(evaluate)
    run.end(evaluate)
    return progress


class Run:
    """One training under way: the module's copies, its optimisers, its best weights so far."""

    def __init__(
        self, module: nn.Module, objective: Objective, plan: Plan, epoch: int, keeper: Keeper | None,
        watch: Watch, team: Team,
    ) -> None:  # fmt: skip
        self.module, self.objective, self.plan, self.team = module, objective, plan, team
        self.keeper, self.watch = keeper, watch
        self.total: float = plan.steps or (plan.epochs or math.inf) * epoch
        self.learning = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
        self.best: dict[str, Tensor] = {}
        self.progress = Progress()

    def begin(self, clock: Clock | None, evaluate: Evaluate | None, rows: int) -> Progress:
        """Make the copies and optimisers, and take over the last checkpoint where there is one."""
        progress, plan, team = self.progress, self.plan, self.team
        found = self.keeper.latest() if self.keeper else None
        team.agree(found[1]["step"] if found else 0, "the step of the last checkpoint")
        if found:
            progress.restore(found[1])
            put_back(self.module, found[0]["model"])
            mine = weights(self.module)
            self.best = {name: share(value, mine[name]) for name, value in found[0].get("best", {}).items()}
        else:
            progress.parts = plan.parts or int(team.told(fitting(rows, team.threads, team.size))[0])
            if clock is not None and clock.seconds < math.inf:
                spare = plan.spare if evaluate else 0.0
                progress.budget = max(team.told(clock.left())[0] * (1 - spare), 1e-9)
        bf16 = dtype(plan.precision) == torch.bfloat16
        parts_here = team.parts(progress.parts)
        self.replicas = Replicas(self.module, parts_here, progress.parts, plan.seed, bf16, team.threads)
        self.optimizers = Optimizers(self.module, plan, team.threads)
        if found:
            self.optimizers.restore(found[0]["optimizers"])
        team.copy(list(self.module.state_dict().values()))
        return progress

    def begin_epoch(self) -> None:
        """Put the copies into training mode, and let learn what this epoch lets learn."""
        self.replicas.train()
        frozen = depth_of(self.module) - self.progress.epoch if self.plan.thaw else -1
        for replica in self.replicas.modules:
            for name, parameter in replica.named_parameters():
                parameter.requires_grad_(name in self.learning and place(name) >= frozen)

    def step(self, batch: Sequence[Any], threads: ThreadPoolExecutor) -> None:
        """Go down the gradient of one batch."""
        progress, begin = self.progress, time.monotonic()
        team = self.team
        found = self.replicas.backward(self.objective, batch, progress.step, threads, team.together)
        team.add(self.optimizers.parameters)
        loss, count = team.sum(*found)
        progress.done = progress.share(self.total)
        progress.factor = self.plan.factor(progress.done)
        progress.norm = self.optimizers.step(progress.factor, count or 1.0, threads, team.over_shares)
        progress.note(loss / (count or 1.0), count, *team.told(time.monotonic() - begin))
        self.watch.stepped(progress)

    def score(self, evaluate: Evaluate | None) -> None:
        """Score the module, if it can be, and copy its weights if none scored higher."""
        if evaluate is None:
            return
        begin, progress = time.monotonic(), self.progress
        self.module.eval()
        score = evaluate()
        self.module.train()
        progress.scores.append(score)
        if progress.best is None or score > progress.scores[progress.best]:
            progress.best = len(progress.scores) - 1
            self.best = {name: value.clone() for name, value in weights(self.module).items()}
        progress.scored = progress.step
        progress.seconds += self.team.told(time.monotonic() - begin)[0]
        self.watch.scored(progress)
        self.save()

    def save_if(self, asked: bool) -> None:
        """Write a checkpoint if it is time for one, or if the user asked to end here."""
        due = self.keeper is not None and self.keeper.due(self.progress.step)
        asked, due = (number > 0 for number in self.team.told(asked, due))
        if asked or due:
            self.save()
        if asked:
            raise KeyboardInterrupt

    def save(self) -> None:
        """Write a checkpoint."""
        if self.keeper is not None:
            groups = {"model": weights(self.module), "optimizers": self.optimizers.state()}
            groups |= {"best": self.best} if self.best else {}
            if self.team.first:
                self.keeper.save(self.progress.step, groups, self.progress.state())
            elif self.team.together:
                give(groups)

    def over(self) -> bool:
        """Is it at its end? Say why, where that is before the planned one."""
        progress, plan = self.progress, self.plan
        if progress.budget is not None and progress.seconds >= progress.budget and progress.step < self.total:
            planned, unit = (plan.epochs, "epochs") if plan.epochs else (plan.steps, "steps")
            done = progress.step / self.total * (planned or 0)
            progress.stopped = f"time ran out after {done:.1f} of {planned} {unit}" if planned else None
            return True
        without = len(progress.scores) - 1 - (progress.best or 0)
        if plan.patience and without >= plan.patience:
            progress.stopped = f"no better score in {without} trials"
            return True
        return progress.step >= self.total

    def end(self, evaluate: Evaluate | None) -> None:
        """Score the last weights, write the last checkpoint, and put the best weights back."""
        if self.progress.scored < self.progress.step:
            self.score(evaluate)
        self.save()
        if self.best:
            put_back(self.module, self.best)
        self.module.eval()
