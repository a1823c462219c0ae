"""From which size on a condition repeats, and with which period: exactly, by its coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from math import lcm

from shapecalc.symbolic.polynomial import Floor, Polynomial, TooComplexError


def period(polynomial: Polynomial, name: str) -> int:
    """The least number of which it is known that, on ``name = P·k + r``, no floor is left.

    A floor of something divided by ``d`` needs ``d`` times the period of what is in it.
    """
    floors = {atom for monomial in polynomial.terms for atom in monomial if isinstance(atom, Floor)}
    return lcm(
        *(
            floor.divisor * period(floor.numerator, name)
            for floor in floors
            if name in floor.numerator.names
        )
    )


#: No size beyond this is looked at.
MOST = 4096


def settled(polynomial: Polynomial, name: str, others: Mapping[str, int]) -> int | None:
    """The size of ``name`` from which on, in steps of the period, the sign stays what it is.

    By Cauchy's bound on the roots, for each remainder; ``None`` where that is beyond ``MOST``.
    """
    modulus = period(polynomial, name)
    if modulus > MOST:
        return None
    start = 1
    for residue in range(modulus):
        try:
            coefficients = _coefficients(polynomial, name, others, modulus, residue)
        except TooComplexError:
            return None
        lead = coefficients[-1]
        if len(coefficients) > 1:
            turns = 1 + max(map(abs, coefficients[:-1])) // abs(lead) + 1
            start = max(start, modulus * turns + residue)
    return start if start <= MOST else None


def _coefficients(
    polynomial: Polynomial, name: str, others: Mapping[str, int], modulus: int, residue: int
) -> list[int]:
    """Of 1, ``k``, ``k²`` …, where ``name`` is ``modulus·k + residue``."""
    values: dict[str, Polynomial] = {
        other: Polynomial.constant(value) for other, value in others.items()
    }
    values[name] = Polynomial.name(name) * modulus + residue
    inner = polynomial.evaluate(values)
    if isinstance(inner, int):
        return [inner]
    found = [0] * (1 + max((len(monomial) for monomial in inner.terms), default=0))
    for monomial, factor in inner.terms.items():
        found[len(monomial)] += factor
    return found
