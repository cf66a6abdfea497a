"""MinHash: which of very many texts are near an earlier one, without holding the texts.

A text is the set of its word 3-grams; near is a Jaccard resemblance of NEAR or more. The minimum of a random
hash over a set agrees between two sets with a probability that is their resemblance (Broder 1997). Texts
that agree in all ROWS minima of one of BANDS bands are candidates (Leskovec, Rajaraman, Ullman, Mining of
Massive Datasets, section 3.4): a pair of resemblance s with probability 1 - (1 - s^ROWS)^BANDS, that is 0.998
at 0.8, 0.27 at 0.5 and 0.014 at 0.3. A candidate that the lowest bytes of its minima do not rule out (b-bit
minwise hashing: Li, Koenig 2010) is read again and compared by its sets: every pair found is near in fact.

On the disk a text takes BANDS * (8 + ROWS) bytes, in memory about 40.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heedful.data.shingles import WORDS, normalised
from heedful.types import Ints

NEAR = 0.8
BANDS, ROWS = 20, 6
PERMUTATIONS = BANDS * ROWS
DOUBT = 0.15  # four standard deviations of the resemblance that PERMUTATIONS minima tell
BATCH = 1 << 16  # shingles hashed at once
VOCABULARY = 200_000  # words whose hash is kept
LEADERS = 16  # texts of one bucket that the others are compared with, so that crowds take no quadratic time
MIX = np.uint64(0x9E3779B97F4A7C15)
HALF = np.uint64(32)

Hashes: TypeAlias = NDArray[np.uint64]
Bytes: TypeAlias = NDArray[np.uint8]


def permutations() -> tuple[Hashes, Hashes]:
    """Return the odd factors and the addends of multiply-shift hashing (Dietzfelbinger et al. 1997): (P,)."""
    numbers = np.random.Generator(np.random.PCG64(0)).integers(0, 1 << 64, (2, PERMUTATIONS), dtype=np.uint64)
    return numbers[0] | np.uint64(1), numbers[1]


class WordHashes(dict[str, int]):
    """The 64-bit hash of a word; the same in every process."""

    def __missing__(self, word: str) -> int:
        if len(self) >= VOCABULARY:
            self.clear()
        self[word] = value = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")
        return value


class Sketcher:
    """Turns texts into hashes of shingles and minima of them."""

    def __init__(self) -> None:
        self.hashes = WordHashes()
        self.multipliers, self.addends = permutations()

    def shingles(self, text: str) -> Hashes:
        """Return the hashes of the word 3-grams of a text, in order; one of under 3 words is one shingle."""
        words = normalised(text).split()
        words += [""] * (WORDS - len(words))
        tokens = np.fromiter(map(self.hashes.__getitem__, words), np.uint64, len(words))
        shingles = tokens[: len(words) - WORDS + 1].copy()
        for place in range(1, WORDS):
            shingles = mixed(shingles) + tokens[place : len(words) - WORDS + 1 + place]
        return mixed(shingles)

    def minima(self, sets: list[Hashes]) -> NDArray[np.uint32]:
        """Return the minima of each permutation over each set: (N, P)."""
        starts = np.cumsum([0, *map(len, sets[:-1])])
        shingles = np.concatenate(sets)
        found = np.empty((len(sets), PERMUTATIONS), np.uint32)
        for place, (times, plus) in enumerate(zip(self.multipliers, self.addends, strict=True)):
            found[:, place] = np.minimum.reduceat((shingles * times + plus) >> HALF, starts)
        return found

    def shingle_set(self, text: str) -> Hashes:
        """Return the hashes of the word 3-grams of a text, each once, ascending."""
        return np.unique(self.shingles(text))


def mixed(numbers: Hashes) -> Hashes:
    """Return numbers whose every bit depends on all bits of the old ones."""
    numbers = (numbers ^ (numbers >> HALF)) * MIX
    return numbers ^ (numbers >> HALF)


def band_keys(minima: NDArray[np.uint32]) -> Hashes:
    """Return one number per band that is equal where all its minima are: (N, BANDS)."""
    bands = minima.reshape(len(minima), BANDS, ROWS).astype(np.uint64)
    keys = np.zeros(bands.shape[:2], np.uint64)
    for row in range(ROWS):
        keys = mixed(keys + bands[:, :, row])
    return keys


class Sketches:
    """The sketches of N texts, on the disk in `folder`."""

    def __init__(self, folder: Path, texts: Iterable[str]) -> None:
        self.folder, self.total = folder, 0
        self.sketcher = Sketcher()
        bands = [(folder / f"band-{band}").open("wb") for band in range(BANDS)]
        with (folder / "lowest").open("wb") as lowest:
            for sets in batches(map(self.sketcher.shingles, texts)):
                minima = self.sketcher.minima(sets)
                lowest.write(minima.astype(np.uint8).tobytes())
                for band, keys in zip(bands, band_keys(minima).T, strict=True):
                    band.write(keys.tobytes())
                self.total += len(sets)
        for band in bands:
            band.close()

    def near_earlier(self, text: Callable[[int], str]) -> dict[int, int]:
        """Return each text that is near an earlier one which stays, with that one; `text` reads one again."""
        pairs = self.pairs(text)
        taken: dict[int, int] = {}
        for later, earlier in pairs.tolist():
            if later not in taken and earlier not in taken:
                taken[later] = earlier
        return taken

    def pairs(self, text: Callable[[int], str]) -> Ints:
        """Return the near pairs (later, earlier) that were met, ascending: (M, 2)."""
        found = array("q")
        last = np.full(self.total, -1, np.int64)  # the leader that a text was last found near to
        shingles = lru_cache(2 * LEADERS)(lambda i: self.sketcher.shingle_set(text(i)))
        with (self.folder / "lowest").open("rb") as lowest:
            for bucket in self.buckets():
                leaders: dict[int, Bytes] = {}
                for i in bucket.tolist():
                    if int(last[i]) in leaders:
                        continue
                    row = read_row(lowest, i)
                    alike = [j for j, other in leaders.items() if probably_near(row, other)]
                    near = next((j for j in alike if resemblance(shingles(i), shingles(j)) >= NEAR), None)
                    if near is not None:
                        found.extend((i, near))
                        last[i] = near
                    elif len(leaders) < LEADERS:
                        leaders[i] = row
        return np.unique(np.array(found, np.int64).reshape(-1, 2), axis=0)

    def buckets(self) -> Iterator[Ints]:
        """Yield the texts, ascending, that agree in one band: two at least."""
        for band in range(BANDS):
            keys = np.fromfile(self.folder / f"band-{band}", np.uint64)
            if not len(keys):
                return
            order = np.argsort(keys, kind="stable")
            starts = np.flatnonzero(np.diff(keys[order], prepend=~keys[order[:1]]))
            ends = np.append(starts[1:], len(keys))
            for i in np.flatnonzero(ends - starts > 1):
                yield order[starts[i] : ends[i]]


def read_row(file: BinaryIO, i: int) -> Bytes:
    """Return the lowest bytes of the minima of text `i`: (P,)."""
    file.seek(i * PERMUTATIONS)
    return np.frombuffer(file.read(PERMUTATIONS), np.uint8)


def probably_near(left: Bytes, right: Bytes) -> bool:
    """Tell whether the lowest bytes of the minima leave it open that two texts are near."""
    return int(np.count_nonzero(left == right)) >= (NEAR - DOUBT) * PERMUTATIONS


def resemblance(left: Hashes, right: Hashes) -> float:
    """Return the Jaccard resemblance of two sets."""
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / (len(left) + len(right) - shared)


def batches(sets: Iterable[Hashes]) -> Iterator[list[Hashes]]:
    """Yield lists of sets of about BATCH shingles together."""
    batch: list[Hashes] = []
    total = 0
    for found in sets:
        batch.append(found)
        total += len(found)
        if total >= BATCH:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch
