"""An encoder and a fresh linear map on top, tuned end to end on windows of texts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from heedful.estimator import Clock
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.longtexts import Windows
from heedful.tasks.modules import Dense
from heedful.train.batches import shuffled
from heedful.train.checkpoints import Keeper
from heedful.train.loop import Evaluate, train
from heedful.train.lora import adapted
from heedful.train.objectives import Loss
from heedful.train.plan import Plan
from heedful.train.progress import Progress, Watch
from heedful.types import Ints

Asking = Callable[
    [Tensor, Any], Loss
]  # scores (B, C) and targets (B, ...) to the sum of losses and the count


def headed(model: str, outputs: int, seed: int) -> SentenceEncoder:
    """Return a pretrained encoder that ends in a fresh linear map; all of its weights learn."""
    torch.manual_seed(seed)
    encoder = SentenceEncoder.load(model)
    encoder.after = nn.ModuleList([Dense(encoder.stack.config.width, outputs)])
    encoder.requires_grad_(True)
    return encoder


def tune(
    encoder: nn.Module,
    windows: Windows,
    targets: NDArray[Any],
    asking: Asking,
    plan: Plan,
    rows: int,
    clock: Clock,
    evaluate: Evaluate | None,
    *,
    lora: int = 0,
    keeper: Keeper | None = None,
    watch: Watch | None = None,
) -> Progress:
    """Teach every window the target (N, ...) of its text, `rows` windows a step; each text counts once.

    With `lora`, low-rank updates of that rank learn in place of the blocks' weights, and are folded in.
    """
    random = np.random.default_rng(plan.seed)
    lengths = [len(ids) for ids in windows.ids]
    batches = [shuffled(lengths, rows, random) for _ in range(plan.epochs or 1)]

    def objective(module: nn.Module, picked: list[int]) -> Loss:
        segments = None if windows.segments is None else [windows.segments[one] for one in picked]
        scores = module([windows.ids[one] for one in picked], segments)
        owners = windows.owners[picked]
        return weighed(asking, scores, targets[owners], windows.counts[owners])

    with adapted(encoder, lora, plan.seed):
        progress = train(encoder, batches.__getitem__, objective, plan, clock, evaluate, keeper, watch)
    encoder.eval()
    return progress


def weighed(asking: Asking, scores: Tensor, targets: NDArray[Any], counts: Ints) -> Loss:
    """Return the loss of B windows, each worth 1 / `counts` (B,): that of its text's windows."""
    total, counted = torch.zeros(()), 0.0
    for count in np.unique(counts).tolist():
        places = np.flatnonzero(counts == count)
        loss, asked = asking(scores[places], targets[places])
        total, counted = total + loss / count, counted + asked / count
    return total, counted
