"""`clean`: a corpus in, its good and single documents out, with a report of what each rule took.

Passes over a spool on the disk, so that memory does not grow with the text: the rules of C4; documents that
are the same; documents that are nearly the same; repeated runs of sentences; the parts. It takes about 60
bytes of memory for a document, and on the disk, while it runs, the text unpacked and some 300 bytes for a
document and 16 for a sentence.
"""

import shutil
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from heedful.data.cleaned import Parts, Size, nothing_left, report_of, write_report
from heedful.data.corpus import Corpus
from heedful.data.rules import Tally, WordList, checked_skip, clean_page, has_few_sentences
from heedful.data.sketches import Sketches
from heedful.data.sources import cleaned_parts
from heedful.data.spans import repeated_spans
from heedful.data.spool import Spool
from heedful.errors import DataError
from heedful.storage import locked, writing
from heedful.types import Ints


def clean(
    corpus: Corpus,
    folder: str | Path,
    words: Iterable[str] = (),
    skip: Iterable[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Write the cleaned corpus to `folder`, whole or not at all, and return its report.

    `words` are those that no document may have; `skip` names rules that are not applied. The same corpus and
    options give the same bytes. A document over a million characters is judged and written in its pieces.
    """
    skipped = checked_skip(skip)
    listed = WordList(words)
    tally = Tally(skipped if listed.size else [*skipped, "words"])
    target = Path(folder)
    check_place(target, corpus)
    with alone(target), writing(target) as fresh:
        work = fresh / ".work"
        work.mkdir()
        with Spool(work / "texts") as spool:
            progress("reading, line and page rules")
            before, hashes = read(corpus, spool, tally, listed)
            progress(f"{len(spool):,} of {before.documents:,} documents left; duplicates")
            alive = single(spool, hashes, tally)
            alive = apart(spool, alive, tally, work)
            progress(f"{len(alive):,} left; repeated sentences, writing")
            after, parts = written(spool, alive, tally, fresh)
        shutil.rmtree(work)
        if not after.documents:
            raise DataError(nothing_left(corpus, before, tally))
        report = report_of(corpus, before, after, parts, tally, listed.size, skipped)
        write_report(fresh, report)
    return report


def read(corpus: Corpus, spool: Spool, tally: Tally, words: WordList) -> tuple[Size, Ints]:
    """Put what the rules leave of each document into the spool; return what was read, and a hash of each."""
    before, hashes = Size(), array("q")
    for source, piece in corpus.sourced():
        lines = [line.strip() for line in piece.text.splitlines() if line.strip()]
        if not lines:
            continue
        before.add(lines)
        before.cut += not piece.ends
        page = clean_page(lines, tally, words)
        if page:
            spool.add(source, page)
            digest = blake2b(page.encode(), digest_size=8).digest()
            hashes.append(int.from_bytes(digest, "little", signed=True))
    return before, np.array(hashes, np.int64)


def single(spool: Spool, hashes: Ints, tally: Tally) -> Ints:
    """Return the documents that are the first of their text, ascending."""
    everyone = np.arange(len(spool))
    if "duplicate" not in tally:
        return everyone
    first = np.sort(np.unique(hashes, return_index=True)[1])
    for i in np.setdiff1d(everyone, first, assume_unique=True).tolist():
        text = spool.text(i)
        tally.take_page("duplicate", text.split("\n"), text)
    return first


def apart(spool: Spool, alive: Ints, tally: Tally, work: Path) -> Ints:
    """Return those of the documents that are not near an earlier one."""
    if "near duplicate" not in tally:
        return alive
    sketches = Sketches(work, spool.texts(alive))
    near = sketches.near_earlier(lambda place: spool.text(int(alive[place])))
    for later, earlier in near.items():
        text, other = spool.text(int(alive[later])), spool.text(int(alive[earlier]))
        tally.take_page("near duplicate", text.split("\n"), f"{text[:90]} … which is near {other[:90]} …")
    return np.delete(alive, list(near))


def written(spool: Spool, alive: Ints, tally: Tally, fresh: Path) -> tuple[Size, list[str]]:
    """Write the documents without the sentences that stand earlier; return what was written, and where."""
    after = Size()
    cutter = repeated_spans(spool.texts(alive), fresh / ".work") if "repeated span" in tally else None
    with Parts(fresh) as parts:
        for i in alive.tolist():
            page = spool.text(i)
            left, cut = cutter.cut(page) if cutter else (page, "")
            if cut:
                left = without_spans(page, left, cut, tally)
            if left:
                after.add(left.split("\n"))
                parts.add(left, spool.source(i))
    return after, parts.names


def without_spans(page: str, left: str, cut: str, tally: Tally) -> str:
    """Count what was cut out of a page; return what is left, empty if that has too few sentences."""
    was, now = page.split("\n"), [line for line in left.split("\n") if line]
    characters = sum(map(len, was)) - sum(map(len, now))
    tally.take("repeated span", cut, int(not now), len(was) - len(now), characters)
    if now and "few sentences" in tally and has_few_sentences(left):
        tally.take_page("few sentences", now, left)
        return ""
    return left


def check_place(target: Path, corpus: Corpus) -> None:
    """Refuse a folder that holds something else, or that the corpus lies in: it would be replaced."""
    if target.is_dir() and any(target.iterdir()) and cleaned_parts(target) is None:
        raise DataError(
            f"{target} is there already and holds something else than a cleaned corpus. Name a new folder."
        )
    place = target.resolve()
    for named in corpus.named:
        source = named.resolve()
        if source.is_relative_to(place) or (source.is_dir() and place.is_relative_to(source)):
            raise DataError(f"{target} and the corpus {named} lie in one another. Name a folder outside.")


@contextmanager
def alone(target: Path) -> Iterator[None]:
    """Keep a second run from writing the same folder."""
    place = target.absolute().parent / f".{target.name}.lock"
    with locked(place):
        try:
            yield
        finally:
            shutil.rmtree(place, ignore_errors=True)
