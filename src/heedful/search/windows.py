"""Long texts for encoders that read only a beginning: in windows, whose vectors are averaged."""

import numpy as np

from heedful.errors import ConfigError
from heedful.search.intake import Truncating
from heedful.search.probe import encoded
from heedful.types import Encoder, Texts, Vectors

SHORTEST = 8  # words of a window that is not halved any more


class Windowed:
    """An encoder of whole texts: the vector is the mean of the windows' vectors of length 1, by their words.

    Windows have at most `words` words and share `overlap` of them; one that the encoder would still cut is
    halved, again and again.
    """

    def __init__(self, encoder: Encoder, words: int = 128, overlap: int = 16) -> None:
        if not 0 <= overlap < words:
            raise ConfigError(f"windows of {words} words that share {overlap}; expected fewer shared ones.")
        self.encoder, self.words, self.overlap = encoder, words, overlap

    def encode(self, texts: Texts) -> Vectors:
        """Return one vector per text: (N, W)."""
        windows = [self.windows(text) for text in texts]
        flat = [window for some in windows for window in some]
        if not flat:
            return np.asarray(self.encoder.encode(list(texts)), dtype=np.float32)
        weights = np.array([max(1, len(window.split())) for window in flat], dtype=np.float32)
        vectors = encoded(self.encoder, flat) * weights[:, None]
        starts = np.cumsum([0, *map(len, windows)])[:-1]
        return np.asarray(np.add.reduceat(vectors, starts, axis=0), dtype=np.float32)

    def windows(self, text: str) -> list[str]:
        """Return the windows of a text; a short one is its own."""
        words = text.split()
        step = self.words - self.overlap
        last = max(1, len(words) - self.overlap)
        cut = [words[start : start + self.words] for start in range(0, last, step)]
        whole = [text] if len(cut) == 1 else [" ".join(some) for some in cut]
        return [part for window in whole for part in self._read(window)]

    def _read(self, window: str) -> list[str]:
        """Return a window, or its halves where the encoder would cut it."""
        words = window.split()
        if len(words) <= SHORTEST or not isinstance(self.encoder, Truncating):
            return [window]
        if not self.encoder.truncated([window]):
            return [window]
        middle = len(words) // 2
        return [*self._read(" ".join(words[:middle])), *self._read(" ".join(words[middle:]))]

    def truncated(self, texts: Texts) -> int:
        """Count the texts of which something is still not seen: words without end."""
        if not isinstance(self.encoder, Truncating):
            return 0
        return sum(self.encoder.truncated(self.windows(text)) > 0 for text in texts)
