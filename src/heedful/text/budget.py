"""What a template may cost: each thing it does is charged first, by the size of what it touches."""

from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import wraps
from sys import getsizeof
from types import GeneratorType
from typing import Any

from jinja2.exceptions import SecurityError, TemplateError
from jinja2.runtime import Undefined
from markupsafe import Markup

BUDGET = 50_000_000  # units: bytes made or looked at, and STEP for each thing done
STEP = 300
CALL = 4 * STEP
WIDEST = 10_000  # characters of an indent
LEFT: ContextVar[list[int]] = ContextVar("left")  # one number: what is left of the budget
VIEWS: tuple[type[Iterable[Any]], ...] = (
    GeneratorType, type({}.items()), type({}.keys()), type({}.values()), type(reversed([])), map, filter, zip,
)  # fmt: skip
UNSEEN = {  # filters and tests that do not look into what they are given
    "boolean", "callable", "count", "d", "default", "defined", "false", "filter", "first", "float", "integer",
    "iterable", "last", "length", "mapping", "none", "number", "sameas", "sequence", "string", "test", "true",
    "undefined",
}  # fmt: skip
PLAIN = (str, Markup, int, float, bool, type(None), range)
CHARACTER = 100  # bytes of a text of one character
LINEAR = ("split", "startswith", "endswith", "removeprefix", "removesuffix")


class BudgetError(TemplateError):
    """The budget is spent."""


def charge(units: int) -> None:
    """Take units off the budget; BudgetError when it is spent."""
    left = LEFT.get()
    left[0] -= units
    if left[0] < 0:
        raise BudgetError("it does more work than a chat template needs")


def weigh(value: Any, opaque: bool = False) -> int:
    """Charge for looking at all of a value, and return its size; what is not plain data may only be held."""
    total, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        kind = type(one)
        size = getsizeof(one) + (32 * len(one) if kind is range else 0)
        charge(size + STEP)
        total += size
        if kind is dict:
            waiting += [*one.keys(), *one.values()]
        elif kind in (list, tuple):
            waiting += one
        elif not (opaque or kind in PLAIN or isinstance(one, Undefined)):
            raise SecurityError(f"a {kind.__name__} cannot be written or compared")
    return total


def counted(values: Iterable[Any]) -> Iterator[Any]:
    """Yield values, each at the price of a step."""
    for value in values:
        charge(STEP)
        yield value


def work(text: str, name: str, args: list[Any]) -> None:
    """Charge for what a method or filter does with a text: its pieces, its length times each argument's."""
    charge(getsizeof(text))
    first, second = [*args, None, None][:2]
    for value in args:
        weigh(value)
        if isinstance(value, str) and name not in LINEAR:
            charge(len(text) * len(value) // 4)
    if name == "replace" and isinstance(first, str) and isinstance(second, str):
        charge(4 * text.count(first) * len(second))
    if name in ("split", "rsplit", "splitlines"):
        charge(CHARACTER * (text.count(first) if isinstance(first, str) and first else len(text) // 2))


def joins(between: Any, values: Any) -> None:
    """Charge for a join."""
    count = len(values) if hasattr(values, "__len__") else 0
    charge((CHARACTER + 4 * len(str(between))) * count + weigh(values))


def guarded(name: str, function: Any) -> Callable[..., Any]:
    """Return a filter or test that charges for all that it is given and all that it gives."""
    passes = getattr(function, "jinja_pass_arg", None) is not None

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        own = [settled(value) for value in (args[1:] if passes else args)]
        if name not in UNSEEN:
            look(name, own[0] if own else None, [*own[1:], *kwargs.values()])
        return settled(function(*(args[:1] if passes else ()), *own, **kwargs))

    return run


def look(name: str, value: Any, more: list[Any]) -> None:
    """Charge for what a filter or test does with a value."""
    for each in (value, *more):
        weigh(each)
    if name == "join":
        joins(more[0] if more else "", value)
    elif isinstance(value, str):
        work(value, name, more)
        charge(CHARACTER * len(value) if name in ("list", "sort") else 0)
    if name == "indent":
        charge(4 * str(value).count("\n") * widest(more))


def widest(values: list[Any]) -> int:
    """Return how far these arguments indent a line, in characters."""
    widths = [
        len(value) if isinstance(value, str) else value for value in values if isinstance(value, str | int)
    ]
    if any(width > WIDEST for width in widths):
        raise SecurityError(f"an indent of more than {WIDEST} is too wide")
    return sum(widths)


def settled(value: Any) -> Any:
    """Turn a generator or a view into a list, each item charged."""
    if isinstance(value, VIEWS):
        value = list(counted(value))
    charge(getsizeof(value) + STEP)
    return value


def product(left: Any, right: Any) -> float:
    """Return the size of left * right in units."""
    if isinstance(left, int | float) and isinstance(right, int | float):
        return getsizeof(left) * getsizeof(right) // 8
    text, times = (right, left) if isinstance(left, int) else (left, right)
    return 4 * getsizeof(text) * max(times, 0) if isinstance(times, int) else 0


def digits(text: str) -> list[str]:
    """Return the runs of digits in a text."""
    return "".join(c if c.isdigit() else " " for c in text).split()
