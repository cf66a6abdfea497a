"""A text that is too long for a model, in parts that are not: cut between sentences, else words."""

import re
from bisect import bisect_left
from itertools import accumulate

from heedful.text.sentences import sentences
from heedful.text.tokenizer import Tokenizer, legal, told

BLANK = re.compile(r"\s+")


def parts(text: str, tokenizer: Tokenizer, most: int) -> list[str]:
    """Return a text in order in as few parts of about `most` tokens at most as good cuts allow.

    A part ends with a sentence, if one ends in its second half, else with a word; joined, the parts are the
    text without the white space around them.
    """
    text = legal(text).strip()
    with told("a text cannot be cut into tokens"):
        encoding = tokenizer.engine.encode(text, add_special_tokens=False)
    starts = [start for start, _ in encoding.offsets]
    if len(starts) <= most:
        return [text] if text else []
    stops = list(accumulate(map(len, sentences(text))))
    blanks = [match.end() for match in BLANK.finditer(text)]
    found, begin, token = [], 0, 0
    while token + most < len(starts):
        end = starts[token + most]
        middle = starts[token + most // 2]
        cut = last(stops, middle, end) or last(blanks, begin, end) or max(end, begin + 1)
        found.append(text[begin:cut].strip())
        begin, token = cut, max(token + 1, bisect_left(starts, cut, token))
    found.append(text[begin:].strip())
    return [part for part in found if part]


def last(places: list[int], low: int, high: int) -> int | None:
    """Return the last of the sorted places above `low` and up to `high`, if there is one."""
    at = bisect_left(places, high + 1) - 1
    return places[at] if at >= 0 and places[at] > low else None
