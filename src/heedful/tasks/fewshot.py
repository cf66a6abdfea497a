"""Few-shot learning after SetFit (Tunstall et al. 2022): contrast a few examples, then fit a linear head."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from heedful.estimator import Clock
from heedful.tasks.classifier import EncoderClassifier, as_dense
from heedful.tasks.embed import SentenceEncoder
from heedful.train.linear import fit_linear
from heedful.train.loop import train
from heedful.train.objectives import Loss
from heedful.train.plan import Plan
from heedful.types import Ints, Texts


class FewShot(EncoderClassifier):
    """Tunes the encoder on `shots` examples of each class, then fits a linear head on the same examples.

    Each text of a batch is encoded once, and every pair of them counts: cosine towards 1 within a class,
    towards 0 between classes, both kinds with equal weight. Dev sets the temperature only.
    """

    method = "fewshot"
    fit_share = 0.35

    def __init__(
        self,
        model: str = "minilm",
        shots: int = 8,
        steps: int = 60,
        rows: int = 16,
        rate: float = 2e-5,
        seed: int = 0,
    ) -> None:
        self.model = model
        self.shots = shots
        self.steps = steps
        self.rows = rows
        self.rate = rate
        self.seed = seed

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:  # noqa: ARG002
        torch.manual_seed(self.seed)
        random = np.random.default_rng(self.seed)
        chosen = choose(targets, self.shots, random)
        shown, classes = [texts[row] for row in chosen], targets[chosen]
        encoder = SentenceEncoder.load(self.model)
        encoder.requires_grad_(True)
        ids = encoder.tokenizer.encode(shown).ids

        def objective(module: nn.Module, rows: list[int]) -> Loss:
            return pair_loss(module([ids[row] for row in rows]), torch.tensor(classes[rows])), 1

        batches = [batch(classes, ids, self.rows, random) for _ in range(self.steps)]
        plan = Plan(epochs=1, rate=self.rate, parts=1, seed=self.seed)
        progress = train(encoder, lambda _: batches, objective, plan, clock)
        self.stopped_ = progress.stopped
        head, _ = fit_linear(encoder.encode(shown), classes, None, clock)
        encoder.after = nn.ModuleList([*encoder.after, as_dense(head)])
        self.encoder_ = encoder.eval()


def choose(targets: Ints, shots: int, random: np.random.Generator) -> Ints:
    """Return the rows of `shots` examples of each class, or of all it has."""
    rows = [np.flatnonzero(targets == target) for target in np.unique(targets)]
    return np.concatenate([random.permutation(found)[:shots] for found in rows])


def batch(classes: Ints, ids: list[list[int]], rows: int, random: np.random.Generator) -> list[int]:
    """Return about `rows` examples of at least two classes, two or more of each where it has them."""
    present = random.permutation(np.unique(classes))[: max(2, rows // 2)]
    each = max(2, rows // len(present))
    chosen = [random.permutation(np.flatnonzero(classes == one))[:each] for one in present]
    return sorted(np.concatenate(chosen).tolist(), key=lambda row: len(ids[row]))


def pair_loss(vectors: Tensor, classes: Tensor) -> Tensor:
    """Return the mean squared error of all cosines (B, B) from 1 within and 0 between classes."""
    unit = normalize(vectors, dim=-1)
    cosines = unit @ unit.T
    same = classes[:, None] == classes[None, :]
    others = ~torch.eye(len(classes), dtype=torch.bool)
    within = (1 - cosines[same & others]).square()
    between = cosines[~same].square()
    return sum((part.mean() for part in (within, between) if part.numel()), torch.zeros(()))
