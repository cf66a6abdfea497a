"""What a line that was typed means: one of the labels, a new one, or skip, undo, quit."""

from collections.abc import Sequence
from typing import NamedTuple

LETTERS = {"s": "skip", "u": "undo", "q": "quit", "?": "help"}
LONGEST = 100  # characters of a label
HELP = (
    "Type a label's number, its name or its first letters; anything else is a new label (+NAME where it "
    "would be taken for something else). s skips the text, u takes the last answer back, q ends; all is kept."
)


class Reply(NamedTuple):
    """`kind` is label, skip, undo, quit, help or unclear; `text` is the label, or what is unclear."""

    kind: str
    text: str = ""


def reply(line: str, names: Sequence[str]) -> Reply:
    """Tell what a line means, where `names` are the labels so far.

    A name comes before s, u, q and numbers, these before the first letters of names, then new labels.
    """
    said = "".join(c if c.isprintable() else " " for c in line).strip()
    if not said:
        return Reply("unclear", "Nothing was typed; ? shows what can be.")
    if said in names:
        return Reply("label", said)
    if said.startswith("+"):
        return new(said[1:].strip())
    if said.casefold() in LETTERS:
        return Reply(LETTERS[said.casefold()])
    if said.isdecimal() and numbered(names):
        place = int(said) if len(said) < 6 else 0
        if 1 <= place <= len(names):
            return Reply("label", names[place - 1])
        return Reply("unclear", f"There is no label {said[:20]}; they are numbered 1 to {len(names)}.")
    return by_name(said, names)


def numbered(names: Sequence[str]) -> bool:
    """Can labels be told by their number? Not where one of them is a number itself, or there is none."""
    return bool(names) and not any(name.isdecimal() for name in names)


def by_name(said: str, names: Sequence[str]) -> Reply:
    """Return the label whose name, or whose first letters, these are; else a new one."""
    folded = said.casefold()
    same = [name for name in names if name.casefold() == folded]
    begin = same or [name for name in names if name.casefold().startswith(folded)]
    if len(begin) == 1:
        return Reply("label", begin[0])
    if begin:
        return Reply("unclear", f"{said!r} may be {' or '.join(begin)}. Type more of it.")
    return new(said)


def new(name: str) -> Reply:
    """Return a new label, if it can be one."""
    if not name or len(name) > LONGEST:
        return Reply("unclear", f"A label has 1 to {LONGEST} characters; found {len(name)}.")
    return Reply("label", name)
