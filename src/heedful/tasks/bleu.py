"""How good translations are: BLEU (Papineni et al. 2002) and chrF (Popović 2015) as sacrebleu gives them.

The intervals are bootstraps over the sentences (Koehn 2004). All scores are of 0 to 100.
"""

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from heedful.errors import ConfigError, DataError
from heedful.intervals import interval
from heedful.text.words import IDEOGRAMS
from heedful.types import Floats, Ints, Texts

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU

RESAMPLES = 1000
TOKENIZERS = ("13a", "intl", "zh", "char", "none")  # those of sacrebleu that need nothing else
EDGES = (5, 10, 15, 20, 30)  # the most words of a bucket
ORDER, RECALL = 6, 4.0  # chrF: the longest n-gram in characters, and beta squared


def bleu(hypotheses: Texts, references: Texts, tokenize: str = "13a") -> float:
    """Return the BLEU of N hypotheses against one reference each, and nothing else: cheap."""
    check(hypotheses=hypotheses, references=references)
    return float(metric(tokenize).corpus_score(list(hypotheses), [references]).score)


def scores(hypotheses: Texts, references: Texts, tokenize: str = "13a") -> dict[str, Any]:
    """Return BLEU and chrF of N hypotheses against one reference each, with 95 % intervals and signatures.

    `tokenize` parts words for BLEU; chrF needs none.
    """
    from sacrebleu.metrics.chrf import CHRF

    check(hypotheses=hypotheses, references=references)
    words, letters = metric(tokenize), CHRF()
    found = figures(matches(words, hypotheses, references))
    value = float(letters.corpus_score(list(hypotheses), [references]).score)
    drawn = chrf(resampled(letter_matches(hypotheses, references)))
    return {
        "sentences": len(hypotheses),
        "bleu": {**found, "signature": str(words.get_signature())},
        "chrf": {**told(value, drawn), "signature": str(letters.get_signature())},
    }


def difference(first: Texts, second: Texts, references: Texts, tokenize: str = "13a") -> dict[str, float]:
    """Return the BLEU of a system minus that of another on the same sentences, with its 95 % interval.

    Both are scored on the same draws: the interval is of the difference.
    """
    check(**{"first hypotheses": first, "second hypotheses": second, "references": references})
    words = metric(tokenize)
    counts = [matches(words, hypotheses, references) for hypotheses in (first, second)]
    values, drawn = [whole(each) for each in counts], [draws(each) for each in counts]
    return told(values[0] - values[1], drawn[0] - drawn[1])


def by_length(
    sources: Texts, hypotheses: Texts, references: Texts, tokenize: str = "13a"
) -> list[dict[str, Any]]:
    """Return BLEU, its interval and the number of sentences by words of the source, the shortest first.

    Lengths that no source has are left out. A source of no word counts to the shortest.
    """
    check(sources=sources, hypotheses=hypotheses, references=references)
    counts = matches(metric(tokenize), hypotheses, references)
    places = np.searchsorted(EDGES, [length(source) for source in sources])
    found = []
    for place, (low, high) in enumerate(zip((0, *EDGES), (*EDGES, None), strict=True)):
        rows = places == place
        if rows.any():
            name = f"over {low}" if high is None else f"{low + 1} to {high}" if low else f"up to {high}"
            found.append({"words": name, "sentences": int(rows.sum()), **figures(counts[rows])})
    return found


def metric(tokenize: str) -> "BLEU":
    """Return sacrebleu's BLEU, which says nothing about texts that look tokenised."""
    if tokenize not in TOKENIZERS:
        raise ConfigError(f"tokenize is {tokenize!r}; expected one of {', '.join(TOKENIZERS)}.")
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize=tokenize, force=True)


def check(**texts: Texts) -> None:
    """Raise DataError unless these are lists of as many strings, and there are any."""
    for name, each in texts.items():
        if isinstance(each, str):
            raise DataError(f"{name}: expected a list of texts; found one string. Wrap it in a list.")
        wrong = next((i for i, text in enumerate(each) if not isinstance(text, str)), None)
        if wrong is not None:
            kind = type(each[wrong]).__name__
            raise DataError(f"{name}: text {wrong} is a {kind}; expected str. Convert or drop that row.")
    sizes = [f"{len(each):,} {name}" for name, each in texts.items()]
    if len({len(each) for each in texts.values()}) > 1:
        raise DataError(f"found {', '.join(sizes)}; expected as many of each.")
    if not any(map(len, texts.values())):
        raise DataError(f"found {', '.join(sizes)}; expected at least one sentence.")


def length(text: str) -> int:
    """Return how many words a text has; each sign of a script without blanks is one, punctuation is none."""
    pieces = re.sub(f"([{IDEOGRAMS}])", r" \1 ", text).split()
    return sum(any(map(str.isalnum, piece)) for piece in pieces)


def matches(words: "BLEU", hypotheses: Texts, references: Texts) -> Ints:
    """Return the counts that BLEU is made of, (N, 10): n-grams that match, n-grams, words of both sides."""
    rows = []
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        one = words.corpus_score([hypothesis], [[reference]])
        rows.append([*one.counts, *one.totals, one.sys_len, one.ref_len])
    return np.array(rows, dtype=np.int64)


def letter_matches(hypotheses: Texts, references: Texts) -> Ints:
    """Return the counts that chrF is made of, (N, 18): n-grams of a hypothesis, of its reference, of both.

    As in sacrebleu, n-grams of a hypothesis whose reference has none of that size do not count.
    """
    rows = []
    for pair in zip(hypotheses, references, strict=True):
        ours, theirs = ("".join(text.split()) for text in pair)
        row = [(0, 0, 0)] * ORDER
        for size in range(1, min(ORDER, len(theirs)) + 1):
            one, other = (
                Counter(text[i : i + size] for i in range(len(text) - size + 1)) for text in (ours, theirs)
            )
            row[size - 1] = (one.total(), other.total(), (one & other).total())
        rows.append(np.transpose(row).ravel())
    return np.array(rows, dtype=np.int64)


def resampled(counts: Ints) -> Ints:
    """Return the sums (B, K) over B draws, with replacement, of N sentences with their counts (N, K).

    The draws depend on N alone, so that two systems can be compared draw by draw.
    """
    random = np.random.default_rng(0)
    rows = len(counts)
    sums = np.empty((RESAMPLES, counts.shape[1]), dtype=np.int64)
    for number in range(RESAMPLES):
        sums[number] = np.bincount(random.integers(0, rows, rows), minlength=rows) @ counts
    return sums


def figures(counts: Ints) -> dict[str, float]:
    """Return the BLEU of the sentences with these counts (N, 10), and its interval."""
    return told(whole(counts), draws(counts))


def whole(counts: Ints) -> float:
    """Return the BLEU of the sentences with these counts (N, 10)."""
    return score(counts.sum(axis=0))


def draws(counts: Ints) -> Floats:
    """Return the BLEU of each draw of the sentences with these counts (N, 10): (B,)."""
    return np.array([score(sums) for sums in resampled(counts)])


def score(sums: Ints) -> float:
    """Return the BLEU that these sums (10,) make."""
    from sacrebleu.metrics.bleu import BLEU

    right, found, (ours, theirs) = (part.tolist() for part in np.split(sums, (4, 8)))
    return BLEU.compute_bleu(right, found, ours, theirs, smooth_method="exp").score


def chrf(sums: Ints) -> Floats:
    """Return the chrF that sums of counts (B, 18) make: (B,); sizes that a side lacks are left out."""
    ours, theirs, both = np.split(sums, 3, axis=1)
    known = (ours > 0) & (theirs > 0)
    sizes = np.maximum(known.sum(axis=1), 1)
    precision, recall = ((both / np.maximum(of, 1) * known).sum(axis=1) / sizes for of in (ours, theirs))
    weighted = RECALL * precision + recall
    found: Floats = 100 * ((1 + RECALL) * precision * recall / np.where(weighted > 0, weighted, 1.0))
    return found


def told(value: float, drawn: Floats) -> dict[str, float]:
    """Return a figure and the interval of its draws."""
    low, high = interval(drawn)
    return {"value": value, "low": low, "high": high}
