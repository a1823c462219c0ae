"""Values of fields: constants, or expressions still to be computed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from shapecalc.spec import expressions
from shapecalc.spec.expressions import Expression, ExpressionError, UnknownValueError, Value
from shapecalc.spec.names import did_you_mean
from shapecalc.spec.source import Extent

Names = Mapping[str, Value]


class Template:
    """A value as written: :meth:`evaluate` computes it, ``names`` are what it reads."""

    __slots__ = ("constant", "effort", "names", "run")

    def __init__(
        self, run: Callable[[Names], Value], names: frozenset[str], effort: int = 1
    ) -> None:
        self.run = run
        self.names = names
        #: How much there is to compute.
        self.effort = effort
        #: Whether it holds no expression.
        self.constant = False

    def evaluate(self, names: Names) -> Value:
        """The value under ``names``; see :meth:`Expression.evaluate`."""
        return self.run(names)


def constant(value: Value) -> Template:
    """A value that needs no names."""
    template = Template(lambda _: value, frozenset())
    template.constant = True
    return template


def _unknown(_: Names) -> Value:
    raise UnknownValueError


#: A value that could not be read, which has been reported.
UNKNOWN_VALUE = Template(_unknown, frozenset())


class Word(str):
    """A word that was given as a value, and where: it may be a misspelt name.

    ``known`` holds the names that were in scope there.
    """

    __slots__ = ("extent", "known")

    def __new__(cls, text: str, extent: Extent, known: Names) -> Word:
        word = super().__new__(cls, text)
        word.extent = extent
        word.known = known
        return word

    extent: Extent
    known: Names


def compile_value(
    value: Any, choices: Collection[str] = (), *, is_text: bool = False, words: bool = False
) -> Template:
    """Read a value as it stands in the YAML; lists become tuples.

    A word among ``choices`` is itself, as is any text where ``is_text``; with ``words`` a name
    that is not in scope is a word too (arguments of blocks, ``vars``). Raises
    :class:`ExpressionError`.
    """
    if isinstance(value, str):
        if is_text or value in choices:
            return constant(value)
        if value.strip() in choices:  # blanks mean nothing to an expression either
            return constant(value.strip())
        expression = expressions.parse(value)
        if words and expression.word:
            return Template(_word_or_value(expression), frozenset())
        effort = 1 + len(value) // 16
        if choices:
            return Template(_value_or_choice(expression, choices), expression.names, effort)
        return Template(expression.evaluate, expression.names, effort)
    if isinstance(value, list):
        parts = [compile_value(part, choices, is_text=is_text, words=words) for part in value]
        if all(part.constant for part in parts):
            whole = constant(tuple(part.evaluate({}) for part in parts))
            whole.effort = sum(part.effort for part in parts)
            return whole
        names = frozenset[str]().union(*(part.names for part in parts))
        effort = sum(part.effort for part in parts)
        return Template(lambda env: tuple(part.run(env) for part in parts), names, effort)
    if isinstance(value, dict):
        raise ExpressionError("a mapping is not a value here")
    return constant(value)


def _word_or_value(expression: Expression) -> Callable[[Names], Value]:
    name = expression.text.strip()
    return lambda env: expression.evaluate(env) if name in env else name


def _value_or_choice(expression: Expression, choices: Collection[str]) -> Callable[[Names], Value]:
    def run(env: Names) -> Value:
        unknown = expression.word and expression.text.strip() not in env
        if not unknown or expression.text.strip() in ("true", "false"):
            return expression.evaluate(env)
        nearest = did_you_mean(expression.text, [*choices, *env])
        raise ExpressionError(
            f"unknown word {expressions.shorten(expression.text)!r}",
            f"did you mean `{nearest}`?" if nearest else f"one of {', '.join(sorted(choices))}",
            expressions.surely(expression.text.strip(), [*choices, *env]),
        )

    return run


def whole(value: Value) -> Value:
    """Numbers that came out whole, as integers: ``96.0`` is 96, also inside a list."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, tuple):
        return tuple(whole(part) for part in value)
    return value
