"""Three sentences in a row that stand earlier in the corpus: found with a bounded memory.

Every run of SPAN sentences becomes a 64-bit hash and its place; they are sorted in BUCKETS files by their
hash, so that one file at a time is in memory. The first of equal runs stays (Raffel et al. 2020, section 2.2:
all but one of any three-sentence span are taken); letter case and white space make no difference.
"""

from array import array
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

import numpy as np

from heedful.data.sketches import Hashes, mixed
from heedful.text.sentences import sentences
from heedful.types import Ints

SPAN = 3
BUCKETS = 64
BATCH = 1 << 17  # sentences hashed at once


def page_sentences(page: str) -> list[list[str]]:
    """Return the sentences of each line."""
    return [sentences(line) for line in page.split("\n")]


def sentence_hash(sentence: str) -> int:
    """Return the hash of a sentence, case and white space aside."""
    folded = " ".join(sentence.lower().split())
    return int.from_bytes(blake2b(folded.encode(), digest_size=8).digest(), "little")


def repeated_spans(pages: Iterable[str], folder: Path) -> "Cutter":
    """Return what takes the repeated runs out of the same pages."""
    with ExitStack() as stack:
        files = [stack.enter_context((folder / f"spans-{i}").open("w+b")) for i in range(BUCKETS)]
        hashes, owners, counts = array("Q"), array("q"), array("I")
        first = 0
        for number, page in enumerate(pages):
            found = [sentence_hash(sentence) for line in page_sentences(page) for sentence in line]
            hashes.extend(found)
            owners.extend([number] * len(found))
            counts.append(len(found))
            if len(hashes) >= BATCH:
                write_runs(hashes, owners, first, files)
                first += len(hashes)
                hashes, owners = array("Q"), array("q")
        write_runs(hashes, owners, first, files)
        return Cutter(np.sort(np.concatenate([later_ones(file) for file in files])), counts)


def write_runs(hashes: "array[int]", owners: "array[int]", first: int, files: Sequence[BinaryIO]) -> None:
    """Write hash and place of each run that lies in one page to the file of its hash."""
    numbers: Hashes = np.array(hashes, np.uint64)
    runs = max(0, len(numbers) - SPAN + 1)
    found = numbers[:runs]
    for place in range(1, SPAN):
        found = mixed(found) + numbers[place : runs + place]
    found = mixed(found)
    pages = np.array(owners, np.int64)
    inside = pages[:runs] == pages[SPAN - 1 :]
    table = np.stack([found, np.arange(first, first + runs, dtype=np.uint64)], axis=1)[inside]
    table = table[np.argsort(table[:, 0] % np.uint64(BUCKETS), kind="stable")]
    ends = np.cumsum(np.bincount((table[:, 0] % np.uint64(BUCKETS)).astype(np.int64), minlength=BUCKETS))
    for file, part in zip(files, np.split(table, ends[:-1]), strict=True):
        file.write(part.tobytes())


def later_ones(file: BinaryIO) -> Ints:
    """Return the places of runs that are equal to an earlier one and do not overlap it."""
    file.seek(0)
    table = np.frombuffer(file.read(), np.uint64).reshape(-1, 2)
    runs, places = table[:, 0], table[:, 1].astype(np.int64)
    order = np.argsort(runs, kind="stable")  # the places of equal runs ascend
    runs, places = runs[order], places[order]
    starts = np.searchsorted(runs, runs)  # the first of the equal ones, for each
    return places[places >= places[starts] + SPAN] if len(runs) else places


class Cutter:
    """Takes repeated runs out of pages, which come in the order in which they were counted.

    `repeats` are the sentences where such runs begin, numbered over all pages; `counts` those of each page.
    """

    def __init__(self, repeats: Ints, counts: Iterable[int]) -> None:
        self.repeats, self.counts, self.first = repeats, iter(counts), 0

    def cut(self, page: str) -> tuple[str, str]:
        """Return what is left of the next page, and what was taken."""
        total = next(self.counts)
        begin, end = np.searchsorted(self.repeats, [self.first, self.first + total])
        taken = {int(i) - self.first + j for i in self.repeats[begin:end] for j in range(SPAN)}
        self.first += total
        if not taken:
            return page, ""
        number = 0
        kept: list[str] = []
        cut: list[str] = []
        for line in page_sentences(page):
            left: list[str] = []
            for sentence in line:
                (cut if number in taken else left).append(sentence)
                number += 1
            kept.append("".join(left).strip())
        return "\n".join(filter(None, kept)), " ".join(sentence.strip() for sentence in cut)
