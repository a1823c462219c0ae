"""What annotations say: whether a value fits one, its parts, and what it is in words."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any, Literal, Union, get_args, get_origin

#: A number, or one with a unit: ``5M``.
Amount = str | int | float

#: What :func:`fit` gives for a value that does not plainly fit.
MISFIT: Any = object()
_Fitter = Callable[[Any], Any]
_fitters: dict[Any, _Fitter] = {}


def fit(annotation: Any, value: Any) -> Any:
    """The value as the annotation takes it; ``MISFIT`` where it does not *plainly* fit.

    Types are strict (true is no integer), but a whole number is a float where only a float can be.
    What this refuses may still fit: the pydantic schema decides.
    """
    fitter = _fitters.get(annotation)
    if fitter is None:
        fitter = _fitters[annotation] = _fitter(annotation)
    return fitter(value)


def _fitter(annotation: Any) -> _Fitter:
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation is Any:
        return lambda value: value
    if annotation is int:
        # A named size is an integer as well.
        return lambda value: value if isinstance(value, int) and type(value) is not bool else MISFIT
    if annotation is float:
        return lambda value: float(value) if type(value) in (int, float) else MISFIT
    if origin in (Union, types.UnionType):
        return _union(args)
    if origin is Literal:
        words = {(type(arg), arg) for arg in args}
        return lambda v: v if type(v) in (str, int, bool) and (type(v), v) in words else MISFIT
    if origin is tuple:
        return _tuple(args)
    if origin is list:
        return lambda v: v if isinstance(v, list) and _all_fit(args[0], v) else MISFIT
    if origin is dict:
        return lambda v: (
            v
            if isinstance(v, dict) and _all_fit(args[0], v) and _all_fit(args[1], v.values())
            else MISFIT
        )
    return lambda value: value if type(value) is annotation else MISFIT


def _union(args: tuple[Any, ...]) -> _Fitter:
    # An exact type comes before a number taken as a float.
    parts = sorted(args, key=lambda part: part is float)

    def fitter(value: Any) -> Any:
        if float in args and type(value) is float:
            return value
        for part in parts:
            found = fit(part, value)
            if found is not MISFIT:
                return found
        return MISFIT

    return fitter


def _tuple(args: tuple[Any, ...]) -> _Fitter:
    def fitter(value: Any) -> Any:
        if type(value) is not tuple:
            return MISFIT
        wanted = (args[0],) * len(value) if args[-1] is Ellipsis else args
        if len(wanted) != len(value):
            return MISFIT
        found = tuple(map(fit, wanted, value))
        return MISFIT if MISFIT in found else found

    return fitter


def _all_fit(annotation: Any, values: Any) -> bool:
    return annotation is Any or all(fit(annotation, value) is not MISFIT for value in values)


def leaves(annotation: Any) -> Iterator[Any]:
    """The scalar types and literal values an annotation is made of."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) is not None:
        for part in get_args(annotation):
            yield from leaves(part)
    else:
        yield annotation


_WORDS: dict[Any, str] = {
    int: "an integer",
    float: "a number",
    bool: "true or false",
    str: "a word",
    type(None): "null",
    dict: "a mapping",
    Any: "anything",
    Amount: "a number, with a unit or without (5M)",
}
_PLURALS = {int: "integers", float: "numbers", bool: "booleans", str: "words"}


def words(annotation: Any) -> str:
    """An annotation in words: ``an integer or a list of integers``."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        if {str, int, float, bool} <= set(args):
            return "text"
        parts = dict.fromkeys(words(part) for part in args if part is not type(None))
        return " or ".join(parts)
    if origin is Literal:
        return ("one of " if len(args) > 1 else "") + ", ".join(map(str, args))
    if origin in (list, tuple):
        inner = _PLURALS.get(args[0]) if args else None
        if inner is None and args and get_origin(args[0]) in (Union, types.UnionType):
            singles = [_PLURALS[part] for part in get_args(args[0]) if part in _PLURALS]
            inner = " or ".join(singles) or None
        return f"a list of {inner}" if inner else "a list"
    return "a mapping" if origin is dict else "something else"
