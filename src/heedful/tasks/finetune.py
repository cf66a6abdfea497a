"""The encoder tuned end to end on the user's labels."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from heedful.core.attention import Attention
from heedful.core.precision import dtype
from heedful.estimator import Clock
from heedful.tasks.classifier import EncoderClassifier
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.modules import Dense
from heedful.train.batches import shuffled
from heedful.train.linear import score
from heedful.train.loop import Plan, train
from heedful.types import Ints, Texts


class Finetune(EncoderClassifier):
    """All weights learn, from a pretrained encoder and a fresh linear head; the best epoch on dev is kept.

    `rate` is the peak learning rate, `rows` the texts in a batch, `precision` that of training.
    """

    method = "finetune"
    fit_share = 0.75

    def __init__(
        self,
        model: str = "minilm",
        epochs: int = 3,
        rate: float = 1e-4,
        rows: int = 32,
        precision: str = "auto",
        seed: int = 0,
    ) -> None:
        self.model = model
        self.epochs = epochs
        self.rate = rate
        self.rows = rows
        self.precision = precision
        self.seed = seed

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:
        torch.manual_seed(self.seed)
        random = np.random.default_rng(self.seed)
        encoder = SentenceEncoder.load(self.model)
        encoder.after = nn.ModuleList([Dense(encoder.stack.config.width, len(self.classes_))])
        encoder.requires_grad_(True)
        for part in encoder.modules():
            if isinstance(part, Attention):
                part.dropout = 0.0  # dropout on the weights would exclude the fused kernel
        ids = encoder.tokenizer.encode(texts).ids
        lengths = [len(sequence) for sequence in ids]
        kind = dtype(self.precision)

        def loss(module: nn.Module, rows: list[int]) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16, enabled=kind == torch.bfloat16):
                logits = module([ids[row] for row in rows])
            return cross_entropy(logits.float(), torch.tensor(targets[rows]))

        def evaluate() -> tuple[float, float]:
            assert dev is not None
            return score(encoder.encode(dev[0]).astype(np.float64), dev[1])

        plan = Plan(epochs=self.epochs, rate=self.rate)
        batches = [shuffled(lengths, self.rows, random) for _ in range(self.epochs)]
        self.progress_ = train(
            encoder, batches.__getitem__, loss, plan, clock, None if dev is None else evaluate
        )
        self.stopped_ = self.progress_.stopped
        self.encoder_ = encoder.eval()
