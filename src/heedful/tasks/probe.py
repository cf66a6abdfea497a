"""The frozen sentence encoder with a linear head: the cheapest use of a transformer."""

from heedful.estimator import Clock
from heedful.tasks.classifier import EncoderClassifier, as_dense
from heedful.tasks.embed import SentenceEncoder, encode_within
from heedful.train.linear import fit_linear
from heedful.types import Ints, Texts


class Probe(EncoderClassifier):
    """Logistic regression on the vectors of an encoder that stays as it is."""

    method = "probe"
    random = False
    fit_share = 0.55

    def __init__(self, model: str = "minilm") -> None:
        self.model = model

    def _fit(self, texts: Texts, targets: Ints, dev: tuple[list[str], Ints] | None, clock: Clock) -> None:
        encoder = SentenceEncoder.load(self.model)
        held_out = None if dev is None else (encoder.encode(dev[0]), dev[1])
        vectors, rows, stopped = encode_within(encoder, texts, targets, clock)
        head, cut = fit_linear(vectors, targets[rows], held_out, clock)
        self.stopped_ = stopped or cut
        encoder.after.append(as_dense(head))
        self.dev_logits_ = None if held_out is None else head.logits(held_out[0])
        self.encoder_ = encoder.eval()
