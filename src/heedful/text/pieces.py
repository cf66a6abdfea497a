"""Text out of tokens as they come: pieces that never split a character, cut at the first stop string."""

from collections.abc import Callable, Sequence

BROKEN = "\ufffd"  # what a decoder shows for a character whose last bytes are still to come
NEAR = 4  # tokens before the text, by which a decoder knows whether it begins with a space

Decode = Callable[[list[int]], str]


class Pieces:
    """The text of `ids` that follow those of `before`, given out as it becomes certain."""

    def __init__(self, decode: Decode, before: Sequence[int] = (), stops: Sequence[str] = ()) -> None:
        self.decode, self.stops = decode, [stop for stop in stops if stop]
        self.before = list(before[-NEAR:])
        self.skipped = len(decode(self.before)) if self.before else 0
        self.ids: list[int] = []
        self.given = ""

    def read(self, ids: Sequence[int]) -> tuple[str, bool]:
        """Return the text of some ids up to the first stop string, and whether there was one."""
        text = self.decode([*self.before, *ids])[self.skipped :]
        found = [place for place in map(text.find, self.stops) if place >= 0]
        return (text[: min(found)], True) if found else (text, False)

    def add(self, id: int, last: bool = False) -> str:
        """Take one more token; return what can be given out now: all that is left, if it is the last."""
        self.ids.append(id)
        text, stopped = self.read(self.ids)
        if not (last or stopped):
            text = text.rstrip(BROKEN)
            text = text[: len(text) - max((overlap(text, stop) for stop in self.stops), default=0)]
        if not text.startswith(self.given):
            return ""
        piece, self.given = text[len(self.given) :], text
        return piece


def overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of `text` may be the beginning of `stop`."""
    sizes = range(min(len(stop) - 1, len(text)), 0, -1)
    return next((size for size in sizes if text.endswith(stop[:size])), 0)
