"""Documents in pieces: a text of any length is cut where lines or words end, one document from the next."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST = 1_000_000  # characters of one piece
SPACES = ("\n", " ", "\t", "\u3000")  # where a piece may end, best first
BETWEEN = {"paragraph": re.compile(r"\n(?:[^\S\n]*\n)+"), "line": re.compile(r"\n+")}


@dataclass(frozen=True)
class Piece:
    """A document, or a part of a long one: the pieces of a document joined are its text.

    `ends` marks the last piece of a document.
    """

    text: str
    ends: bool


def cut_text(text: str) -> Iterator[Piece]:
    """Yield one whole document; one of white space alone is none."""
    if text.strip():
        yield from ending(text)


def cut_parts(parts: Iterable[str]) -> Iterator[Piece]:
    """Yield the one document that `parts` joined are, to the letter."""
    rest, begun = "", False
    for part in parts:
        rest += part
        while len(rest) > MOST:
            rest, piece = first_piece(rest)
            begun = True
            yield piece
    if begun or rest.strip():
        yield Piece(rest, True)


def split_parts(parts: Iterable[str], between: re.Pattern[str]) -> Iterator[Piece]:
    """Yield the documents of a text that comes in parts, `between` standing between them.

    Where the parts are cut makes no difference; line ends around a document are left out.
    """
    rest, begun = "\n", False
    for part in parts:
        *whole, rest = between.split(rest + part)
        for text in whole:
            if begun:
                yield from ending(text.rstrip("\n"))
            else:
                yield from cut_text(text.strip("\n"))
            begun = False
        blank = not begun and not rest.strip()  # so far it belongs to no document
        if blank:
            rest = "\n" + rest  # the next part may go on with what stands between
        while len(rest) > MOST and not blank:
            rest, piece = first_piece(rest if begun else rest.lstrip("\n"))
            begun = True
            if piece.text.endswith("\n"):  # it may be the first sign of what stands between
                rest, piece = "\n" + rest, Piece(piece.text[:-1], False)
            yield piece
    if begun:
        yield from ending(rest.rstrip("\n"))
    else:
        yield from cut_text(rest.strip("\n"))


def ending(text: str) -> Iterator[Piece]:
    """Yield the rest of a document."""
    while len(text) > MOST:
        text, piece = first_piece(text)
        yield piece
    yield Piece(text, True)


def first_piece(text: str) -> tuple[str, Piece]:
    """Return what is left of a text of more than MOST characters, and its first piece.

    The piece ends after the last line end of its second half, else after white space, else anywhere.
    """
    for mark in SPACES:
        at = text.rfind(mark, MOST // 2, MOST) + 1
        if at:
            return text[at:], Piece(text[:at], False)
    return text[MOST:], Piece(text[:MOST], False)
