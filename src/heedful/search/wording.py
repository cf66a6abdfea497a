"""The BM25 of an index: made when it is first asked for, and kept in the cache until the index changes."""

from contextlib import suppress
from pathlib import Path

from heedful.errors import HeedfulError
from heedful.search.view import View
from heedful.search.words import Words


def words_of(view: View, cache: Path) -> Words:
    """Return BM25 over the rows that count, in their order."""
    path = cache / f"words-{view.state.name[:8]}-{view.state.generation:08d}.safetensors"
    with suppress(HeedfulError):
        found = Words.load(path)
        if found.documents_ == len(view.live):
            return found
    made = Words().fit(view.texts())
    with suppress(OSError, HeedfulError):  # an index that cannot be written to can be searched
        cache.mkdir(exist_ok=True)
        for old in cache.glob("words-*.safetensors"):
            old.unlink(missing_ok=True)
        made.save(path)
    return made
