"""Plain English for what learns from running text: an encyclopedia's articles and a programming manual."""

import gzip
import re
from collections import Counter
from collections.abc import Sequence

from heedful.lineage.outcome import Effort

FILE = "english/train.txt.gz"
WORD = re.compile(r"[a-z]+|[0-9]+|[.,;:!?]")
LETTERS = 5.6  # and spaces, for each word of this file


def sentences(effort: Effort, most: int) -> list[list[str]]:
    """Return about `most` lower-cased words and marks by paragraph, drawn evenly from the whole file."""
    with gzip.open(effort.file(FILE), "rt", encoding="utf-8") as lines:
        found = [line for line in lines if len(line) > 30]
    step = max(1, round(sum(map(len, found)) / LETTERS / most))
    return [WORD.findall(line.lower()) for line in found[::step]]


def frequent(texts: Sequence[Sequence[str]], at_least: int) -> list[str]:
    """Return the words that stand there at least so often, the most frequent first."""
    counts = Counter(word for text in texts for word in text)
    kept = [word for word, count in counts.items() if count >= at_least]
    return sorted(kept, key=lambda word: (-counts[word], word))
