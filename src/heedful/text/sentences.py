"""Sentences of a text by a few rules: end marks, what follows them, usual abbreviations."""

import re

END = re.compile(r"""(?<![.!?…])[.!?…]++["'”’»)\]]*+\s+""")  # each run of marks is tried once
WIDE = re.compile(rf"""{END.pattern}|[。！？]+[」』”]*\s*""")  # three times as slow
SHORT = re.compile(
    r"""(?:^|[\s("'“‘])(?:[A-Z]|Mrs?|Ms|Dr|Prof|St|Jr|Sr|Gen|Col|Capt|Lt|Sgt|Rev|Hon|Gov|Sen|Rep|vs|cf|e\.g|i\.e
    |al|No|[Vv]ol|Fig|pp?|ca|approx|Inc|Ltd|Co|Corp|U\.S|U\.K|a\.m|p\.m|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov
    |Dec)$""",
    re.VERBOSE,
)
REACH = 9  # characters before a full stop that an abbreviation can take


def sentences(text: str) -> list[str]:
    """Return the sentences in order, each with the white space behind it: joined they are the text.

    A mark ends one unless a small letter follows; a full stop does not after an initial or an abbreviation.
    """
    found, start = [], 0
    wide = not text.isascii() and any(mark in text for mark in "。！？")
    for match in (WIDE if wide else END).finditer(text):
        end = match.end()
        if end < len(text) and (text[end].islower() or shortened(text, match)):
            continue
        found.append(text[start:end])
        start = end
    if start < len(text):
        found.append(text[start:])
    return found


def shortened(text: str, match: re.Match[str]) -> bool:
    """Tell whether the mark is the full stop of an abbreviation."""
    if match.group().rstrip() != ".":
        return False
    return SHORT.search(text[max(0, match.start() - REACH) : match.start()]) is not None
