"""The words of ``shapecalc sweep``: lists of values, conditions and orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import typer

from shapecalc.cli import _check_options
from shapecalc.variants import FIGURES, Variant

#: The most values that one range may stand for.
MAX_RANGE = 1_000_000

_RANGE = re.compile(r"(?a)(-?\d{1,16})\.\.(-?\d{1,16})(?:\.\.(\d{1,16}))?")
#: A comma between brackets does not part values.
_COMMA = re.compile(r",(?![^\[]*\])")
_AMOUNT = re.compile(r"(?a)(?<![\w.])(\d[\d_]*(?:\.\d+)?)\s?([KMGT]i?B|[KMGT]|B)\b", re.IGNORECASE)
#: What a condition may read beside the figures and the ``vars``.
MORE = ("ok", "errors")


def _wrong(message: str, option: str) -> NoReturn:
    raise typer.BadParameter(message, param_hint=f"'{option}'")


def variables(texts: Iterable[str]) -> dict[str, list[Any]]:
    """``width=16,32,64`` and ``depth=1..8`` as the values of each name."""
    found: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not name or not values:
            _wrong(f"{text!r} is not NAME=VALUES, as width=16,32,64 or depth=1..8.", "--set")
        if name in found:
            _wrong(f"{name} is given twice: write all its values in one --set.", "--set")
        found[name] = [value for part in _COMMA.split(values) for value in _values(name, part)]
    return found


def _values(name: str, text: str) -> Iterable[Any]:
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return _check_options.assignments([f"{name}={text}"]).values()
    first, last, step = int(match[1]), int(match[2]), int(match[3] or 1)
    if step < 1 or last < first:
        _wrong(f"{text!r} has no values: write FIRST..LAST or FIRST..LAST..STEP.", "--set")
    if (last - first) // step >= MAX_RANGE:
        _wrong(f"{text!r} has more than {MAX_RANGE:,} values.", "--set")
    return range(first, last + 1, step)


def condition(text: str | None, names: Iterable[str]) -> Callable[[Variant], bool]:
    """``params < 5M and width > 16`` as a test of a variant."""
    if text is None:
        return lambda _: True
    from shapecalc.spec.expressions import UNKNOWN, ExpressionError, UnknownValueError, parse

    known = (*FIGURES, *MORE, *names)
    try:
        expression = parse(_AMOUNT.sub(_number, text))
    except ExpressionError as error:
        _wrong(f"{text!r}: {error}.", "--where")
    unknown = sorted(expression.names - set(known))
    if unknown:
        _unknown(unknown[0], known, "--where")

    def holds(variant: Variant) -> bool:
        figures = {name: getattr(variant, name) for name in (*FIGURES, *MORE)}
        values = {**figures, **variant.values}
        try:
            found = expression.evaluate(
                {name: UNKNOWN if value is None else value for name, value in values.items()}
            )
        except UnknownValueError:
            return False
        except ExpressionError as error:
            _wrong(f"{text!r}: {error}.", "--where")
        if not isinstance(found, bool):
            _wrong(f"{text!r} is neither true nor false: compare it, as params < 5M.", "--where")
        return found

    return holds


def _number(match: re.Match[str]) -> str:
    from shapecalc.budget import parse_amount

    unit = match[2].lower()
    return str(parse_amount("memory" if len(unit) > 1 else "params", match[0]))


def order(text: str | None, names: Iterable[str]) -> Callable[[list[Variant]], list[Variant]]:
    """``macs`` (the least first) or ``-macs`` as an order of variants; ties keep theirs."""
    if text is None:
        return lambda variants: variants
    name, known = text.lstrip("-"), (*FIGURES, *MORE, *names)
    if name not in known:
        _unknown(name, known, "--sort")
    descending = text.startswith("-")

    def key(variant: Variant) -> tuple[bool, str, Any]:
        value = variant.values.get(name) if name in variant.values else getattr(variant, name)
        number = isinstance(value, (int, float))
        # What is not known comes last, whichever way.
        return (value is None) != descending, "" if number else str(value), value if number else 0

    return lambda variants: sorted(variants, key=key, reverse=descending)


def _unknown(name: str, known: Iterable[str], option: str) -> NoReturn:
    from shapecalc.spec.names import did_you_mean

    nearest = did_you_mean(name, known)
    hint = f"did you mean {nearest}?" if nearest else f"there are {', '.join(known)}."
    _wrong(f"there is no figure and no value {name!r}; {hint}", option)
