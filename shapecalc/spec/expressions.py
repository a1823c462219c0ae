"""The arithmetic of specs: numbers, words and lists, and no more.

``+ - * / // % **``, comparisons, ``and or not``, ``a if c else b`` and a handful of functions over
names. Python's own parser reads the text; each node of its tree that the language does not have is
refused, and nothing is ever handed to ``eval``. Every number stays below 2^53.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from shapecalc.limits import MAX_EXPRESSION, MAX_NUMBER
from shapecalc.spec.names import did_you_mean, surely_meant

#: A number, a boolean, a word or a (nested) list of them.
Value = Any


class ExpressionError(ValueError):
    """An expression that cannot be read or computed; ``help`` says what would mend it, ``meant``
    which name in it surely stands for which other."""

    def __init__(
        self,
        message: str,
        help: str | None = None,
        meant: tuple[str, str] | None = None,
        *,
        unknown: str | None = None,
        culprit: Value = None,
        unclosed: str | None = None,
    ) -> None:
        super().__init__(message)
        self.help = help
        self.meant = meant
        #: The name that is not in scope, where that is what is wrong.
        self.unknown = unknown
        #: The value that is of the wrong type, where that is what is wrong.
        self.culprit = culprit
        #: The text, where it has a bracket that is not closed.
        self.unclosed = unclosed


class UnknownValueError(Exception):
    """The expression depends on a size that could not be determined; not an error of its own."""


#: Bound to a name whose value an earlier error made impossible to know.
UNKNOWN = object()


class Expression:
    """A parsed expression: its ``text``, the ``names`` it reads, and :meth:`evaluate`."""

    __slots__ = ("_run", "names", "text", "word")

    def __init__(
        self,
        text: str,
        run: Callable[[Mapping[str, Value]], Value],
        names: frozenset[str],
        word: bool,
    ) -> None:
        self.text = text
        self._run = run
        self.names = names
        #: Whether it is a single name, which may also stand for itself (a word).
        self.word = word

    def evaluate(self, names: Mapping[str, Value]) -> Value:
        """The value under ``names``.

        Raises :class:`ExpressionError`, or :class:`UnknownValueError` where a name is bound to
        :data:`UNKNOWN`.
        """
        return self._run(names)


def make_divisible(value: float, divisor: float = 8, least: float | None = None) -> int:
    """The multiple of ``divisor`` nearest to ``value``, never below nine tenths of it.

    ``least`` is ``divisor`` where it is not given. Source: ``_make_divisible`` of the MobileNet
    reference code.
    """
    divisor = _whole("divisor", divisor)
    if divisor < 1:
        raise ExpressionError(f"the divisor is {divisor}, at least 1 is needed")
    least = divisor if least is None else _whole("least value", least)
    rounded = max(least, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def _whole(about: str, value: float) -> int:
    if value != int(value):
        raise ExpressionError(f"the {about} is {value}, an integer is needed")
    return int(value)


def _round(value: float, digits: float | None = None) -> float:
    """Python's ``round``, which would compute any power of ten in full."""
    if digits is None:
        return round(value)
    if abs(digits) > 15:
        raise ExpressionError(f"cannot round to {digits} digits", "use -15 to 15")
    return round(value, _whole("number of digits", digits))


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int | None]] = {
    "min": (min, 2, None),
    "max": (max, 2, None),
    "abs": (abs, 1, 1),
    "round": (_round, 1, 2),
    "floor": (math.floor, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "make_divisible": (make_divisible, 1, 3),
}

#: How many of the names in scope are listed.
MAX_NAMED = 20

#: How deep an expression may nest; a chain such as a + b + c counts once.
MAX_NESTING = 50

#: Names that expressions may use for what the layer receives, besides ``index``.
RECEIVED = ("in_channels", "in_features", "in_length", "in_height", "in_width", "in_depth")


class _OutsideError(Exception):
    """A piece of Python that the language does not have."""

    def __init__(self, node: ast.expr) -> None:
        super().__init__()
        self.node = node


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Read an expression. Raises :class:`ExpressionError`."""
    text = text.strip()
    if len(text) > MAX_EXPRESSION:
        raise ExpressionError(f"the expression is longer than {MAX_EXPRESSION:,} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        unclosed = text if text.count("(") > text.count(")") else None
        message = f"cannot read {shorten(text)!r}"
        raise ExpressionError(message, _syntax_help(text), unclosed=unclosed) from None
    names: set[str] = set()
    _check_nesting(tree)
    try:
        run = _compile(tree, names)
    except _OutsideError as error:
        written = ast.get_source_segment(text, error.node) or text
        raise ExpressionError(
            f"{shorten(written)!r} is not part of the expression language",
            "use numbers, names, + - * / // % **, comparisons, and/or/not, a if c else b, and "
            + ", ".join(FUNCTIONS),
        ) from None
    return Expression(text, run, frozenset(names), isinstance(tree, ast.Name))


def _check_nesting(tree: ast.expr) -> None:
    """Bound what compiling and evaluating recurse into."""
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_NESTING:
            raise ExpressionError(f"the expression is nested more than {MAX_NESTING} deep")
        chain = node.left if isinstance(node, ast.BinOp) and type(node.op) in _BINARY else None
        pending.extend(
            (child, depth if child is chain else depth + 1)
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.expr)
        )


def shorten(text: str, limit: int = 40) -> str:
    """The text, or its beginning where it is long."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


#: Why YAML ends an expression before its end.
COMMA_HELP = "inside {} or [] an expression with a comma must be quoted"


def _syntax_help(text: str) -> str:
    if text.count("(") != text.count(")"):
        return f'{COMMA_HELP}: "max(a, b)"'
    if "&&" in text or "||" in text:
        return "write `and`, `or`, `not`"
    return "an expression is arithmetic: 2 * width, n // 4, max(a, b), x if n > 2 else y"


_Run = Callable[[Mapping[str, Value]], Value]


def _compile(node: ast.expr, names: set[str]) -> _Run:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            constant = _bounded(value)
            return lambda _: constant
        case ast.Name(id=name):
            return _compile_name(name, names)
        case ast.UnaryOp(op=op, operand=operand):
            return _compile_unary(op, _compile(operand, names))
        case ast.BinOp(op=op) if type(op) in _BINARY:
            return _compile_chain(node, names)
        case ast.BoolOp(op=op, values=values):
            return _compile_logic(op, [_compile(value, names) for value in values])
        case ast.Compare(left=left, ops=ops, comparators=rest):
            parts = [_compile(part, names) for part in (left, *rest)]
            return _compile_compare(ops, parts)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            condition, yes, no = (_compile(part, names) for part in (test, body, orelse))
            return lambda env: yes(env) if _boolean(condition(env)) else no(env)
        case ast.Call(func=ast.Name(id=function), args=args, keywords=[]):
            return _compile_call(function, [_compile(arg, names) for arg in args])
    raise _OutsideError(node)


def _compile_name(name: str, names: set[str]) -> _Run:
    if name in ("true", "false"):
        truth = name == "true"
        return lambda _: truth
    names.add(name)

    def run(env: Mapping[str, Value]) -> Value:
        try:
            value = env[name]
        except KeyError:
            raise unknown_name(name, env) from None
        if value is UNKNOWN:
            raise UnknownValueError(name)
        return value

    return run


def unknown_name(name: str, env: Mapping[str, Value]) -> ExpressionError:
    """The error for a name that is not in scope, with the nearest one that is."""
    nearest = did_you_mean(name, env)
    if nearest:
        return ExpressionError(
            f"unknown name {shorten(name)!r}",
            f"did you mean `{nearest}`?",
            surely(name, env),
            unknown=name,
        )
    names = list(islice((key for key in env if key not in RECEIVED), MAX_NAMED + 1))
    known = ", ".join(names[:MAX_NAMED]) + ", …" * (len(names) > MAX_NAMED)
    hint = f"names in scope: {known}" if known else "no `vars` or parameters are in scope"
    return ExpressionError(f"unknown name {shorten(name)!r}", hint, unknown=name)


def surely(name: str, known: Iterable[str]) -> tuple[str, str] | None:
    """A name and the one that is surely meant by it, where that can stand in an expression."""
    meant = surely_meant(name, known)
    return (name, meant) if meant and meant.isidentifier() else None


def _compile_unary(op: ast.unaryop, operand: _Run) -> _Run:
    if isinstance(op, ast.Not):
        return lambda env: not _boolean(operand(env))
    if isinstance(op, ast.USub):
        return lambda env: -_number(operand(env))
    if isinstance(op, ast.UAdd):
        return lambda env: _number(operand(env))
    raise ExpressionError("the operator ~ is not part of the expression language")


def _divide(left: float, right: float) -> float:
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return left / right


def _power(base: float, exponent: float) -> float:
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and abs(base) > 1 and exponent * math.log2(abs(base)) >= MAX_NUMBER.bit_length():
        raise OverflowError  # before a number of that length is computed
    result: Any = base**exponent
    if isinstance(result, complex):
        raise ExpressionError(f"{base} ** {exponent} is not a real number")
    return result if isinstance(result, int) else float(result)


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divide,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}


_DIVISIONS = frozenset({_divide, operator.floordiv, operator.mod})


def _compile_chain(node: ast.expr, names: set[str]) -> _Run:
    """``a + b - c …``, which Python's parser nests to the left, as one loop."""
    steps: list[tuple[Callable[[Any, Any], Any], ast.expr]] = []
    while isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        steps.append((_BINARY[type(node.op)], node.right))
        node = node.left
    first = _compile(node, names)
    rest = [(compute, _compile(right, names), right) for compute, right in reversed(steps)]

    def run(env: Mapping[str, Value]) -> Value:
        value = first(env)
        for compute, right, node in rest:
            left, operand = _number(value), _number(right(env))
            if operand == 0 and compute in _DIVISIONS:
                raise ExpressionError("division by zero", _zero_help(node))
            value = _computed(compute, left, operand)
        return value

    return run


def _zero_help(divisor: ast.expr) -> str:
    if isinstance(divisor, ast.Constant):
        return "divide by another number"
    text = shorten(ast.unparse(divisor))
    return f"`{text}` is 0 here: give it another value, or write … if {text} != 0 else …"


def _computed(function: Callable[..., Any], *args: Any) -> Value:
    try:
        return _bounded(function(*args))
    except ZeroDivisionError:
        raise ExpressionError("division by zero") from None
    except OverflowError:
        raise ExpressionError("the result is too large: numbers stay below 2^53") from None


def _bounded(value: Value) -> Value:
    if isinstance(value, (int, float)) and not abs(value) < MAX_NUMBER:
        raise ExpressionError("the result is too large: numbers stay below 2^53")
    return value


def _compile_logic(op: ast.boolop, parts: list[_Run]) -> _Run:
    if isinstance(op, ast.And):
        return lambda env: all(_boolean(part(env)) for part in parts)
    return lambda env: any(_boolean(part(env)) for part in parts)


_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _compile_compare(ops: list[ast.cmpop], parts: list[_Run]) -> _Run:
    for op in ops:
        if not isinstance(op, (ast.Eq, ast.NotEq, *_ORDER)):
            raise ExpressionError("`is` and `in` are not part of the expression language")

    def run(env: Mapping[str, Value]) -> bool:
        left = parts[0](env)
        for op, part in zip(ops, parts[1:], strict=True):
            right = part(env)
            if isinstance(op, ast.Eq):
                holds = left == right
            elif isinstance(op, ast.NotEq):
                holds = left != right
            else:
                holds = _ORDER[type(op)](_number(left), _number(right))
            if not holds:
                return False
            left = right
        return True

    return run


def _compile_call(name: str, args: list[_Run]) -> _Run:
    if name not in FUNCTIONS:
        nearest = did_you_mean(name, FUNCTIONS)
        raise ExpressionError(
            f"unknown function {shorten(name)!r}",
            f"did you mean `{nearest}`?" if nearest else f"there are {', '.join(FUNCTIONS)}",
            surely(name, FUNCTIONS),
        )
    function, least, most = FUNCTIONS[name]
    if len(args) < least or (most is not None and len(args) > most):
        raise ExpressionError(f"{name} takes {_how_many(least, most)}, not {len(args)}")
    return lambda env: _computed(function, *(_number(arg(env)) for arg in args))


def _how_many(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} or more arguments"
    if most == least:
        return f"{least} argument{'' if least == 1 else 's'}"
    return f"{least} to {most} arguments"


def _number(value: Value) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ExpressionError(f"a number is needed, not {describe(value)}", culprit=value)
    return value


def _boolean(value: Value) -> bool:
    if not isinstance(value, bool):
        raise ExpressionError(
            f"true or false is needed, not {describe(value)}", "compare it: x != 0", culprit=value
        )
    return value


def describe(value: Value) -> str:
    """A value as the user would know it: ``the word 'same'``, ``3.5``, ``true``, ``a list``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"the word {shorten(value)!r}"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return shorten("[" + ", ".join(map(str, value[:12])) + "]")
    return shorten(str(value))
