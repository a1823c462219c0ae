"""A size that is an expression over named sizes, and a number as well.

The number is what the size is at one sample, so that whatever computes or compares sizes runs as it
does on plain ones; the arithmetic goes on with the expression, and what was decided by comparing is
noted by the trace. What does not compute with expressions (a float, a slice) goes on with the
sample alone: whoever uses sizes from a trace must compare them with those at other samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import count
from operator import add, eq, floordiv, ge, gt, le, lt, mod, mul, ne, sub
from typing import Any, Literal, NamedTuple

from shapecalc.symbolic.polynomial import Polynomial, TooComplexError

_numbers = count()


class Condition(NamedTuple):
    """That a polynomial is (or is not) zero, or at least zero."""

    polynomial: Polynomial
    relation: Literal["=", "≠", "≥", "<"]

    def __str__(self) -> str:
        """``H·W ≠ 1``: what is added on the one side, what is taken off on the other."""
        polynomial, relation = self
        if next(iter(polynomial.terms.values()), 0) < 0:
            polynomial = -polynomial
            relation = {"≥": "≤", "<": ">"}.get(relation, relation)  # type: ignore[assignment]
        added = {one: factor for one, factor in polynomial.terms.items() if factor > 0}
        left = Polynomial(added)
        return f"{left} {relation} {left - polynomial}"

    def holds(self, values: Mapping[str, int]) -> bool:
        """Whether it is so where the names have these values."""
        value: int = self.polynomial.evaluate(values)
        return {"=": value == 0, "≠": value != 0, "≥": value >= 0, "<": value < 0}[self.relation]


class Trace:
    """One computation with named sizes: the sample, and what was decided at it."""

    def __init__(self, sample: Mapping[str, int]) -> None:
        #: Which of all traces it is: sizes of different ones are never equal.
        self.number = next(_numbers)
        self.sample = dict(sample)
        #: What comparisons came to, in order.
        self.conditions: dict[Condition, None] = {}
        #: By name a modulus and a remainder: what is known of the sizes that matter.
        self.residues: dict[str, tuple[int, int]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """What was decided is asked about where it was decided only."""
        return {**self.__dict__, "conditions": {}}

    def names(self) -> dict[str, Size]:
        """The named sizes."""
        return {
            name: Size(value, Polynomial.name(name), self) for name, value in self.sample.items()
        }

    def decided(self, polynomial: Polynomial, relation: Literal["=", "≥"], *, holds: bool) -> bool:
        """Note what a comparison came to."""
        other: Literal["≠", "<"] = "≠" if relation == "=" else "<"
        self.conditions.setdefault(Condition(polynomial, relation if holds else other))
        return holds


class Size(int):
    """A size: the number it is at the sample of its trace, and its expression."""

    polynomial: Polynomial
    trace: Trace

    def __new__(cls, value: int, polynomial: Polynomial, trace: Trace) -> Size:
        size = super().__new__(cls, value)
        size.polynomial = polynomial
        size.trace = trace
        return size

    def __reduce__(self) -> tuple[Any, ...]:
        return Size, (int(self), self.polynomial, self.trace)

    def __hash__(self) -> int:
        return hash((self.polynomial, self.trace.number))

    def __str__(self) -> str:
        return self.polynomial.format(self.trace.residues)

    def __format__(self, spec: str) -> str:
        text = self.polynomial.format(self.trace.residues, "," if "," in spec else "")
        return f"+{text}" if "+" in spec and not text.startswith("-") else text

    def __repr__(self) -> str:
        return self.polynomial.written  # in a list of a message, which is to be copied

    def _with(
        self, other: object, compute: Callable[[Any, Any], Any], *, swap: bool = False
    ) -> Any:
        """What an operation gives; with a float, and where no expression can be kept, the number
        that it is at the sample."""
        if not isinstance(other, int):
            return NotImplemented
        one, two = (other, self) if swap else (self, other)
        value = compute(int(one), int(two))
        try:
            polynomial = compute(polynomial_of(one), polynomial_of(two))
        except TooComplexError:
            return value
        number = polynomial.number
        return Size(value, polynomial, self.trace) if number is None else number

    def __add__(self, other: int) -> int:
        return self._with(other, add)  # type: ignore[no-any-return]

    def __sub__(self, other: int) -> int:
        return self._with(other, sub)  # type: ignore[no-any-return]

    def __rsub__(self, other: int) -> int:
        return self._with(other, sub, swap=True)  # type: ignore[no-any-return]

    def __mul__(self, other: int) -> int:
        return self._with(other, mul)  # type: ignore[no-any-return]

    __radd__, __rmul__ = __add__, __mul__

    def __floordiv__(self, other: int) -> int:
        return self._with(other, floordiv)  # type: ignore[no-any-return]

    def __rfloordiv__(self, other: int) -> int:
        return self._with(other, floordiv, swap=True)  # type: ignore[no-any-return]

    def __mod__(self, other: int) -> int:
        return self._with(other, mod)  # type: ignore[no-any-return]

    def __rmod__(self, other: int) -> int:
        return self._with(other, mod, swap=True)  # type: ignore[no-any-return]

    def __divmod__(self, other: int) -> tuple[int, int]:
        return self // other, self % other

    def __pow__(self, exponent: int, modulus: None = None) -> Any:  # type: ignore[override]
        if isinstance(exponent, Size) or exponent not in range(9):
            return int(self) ** exponent
        power = 1
        for _ in range(exponent):
            power = self * power
        return power

    def __neg__(self) -> int:
        return 0 - self

    def __pos__(self) -> int:
        return self

    def __abs__(self) -> int:
        return self if self >= 0 else -self

    def __floor__(self) -> int:
        return self

    __ceil__ = __trunc__ = __floor__

    def __round__(self, digits: int | None = None) -> int:  # type: ignore[override]
        return self

    def __bool__(self) -> bool:
        return self != 0

    def _compared(self, other: object, compare: Callable[[Any, Any], bool]) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        if isinstance(other, Size) and other.trace is not self.trace:
            return compare is ne
        holds = compare(int(self), int(other))
        try:
            difference = self.polynomial - polynomial_of(other)
        except TooComplexError:
            return holds
        if difference.number is not None:
            return compare(difference.number, 0)
        if compare in (eq, ne):
            self.trace.decided(difference, "=", holds=holds == (compare is eq))
        elif compare in (ge, lt):
            self.trace.decided(difference, "≥", holds=holds == (compare is ge))
        else:
            self.trace.decided(-difference, "≥", holds=holds == (compare is le))
        return holds

    def __eq__(self, other: object) -> bool:
        return self._compared(other, eq)  # type: ignore[no-any-return]

    def __ne__(self, other: object) -> bool:
        return self._compared(other, ne)  # type: ignore[no-any-return]

    def __lt__(self, other: int) -> bool:
        return self._compared(other, lt)  # type: ignore[no-any-return]

    def __le__(self, other: int) -> bool:
        return self._compared(other, le)  # type: ignore[no-any-return]

    def __gt__(self, other: int) -> bool:
        return self._compared(other, gt)  # type: ignore[no-any-return]

    def __ge__(self, other: int) -> bool:
        return self._compared(other, ge)  # type: ignore[no-any-return]


def polynomial_of(value: int) -> Polynomial:
    """The expression of a size; of a plain number the number."""
    return value.polynomial if isinstance(value, Size) else Polynomial.constant(int(value))


def ratio(one: int, other: int) -> Fraction | None:
    """What one figure is of another one, if it is so at every size."""
    try:
        left, right = _settled(one).terms, _settled(other).terms
    except TooComplexError:
        return None
    if not right:
        return None
    monomial, factor = next(iter(right.items()))
    found = Fraction(left.get(monomial, 0), factor)
    scaled = {part: times * found for part, times in right.items() if times * found}
    return found if scaled == left else None


def is_one_number(value: int) -> bool:
    """Whether a figure is the same whatever its names are, within what is known of them."""
    try:
        return _settled(value).number is not None
    except TooComplexError:
        return False


def _settled(value: int) -> Polynomial:
    """The expression of a figure where its names have the remainders that are known of them."""
    polynomial = polynomial_of(value)
    return polynomial.under(value.trace.residues) if isinstance(value, Size) else polynomial
