"""A size as a function of an input's size, in the simplest words: ``H/16``, ``⌊(H + 1)/2⌋``."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd


def formula(values: Mapping[int, int], rise: int, period: int, name: str) -> str | None:
    """The function that has these values, given that it rises by ``rise`` every ``period``.

    Without rounding where that holds for all the sizes given (only those that fit a model, say):
    ``H/16``; else as ``k·⌊(n + b)/c⌋ + e`` with the slope ``k/c``; ``None`` where it is neither.
    """
    if not values:
        return None
    shared = gcd(rise, period)
    scale, divisor = rise // shared, period // shared
    rests = {value * divisor - scale * size for size, value in values.items()}
    if len(rests) == 1:
        return _without_rounding(scale, divisor, rests.pop(), name)
    for multiple in range(1, shared + 1):
        if shared % multiple == 0:
            found = _rounded(values, scale * multiple, divisor * multiple, name)
            if found:
                return found
    return None


def _without_rounding(scale: int, divisor: int, rest: int, name: str) -> str:
    """``(scale·n + rest)/divisor``."""
    if scale == 0:
        return str(rest // divisor)
    text = name if scale == 1 else f"{scale}·{name}"
    if rest % divisor == 0:
        whole = rest // divisor
        text = text if divisor == 1 else f"{text}/{divisor}"
        return text + _signed(whole)
    return f"({text}{_signed(rest)})/{divisor}"


def _rounded(values: Mapping[int, int], scale: int, divisor: int, name: str) -> str | None:
    size, value = next(iter(values.items()))
    rests = {
        shift: value - scale * ((size + shift) // divisor) for shift in range(1 - divisor, divisor)
    }
    for shift, rest in sorted(rests.items(), key=lambda one: (one[1] != 0, abs(one[0]), one[0])):
        if all(scale * ((n + shift) // divisor) + rest == v for n, v in values.items()):
            inner = f"({name}{_signed(shift)})" if shift else name
            text = f"⌊{inner}/{divisor}⌋"
            return (text if scale == 1 else f"{scale}·{text}") + _signed(rest)
    return None


def _signed(number: int) -> str:
    return f" {'+' if number > 0 else '-'} {abs(number)}" if number else ""
