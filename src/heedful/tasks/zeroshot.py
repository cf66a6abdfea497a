"""Labels without examples: a text gets the label whose description its vector is nearest to."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from heedful.errors import DataError
from heedful.search.order import unit
from heedful.tasks.classifier import EncoderClassifier
from heedful.tasks.embed import SentenceEncoder
from heedful.tasks.modules import Dense, Normalize
from heedful.types import Texts, Vectors

Descriptions = Mapping[str, str | Sequence[str]]


class ZeroShot(EncoderClassifier):
    """Cosine of a text with the description of each label, times `sharpness`, through a softmax.

    A description is a sentence like those that are to get the label; several of one label are averaged.
    Held-out texts with labels (`dev`) set the temperature; without them `sharpness` is what suits MiniLM.
    """

    method = "zeroshot"
    random = False

    def __init__(self, model: str = "minilm", sharpness: float = 15.0) -> None:
        self.model = model
        self.sharpness = sharpness

    def fit(
        self,
        texts: Texts | None,  # noqa: ARG002
        labels: Descriptions | Sequence[str],  # type: ignore[override]
        *,
        dev: tuple[Texts, ArrayLike] | None = None,
        seconds: float | None = None,  # noqa: ARG002
    ) -> Self:
        """Take the descriptions of C labels, or their names alone; `texts` (None) are not looked at."""
        described = checked(labels)
        self.classes_ = np.array(sorted(described))
        self.temperature_, self.stopped_ = 1.0, None
        encoder = SentenceEncoder.load(self.model)
        means = [unit(encoder.encode(described[name])).mean(axis=0) for name in self.classes_.tolist()]
        self.encoder_ = self._headed(encoder, unit(np.stack(means)))
        held = None if dev is None else self._known(*dev)
        self.dev_logits_ = None if held is None else self.logits(held[0])
        if held is not None and self.dev_logits_ is not None:
            self.calibrate(self.dev_logits_, held[1])
        return self

    def _headed(self, encoder: SentenceEncoder, centres: Vectors) -> SentenceEncoder:
        """Put the cosines with the centres (C, W) at the end of the encoder."""
        dense = Dense(centres.shape[1], len(centres))
        with torch.no_grad():
            dense.linear.weight.copy_(torch.from_numpy(self.sharpness * centres))
            dense.linear.bias.zero_()
        encoder.after = nn.ModuleList([*encoder.after, Normalize(), dense])
        return encoder.eval()


def checked(labels: Descriptions | Sequence[str]) -> dict[str, list[str]]:
    """Return the descriptions of each label; a name alone describes itself."""
    if isinstance(labels, str) or not isinstance(labels, Mapping | list | tuple):
        raise DataError(
            f"found {labels!r:.60}; expected a mapping of labels to descriptions, or a list of labels."
        )
    given = labels if isinstance(labels, Mapping) else {name: name for name in labels}
    found = {str(name): [one] if isinstance(one, str) else one for name, one in given.items()}
    for name, texts in found.items():
        if (
            not isinstance(texts, list | tuple)
            or not all(isinstance(t, str) and t.strip() for t in texts)
            or not texts
        ):
            raise DataError(
                f"the description of {name!r} is {texts!r:.60}; expected a text, or a list of texts."
            )
    if len(found) < 2:
        raise DataError(f"found {len(found)} label; expected at least 2, each with a description.")
    return {name: list(texts) for name, texts in found.items()}
