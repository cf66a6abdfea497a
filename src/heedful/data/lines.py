"""Plain lines of text, and lines that begin with their label: `1 a stirring film`, `__label__x some text`."""

from collections import Counter
from collections.abc import Iterator, Sequence

from heedful.data.files import TextFile
from heedful.data.rows import Record, Rows

MARK = "__label__"
MOST_LABELS = 200


def labelled(lines: Sequence[str], words: bool) -> bool:
    """Tell whether nearly every line begins with one of a few short labels.

    `words` allows labels that are words, which plain sentences may resemble: they often begin alike.
    """
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    heads = Counter(pair[0] for pair in pairs if len(pair) == 2)
    total = heads.total()
    if total < 2 or total < 0.98 * len(pairs):
        return False
    if all(head.startswith(MARK) for head in heads):
        return True
    if len(heads) > min(MOST_LABELS, total // 2) or max(map(len, heads)) > 40:
        return False
    whole = all(head.removeprefix("-").isdecimal() for head in heads)
    return whole or (words and total >= 40 and len(heads) <= total // 20 and min(heads.values()) > 1)


def labelled_rows(file: TextFile) -> Rows:
    """Return the columns `label` and `text`; row numbers are lines of the file."""

    def read(asked: Sequence[str]) -> Iterator[Record]:
        for number, line in enumerate(file.lines(), 1):
            if not line.strip():
                continue
            label, _, text = line.strip().partition(" ")
            if not text and len(parts := line.split(maxsplit=1)) == 2:
                label, text = parts
            if label.startswith(MARK):
                label = label.removeprefix(MARK)
                if text.startswith(MARK):
                    yield number, "more than one label"
                    continue
            values = {"label": label, "text": text.strip()}
            yield number, tuple(values[name] for name in asked)

    return Rows(
        kind="labelled", columns=["label", "text"], read=read, notes=["Read as lines of `label text`."]
    )


def plain_rows(file: TextFile) -> Rows:
    """Return one column `text`, a row per line."""

    def read(asked: Sequence[str]) -> Iterator[Record]:
        for number, line in enumerate(file.lines(), 1):
            yield number, (line.rstrip("\r\n"),) * len(asked)

    return Rows(kind="plain", columns=["text"], read=read, notes=["Read as one text per line."])
