"""Documents on the disk while they are worked on: written in order, read in order or at random."""

from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType


class Spool:
    """N texts, each with the name of its source, in a file; 12 bytes of memory for each."""

    def __init__(self, path: Path) -> None:
        self.handle = path.open("w+b")
        self.ends = array("Q")
        self.places = array("I")
        self.names: list[str] = []

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.handle.close()

    def __len__(self) -> int:
        return len(self.ends)

    def add(self, source: str, text: str) -> None:
        """Write one more text; those of one source come one after the other."""
        if not self.names or self.names[-1] != source:
            self.names.append(source)
        self.handle.write(text.encode())
        self.ends.append(self.handle.tell())
        self.places.append(len(self.names) - 1)

    def text(self, i: int) -> str:
        """Read text `i`."""
        start = self.ends[i - 1] if i else 0
        self.handle.seek(start)
        return self.handle.read(self.ends[i] - start).decode()

    def source(self, i: int) -> str:
        """Return the source of text `i`."""
        return self.names[self.places[i]]

    def texts(self, which: Iterable[int]) -> Iterator[str]:
        """Read some texts, in ascending order."""
        return map(self.text, which)
