"""Templates of strangers: jinja2's immutable sandbox, with a budget for each thing that a template can do.

Loops, outputs, literals, comparisons and joins are rewritten to pass through filters that charge for them;
operators, calls, filters and tests are charged by the environment's own hooks, before they run.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from sys import getsizeof
from types import BuiltinMethodType, MethodType
from typing import Any, NoReturn, cast

from jinja2 import nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension, LoopControlExtension
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace
from jinja2.visitor import NodeTransformer

from heedful.text.budget import (
    CALL,
    STEP,
    BudgetError,
    charge,
    counted,
    digits,
    guarded,
    joins,
    product,
    settled,
    weigh,
    work,
)

LONGEST = 8000  # pieces of a template, as jinja2 cuts it
FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "indent",
    "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject",
    "rejectattr", "replace", "reverse", "safe", "select", "selectattr", "sort", "string", "title",
    "trim", "unique", "upper",
)  # fmt: skip
METHODS: dict[type, set[str]] = {
    str: {
        "capitalize", "count", "endswith", "find", "index", "isalnum", "isalpha", "isdigit", "islower",
        "isnumeric", "isspace", "isupper", "join", "lower", "lstrip", "partition", "removeprefix",
        "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split",
        "splitlines", "startswith", "strip", "title", "upper",
    },
    dict: {"get", "items", "keys", "values"},
    list: {"count", "index"},
    tuple: {"count", "index"},
}  # fmt: skip


@pass_context
def _weighed(context: Context, value: Any) -> Any:  # noqa: ARG001
    weigh(value)
    return value


@pass_context
def _built(context: Context, value: Any) -> Any:  # noqa: ARG001
    weigh(value, opaque=True)
    return value


@pass_context
def _joined(context: Context, values: tuple[Any, ...]) -> str:  # noqa: ARG001
    for value in values:
        weigh(value)
    return "".join(map(str, values))


@pass_context
def _counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:  # noqa: ARG001
    return counted(values)


class Charging(NodeTransformer):
    """Sends what jinja2 compiles without a hook through the filters above."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        super().generic_visit(node, *args, **kwargs)
        if isinstance(node, nodes.Output):
            node.nodes = [through("weighed", plain(child)) for child in node.nodes]
        elif isinstance(node, nodes.For):
            node.iter = through("counted", cast(nodes.Expr, node.iter))
        elif isinstance(node, nodes.Compare):
            node.expr = through("weighed", node.expr)
            for operand in node.ops:
                operand.expr = through("weighed", operand.expr)
        elif isinstance(node, nodes.Concat):
            return through("joined", nodes.Tuple(node.nodes, "load", lineno=node.lineno))
        elif is_built(node):
            return through("built", cast(nodes.Expr, node))
        return node


def is_built(node: nodes.Node) -> bool:
    """Does this make a new list, table or part of a text?"""
    if isinstance(node, nodes.Getitem):
        return isinstance(node.arg, nodes.Slice)
    return isinstance(node, nodes.List | nodes.Dict) or (isinstance(node, nodes.Tuple) and node.ctx == "load")


def plain(node: nodes.Expr) -> nodes.Expr:
    """Turn the text between tags into a constant, which a filter can take."""
    return nodes.Const(node.data, lineno=node.lineno) if isinstance(node, nodes.TemplateData) else node


def through(name: str, node: nodes.Expr) -> nodes.Expr:
    """Return the node, passed through a filter of ours."""
    return nodes.Filter(node, f"_{name}", [], [], None, None, lineno=node.lineno)


class Generation(Extension):
    """`{% generation %}` marks what a model says, for training; here it is text like any other."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of chat templates: what they use of jinja2, and no more."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,
            cache_size=0,
            extensions=[Generation, LoopControlExtension],
        )
        kept = {name: self.filters[name] for name in FILTERS}
        self.filters = {name: guarded(name, function) for name, function in kept.items()}
        self.filters["tojson"] = guarded("tojson", tojson)
        ours = {"_weighed": _weighed, "_built": _built, "_joined": _joined, "_counted": _counted}
        self.filters.update(ours)
        self.tests = {name: guarded(name, function) for name, function in self.tests.items()}
        self.free = (raise_exception, strftime_now)
        self.globals = {
            "range": range,
            "dict": dict,
            "namespace": Namespace,
            "cycler": Cycler,
            "joiner": Joiner,
            "raise_exception": raise_exception,
            "strftime_now": strftime_now,
        }

    def compiled(self, source: str) -> Any:
        """Return a template whose work is charged."""
        pieces = (piece for piece in self.lex(source) if piece[1] != "whitespace")
        if len(list(islice(pieces, LONGEST + 1))) > LONGEST:
            raise BudgetError("it is longer than chat templates are")
        tree = Charging().visit(self.parse(source))
        return self.template_class.from_code(self, self.compile(tree), self.make_globals(None), None)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Apply an operator whose result cannot be huge."""
        size = weigh(left) + weigh(right)
        if operator == "*":
            charge(int(product(left, right)))
        elif operator == "**":
            if abs(right) > 64 or abs(left) > 1 << 64:
                raise SecurityError("a power is too large")
        elif operator == "%" and isinstance(left, str):
            if "*" in left or any(len(run) > 3 for run in digits(left)):
                raise SecurityError("a format is too wide")
            charge(left.count("%") * size * 10)
        return super().call_binop(context, operator, left, right)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look something up, at the price of a step."""
        weigh(argument, opaque=True)
        return super().getitem(obj, argument)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look something up, at the price of a step."""
        charge(STEP)
        return super().getattr(obj, attribute)

    def call(self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a macro, a loop, or one of the functions and methods that templates use."""
        charge(CALL)
        if isinstance(__obj, BuiltinMethodType) and type(__obj.__self__) in METHODS:
            check_method(__obj, [*args, *kwargs.values()])
        elif not self.harmless(__obj):
            raise SecurityError(f"{getattr(__obj, '__name__', type(__obj).__name__)!r} may not be called")
        elif isinstance(__obj, LoopContext) and args:
            args = (counted(args[0]), *args[1:])
        elif __obj is range:
            charge(36 * len(range(*args)))
        elif not isinstance(__obj, Macro):
            weigh([*args, *kwargs.values()], opaque=True)
        return settled(super().call(__context, __obj, *args, **kwargs))

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:
        """Refuse at once: jinja2's own way lets a template go on with nothing."""
        raise SecurityError(f"{attribute!r} of a {type(obj).__name__} may not be read")

    def harmless(self, function: Any) -> bool:
        """Is this a function that a template may call?"""
        if isinstance(function, MethodType):
            return isinstance(function.__self__, LoopContext | Cycler)
        if isinstance(function, Macro | LoopContext | Joiner):
            return True
        return function in (range, dict, Namespace, Cycler, Joiner, *self.free)


def check_method(method: Any, args: list[Any]) -> None:
    """Charge a method of plain data for its work and its result."""
    owner, name = method.__self__, method.__name__
    if name not in METHODS[type(owner)]:
        raise SecurityError(f"the method {name!r} may not be called")
    if name == "join":
        joins(owner, args[0] if args else ())
    elif type(owner) is str:
        work(owner, name, args)
    else:
        weigh(args)
        weigh(owner, opaque=True) if name in ("count", "index") else charge(getsizeof(owner))


def tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: Any = None,
    sort_keys: bool = False,
) -> str:
    """Write JSON as the reference library does for templates: without HTML's escapes."""
    if indent is not None and not (isinstance(indent, int) and 0 <= indent <= 16):
        raise SecurityError("tojson: expected an indent of 0 to 16")
    if separators is not None and sum(map(len, separators)) > 16:
        raise SecurityError("tojson: the separators are too long")
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def raise_exception(message: object) -> None:
    """Let a template refuse a conversation."""
    raise TemplateError(str(message)[:500])


def strftime_now(form: str) -> str:
    """Return the time now, as the template wants it."""
    return datetime.now().strftime(form[:100])
