"""Words of a text: the splitter, the n-grams and the vocabulary of the methods without a transformer."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

LONGEST = 64  # characters kept of one word: a megabyte without a space is no word
START, END = "<s>", "</s>"  # no word can look like these

MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e"  # vowel signs, accents
)
IDEOGRAMS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # scripts written without spaces
WORD = re.compile(
    rf"""[{IDEOGRAMS}]                        # one sign, one word
    | [^\W{IDEOGRAMS}]+(?=n['’]t\b)           # don't -> do n't, as in the Penn treebank
    | n['’]t\b
    | ['’](?:s|re|ve|ll|d|m)\b
    | (?:[^\W{IDEOGRAMS}]|[{MARKS}])+
    | (?P<mark>[^\w\s])(?P=mark)*             # a run of one punctuation mark: ! ... ))""",
    re.VERBOSE,
)


PLAIN = re.compile(rf"[{IDEOGRAMS}]|(?:[^\W_{IDEOGRAMS}]|[{MARKS}])+")
ASCII = re.compile("[a-z0-9]+")  # what PLAIN finds there, three times as fast


def plain_words(text: str) -> list[str]:
    """Split into lower-cased runs of letters and digits of any script, accents composed; no marks."""
    if text.isascii():
        return ASCII.findall(text.lower())
    return PLAIN.findall(unicodedata.normalize("NFC", text.lower()))


def words(text: str) -> list[str]:
    """Split into lower-cased words, contractions (`do` `n't`) and runs of one punctuation mark."""
    return [found.group().replace("’", "'")[:LONGEST] for found in WORD.finditer(text.lower())]


def grams(text: str) -> list[str]:
    """Return the words of a text and its pairs of neighbours, with a mark at either end."""
    found = words(text)
    if not found:
        return []
    padded = [START, *found, END]
    return found + [f"{left} {right}" for left, right in pairwise(padded)]


def vocabulary(documents: Iterable[Iterable[str]], at_least: int, at_most: int) -> list[str]:
    """Return the terms that stand in `at_least` documents, sorted; the `at_most` most frequent of them.

    Where no term is that frequent, all terms count.
    """
    frequency: Counter[str] = Counter()
    for document in documents:
        frequency.update(set(document))
    kept = [term for term, count in frequency.items() if count >= at_least] or list(frequency)
    if len(kept) > at_most:
        kept = sorted(kept, key=lambda term: (-frequency[term], term))[:at_most]
    return sorted(kept)
