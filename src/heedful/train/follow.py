"""A training in a folder of its own: checkpoints, metrics, a line for the person who waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from heedful.estimator import Clock
from heedful.train.checkpoints import CHECKPOINTS, Keeper, put_back, weights
from heedful.train.cores import Objective
from heedful.train.loop import Batches, Evaluate, train
from heedful.train.metrics import Metrics
from heedful.train.peak import matrix_peak
from heedful.train.plan import Plan
from heedful.train.progress import Progress
from heedful.train.progress_line import Line
from heedful.train.team import ALONE, Team
from heedful.train.telling import LOSS, Telling

METRICS = "metrics.jsonl"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a training is kept and told: `out` gets checkpoints and metrics.

    `what` says what run it is, `keep` how many checkpoints stay, `pause` the seconds between two of them,
    `flops` the operations of a step for each token (None: unknown), `board` a folder for TensorBoard.
    """

    out: Path
    what: Mapping[str, Any]
    keep: int = 2
    pause: float = 120.0
    flops: float | None = None
    board: Path | None = None
    quiet: bool = False
    measures: tuple[tuple[str, float], ...] = LOSS


def follow(
    module: nn.Module, batches: Batches, objective: Objective, plan: Plan, seconds: float | None,
    evaluate: Evaluate, place: Place, team: Team = ALONE,
) -> tuple[Progress, Keeper]:  # fmt: skip
    """Train from where the folder stands, and write down how it goes."""
    keeper = Keeper(place.out / CHECKPOINTS, place.what, keep=place.keep, seconds=place.pause)
    found = keeper.latest()
    step, spent = (int(found[1]["step"]), float(found[1]["seconds"])) if found else (0, 0.0)
    metrics = Metrics(place.out / METRICS if team.first else None, place.board if team.first else None)
    metrics.resume(step)
    line = Line(
        plan.steps, seconds, done=step, spent=spent, flops_per_token=place.flops,
        peak=matrix_peak() if place.flops and not place.quiet else None, quiet=place.quiet or not team.first,
    )  # fmt: skip
    for note in keeper.notes:
        line.say(note)
    telling = Telling(metrics, line, plan, place.measures)
    with metrics:
        progress = train(module, batches, objective, plan, Clock(seconds), evaluate, keeper, telling, team)
    line.close()
    return progress, keeper


def take_mean(module: nn.Module, keeper: Keeper, count: int, evaluate: Evaluate) -> bool:
    """Take the mean of the last `count` scored checkpoints if it scores higher than the module; was it?"""
    score = evaluate()
    before = {name: value.clone() for name, value in weights(module).items()}
    put_back(module, keeper.average(count))
    if evaluate() < score:
        put_back(module, before)
        return False
    return True
