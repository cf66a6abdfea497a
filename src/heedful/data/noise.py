"""Noise for pretraining: what a model reads instead of a text, and what it is asked for. All of ids (n,)."""

import numpy as np
from numpy.typing import NDArray

from heedful.errors import ConfigError
from heedful.types import Ints

UNASKED = -100  # as a target: nothing is asked here
MASKED, REPLACED = 0.8, 0.1  # of the chosen tokens; the others are kept

Flags = NDArray[np.bool_]


def mask_tokens(
    ids: Ints, ordinary: Flags, mask: int, random: np.random.Generator, rate: float = 0.15,
    begins: Flags | None = None,
) -> tuple[Ints, Ints]:  # fmt: skip
    """Return inputs and targets of a masked model (Devlin et al. 2019, section 3.1).

    Of the `ordinary` tokens (V; not special) the share `rate`, at least one, is asked for: 80 % of them read
    as `mask`, 10 % as any ordinary token, 10 % as they are. With `begins` (V) whole words are chosen.
    """
    check_share(rate)
    asked = (
        chosen(ids, ordinary, rate, random) if begins is None else words(ids, ordinary, begins, rate, random)
    )
    fate = random.random(len(ids))
    inputs = np.where(asked & (fate < MASKED), mask, ids)
    swapped = np.flatnonzero(asked & (fate >= MASKED) & (fate < MASKED + REPLACED))
    while len(swapped):  # again where a special token is drawn
        inputs[swapped] = random.integers(0, len(ordinary), len(swapped))
        swapped = swapped[~ordinary[inputs[swapped]]]
    return inputs, np.where(asked, ids, UNASKED)


def chosen(ids: Ints, ordinary: Flags, rate: float, random: np.random.Generator) -> Flags:
    """Return which tokens are asked for, each with the same chance."""
    places = np.flatnonzero(ordinary[ids])
    asked = np.zeros(len(ids), np.bool_)
    asked[random.permutation(places)[: share(len(places), rate)]] = True
    return asked


def words(ids: Ints, ordinary: Flags, begins: Flags, rate: float, random: np.random.Generator) -> Flags:
    """Return which tokens are asked for by whole words: in random order, each word for which there is room.

    Where there is room for none, one word is taken all the same.
    """
    inside = ordinary[ids]
    first = inside & (begins[ids] | ~earlier(inside))
    word = np.where(inside, np.cumsum(first) - 1, -1)
    sizes = np.bincount(word[inside]).tolist()
    room = share(int(inside.sum()), rate)
    order = random.permutation(len(sizes))
    taken = []
    for one in order.tolist():
        if sizes[one] <= room:
            taken.append(one)
            room -= sizes[one]
            if not room:
                break
    asked = np.zeros(len(sizes) + 1, np.bool_)  # the last one: no word
    asked[taken or order[:1]] = True
    found: Flags = asked[word]
    return found


def corrupt_spans(
    ids: Ints, sentinels: Ints, end: int, random: np.random.Generator, rate: float = 0.15, mean: float = 3.0
) -> tuple[Ints, Ints]:
    """Return inputs and targets of T5's span corruption (Raffel et al. 2020, section 3.1.4).

    Spans of `mean` tokens on average, the share `rate` in all, are drawn as the released code does. Each
    becomes one sentinel; the targets are the sentinels, each with its span behind it; `end` ends both.
    """
    check_share(rate)
    noise = span_mask(len(ids), rate, mean, random)
    starts = noise & ~earlier(noise)
    spans = int(starts.sum())
    if spans > len(sentinels):
        raise ConfigError(
            f"{len(ids)} tokens have {spans} noise spans, more than the {len(sentinels)} sentinels."
            " Take shorter chunks, longer spans, or a tokenizer with more sentinels."
        )
    marked = ids.copy()
    marked[starts] = sentinels[:spans]
    targets = between(ids[noise], np.flatnonzero(starts[noise]), sentinels[:spans])
    return np.append(marked[starts | ~noise], end), np.append(targets, end)


def span_mask(length: int, rate: float, mean: float, random: np.random.Generator) -> Flags:
    """Return which tokens are noise: as many spans of text as of noise, text first, noise last.

    The number of noise tokens and of spans is rounded; both are cut by chance, none empty. A single
    token stays.
    """
    check_mean(mean)
    total = max(length, 2)
    noise = min(max(round(total * rate), 1), total - 1)
    spans = min(max(round(noise / mean), 1), noise, total - noise)
    lengths = np.stack([partition(total - noise, spans, random), partition(noise, spans, random)], axis=1)
    return np.repeat(np.arange(2 * spans) % 2 == 1, lengths.ravel())[:length]


def partition(total: int, parts: int, random: np.random.Generator) -> Ints:
    """Return `parts` whole numbers from 1 that add up to `total`, all ways with the same chance."""
    edges = np.zeros(parts + 1, np.int64)
    edges[1:-1] = np.sort(random.permutation(total - 1)[: parts - 1]) + 1
    edges[-1] = total
    return edges[1:] - edges[:-1]


def infill(ids: Ints, mask: int, random: np.random.Generator, rate: float = 0.3, mean: float = 3.0) -> Ints:
    """Return the tokens with spans replaced by one `mask` each (BART: Lewis et al. 2020, section 2.2).

    Span lengths are Poisson of `mean` until the share `rate` of the tokens is covered, the last one cut; a
    span of no tokens puts a mask in. At least one token stands between two masks.
    """
    check_share(rate)
    check_mean(mean)
    covered = share(len(ids), rate)
    drawn = random.poisson(mean, 0)
    while drawn.sum() < covered:
        drawn = np.concatenate([drawn, random.poisson(mean, covered + 1)])
    total = np.cumsum(drawn)
    lengths = drawn[: int(np.searchsorted(total, covered)) + 1 if covered else 0]
    lengths[-1:] -= lengths.sum() - covered
    kept = len(ids) - covered
    if len(lengths) > kept + 1:  # no room: empty spans go first
        lengths = merged(lengths, kept + 1)
    gaps = np.sort(random.permutation(kept + 1)[: len(lengths)])  # tokens kept before each span
    starts = gaps + np.cumsum(lengths) - lengths
    hidden = np.zeros(len(ids) + 1, np.int64)
    np.add.at(hidden, starts, 1)
    np.add.at(hidden, starts + lengths, -1)
    left = np.cumsum(hidden[:-1]) == 0
    return between(ids[left], gaps, mask)


def merged(lengths: Ints, most: int) -> Ints:
    """Return at most `most` spans with the same sum: without empty ones, the last ones as one."""
    lengths = lengths[lengths > 0]
    return np.append(lengths[: most - 1], lengths[most - 1 :].sum()) if len(lengths) > most else lengths


def permute_sentences(ids: Ints, full_stop: Flags, random: np.random.Generator) -> Ints:
    """Return sentences in random order (BART, section 2.2); it ends after each run of `full_stop` (V)."""
    stops = full_stop[ids]
    ends = np.flatnonzero(stops[:-1] & ~stops[1:]) + 1
    sentences = np.split(ids, ends)
    return np.concatenate([sentences[one] for one in random.permutation(len(sentences))])


def earlier(flags: Flags) -> Flags:
    """Return what each flag's left neighbour is; the first one has none."""
    left = np.zeros_like(flags)
    left[1:] = flags[:-1]
    return left


def between(ids: Ints, places: Ints, what: Ints | int) -> Ints:
    """Return the ids with others put in before some (different, ascending) places."""
    added = np.zeros(len(ids) + len(places), np.bool_)
    added[places + np.arange(len(places))] = True
    found = np.empty(len(added), ids.dtype)
    found[added] = what
    found[~added] = ids
    return found


def share(count: int, rate: float) -> int:
    """Return the share of a count, rounded; at least one of some."""
    return min(count, max(1, round(count * rate)))


def check_share(rate: float) -> None:
    """Raise ConfigError unless `rate` is a share of a text."""
    if not 0 < rate < 1:
        raise ConfigError(f"rate is {rate!r}; expected a share between 0 and 1, such as 0.15.")


def check_mean(mean: float) -> None:
    """Raise ConfigError unless `mean` is a length of spans."""
    if not 0.1 <= mean < float("inf"):
        raise ConfigError(f"mean is {mean!r}; expected the mean length of spans in tokens, such as 3.")
