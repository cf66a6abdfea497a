"""Filters: `year > 2010 and not (country in ("DE", "FR"))` over the kept columns of an index.

The words are parsed here and nowhere else; nothing is passed on to a database or evaluated as code.

    filter      one of: comparison, (filter), not filter, filter and filter, filter or filter
    comparison  COLUMN = != < <= > >= VALUE, COLUMN [not] in (VALUE, ...), COLUMN contains "part"
    COLUMN      a name; with spaces or signs in it: `in backticks`
    VALUE       a number, or a text in either kind of quotes

A number compares with what reads as one, a text compares as text, so that ISO dates compare as dates. A
missing value, and one that is no number where one was asked for, fits no comparison (and so fits its `not`).
"""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, NamedTuple, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heedful.errors import DataError
from heedful.types import Floats

LONGEST, DEEPEST = 10_000, 50
Mask: TypeAlias = NDArray[np.bool_]
Value: TypeAlias = float | str
Filter: TypeAlias = Callable[[Callable[[str], "Column"]], Mask]

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
IS_NUMBER = re.compile(NUMBER)
TOKEN = re.compile(
    rf"""\s*(?:(?P<number>{NUMBER})(?![\w.])
    | (?P<text>"[^"]*"|'[^']*')
    | (?P<quoted>`[^`]+`)
    | (?P<sign><=|>=|!=|<>|==|=|<|>|\(|\)|,)
    | (?P<word>[^\W\d]\w*)
    | (?P<end>$))""",
    re.VERBOSE,
)
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<>": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
KEPT_WORDS = {"and", "or", "not", "in", "contains"}


@dataclass(frozen=True)
class Column:
    """The values of one column: texts, None where there is none."""

    texts: Sequence[str | None]

    @cached_property
    def numbers(self) -> Floats:
        """The values as numbers, NaN where one is none: (N,)."""
        found = [float(x) if x and IS_NUMBER.fullmatch(x.strip()) else np.nan for x in self.texts]
        return np.array(found, dtype=np.float64)

    def where(self, sign: str, value: Value) -> Mask:
        """Return which values fit a comparison: (N,)."""
        test = COMPARE[sign]
        if isinstance(value, float):
            return np.asarray(test(self.numbers, value) & ~np.isnan(self.numbers))
        return np.array([x is not None and test(x, value) for x in self.texts], dtype=bool)

    def contains(self, part: str) -> Mask:
        """Return which values have a text in them: (N,)."""
        return np.array([x is not None and part in x for x in self.texts], dtype=bool)


class Token(NamedTuple):
    """A piece of a filter, its kind, and where it begins."""

    kind: str
    text: str
    place: int


def parse(text: str, known: Sequence[str]) -> Filter:
    """Return a filter as a function from a finder of columns to a mask; `known` are the columns there are."""
    if len(text) > LONGEST:
        raise DataError(f"the filter has {len(text):,} characters; at most {LONGEST:,} are read.")
    return Parser(text, known).whole()


class Parser:
    """Reads a filter from left to right: `or` binds least, then `and`, then `not`."""

    def __init__(self, text: str, known: Sequence[str]) -> None:
        self.text, self.known, self.depth = text, known, 0
        self.tokens = list(self.split())

    def split(self) -> Sequence[Token]:
        """Cut the filter into tokens."""
        tokens: list[Token] = []
        place = 0
        while not tokens or tokens[-1].kind != "end":
            found = TOKEN.match(self.text, place)
            if found is None or found.lastgroup is None:
                self.wrong(place, "a column, a value or a sign")
            tokens.append(Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
            place = found.end()
        return tokens[::-1]

    def wrong(self, place: int, expected: str) -> NoReturn:
        """Refuse the filter."""
        rest = self.text[place:].strip()
        found = f"{rest[:30]!r} at character {place + 1}" if rest else "nothing more"
        raise DataError(
            f"the filter {self.text[:80]!r} cannot be read: expected {expected}, found {found}. "
            'Write it like: year > 2010 and language in ("de", "fr").'
        )

    def take(self, *wanted: str) -> Token | None:
        """Take the next token if it is one of these words or signs."""
        token = self.tokens[-1]
        if token.kind in ("word", "sign") and token.text.lower() in wanted:
            return self.tokens.pop()
        return None

    def need(self, sign: str) -> None:
        """Take a sign that must come next."""
        if self.take(sign) is None:
            self.wrong(self.tokens[-1].place, repr(sign))

    def whole(self) -> Filter:
        """Read all of it."""
        found = self.some("or")
        if self.tokens[-1].kind != "end":
            self.wrong(self.tokens[-1].place, "`and`, `or` or the end")
        return found

    def some(self, joined: str) -> Filter:
        """Read one or more filters joined by `or`, or by `and`."""

        def read() -> Filter:
            return self.some("and") if joined == "or" else self.one()

        found = [read()]
        while self.take(joined):
            found.append(read())
        join = np.logical_or if joined == "or" else np.logical_and
        if len(found) == 1:
            return found[0]
        return lambda column: np.asarray(join.reduce([one(column) for one in found]), dtype=bool)

    def one(self) -> Filter:
        """Read a comparison, a filter in brackets, or `not` with one."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.wrong(self.tokens[-1].place, f"at most {DEEPEST} levels of brackets")
        if self.take("not"):
            inner = self.one()
            found: Filter = lambda column: ~inner(column)  # noqa: E731
        elif self.take("("):
            found = self.some("or")
            self.need(")")
        else:
            found = self.comparison()
        self.depth -= 1
        return found

    def comparison(self) -> Filter:
        """Read `COLUMN sign VALUE` and its kin."""
        name = self.column()
        if self.take("contains"):
            part = self.value()
            if not isinstance(part, str):
                self.wrong(self.tokens[-1].place, "a text in quotes after `contains`")
            return lambda column: column(name).contains(part)
        inverted = self.take("not") is not None
        if inverted or self.tokens[-1].text.lower() == "in":
            self.need("in")
            return self.listed(name, inverted)
        sign = self.take(*COMPARE)
        if sign is None:
            self.wrong(self.tokens[-1].place, "one of = != < <= > >= in contains")
        value = self.value()
        return lambda column: column(name).where(sign.text, value)

    def listed(self, name: str, inverted: bool) -> Filter:
        """Read the values of `in (...)`."""
        self.need("(")
        values = [self.value()]
        while self.take(","):
            values.append(self.value())
        self.need(")")

        def fits(column: Callable[[str], Column]) -> Mask:
            found = np.logical_or.reduce([column(name).where("=", value) for value in values])
            return np.asarray(~found if inverted else found, dtype=bool)

        return fits

    def column(self) -> str:
        """Read the name of a column."""
        token = self.tokens[-1]
        named = token.kind == "quoted" or (token.kind == "word" and token.text.lower() not in KEPT_WORDS)
        if not named:
            self.wrong(token.place, "a column")
        name = self.tokens.pop().text.strip("`")
        if name not in self.known:
            near = get_close_matches(name, self.known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "Others are not kept: see --keep."
            raise DataError(f"the index keeps no column {name!r}; it has {', '.join(self.known)}. {hint}")
        return name

    def value(self) -> Value:
        """Read a number or a text."""
        token = self.tokens[-1]
        if token.kind not in ("number", "text"):
            self.wrong(token.place, "a number, or a text in quotes")
        self.tokens.pop()
        return float(token.text) if token.kind == "number" else token.text[1:-1]
