"""Expressions over named sizes in a normal form: polynomials whose atoms are names and floors.

``-(-n // 2)`` and ``(n + 1) // 2`` come out as the same polynomial, and so do ``n // 2 // 2`` and
``n // 4``: two sizes that are alike in this form are alike at every size. (Two that are not may be:
``⌊n/2⌋ + ⌊(n + 1)/2⌋`` is ``n``, which only trying tells.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import groupby
from math import gcd, lcm
from typing import Any, NamedTuple

#: More terms than these are not multiplied out.
MAX_TERMS = 200
#: And more names and floors, those in floors as well, are not kept.
MAX_ATOMS = 2_000
#: Nor are floors in more floors than these.
MAX_DEPTH = 30


class TooComplexError(ArithmeticError):
    """An expression that is not kept exactly: it has too many terms, or divides by a name."""


class Floor(NamedTuple):
    """``⌊numerator/divisor⌋``."""

    numerator: Polynomial
    divisor: int

    def __str__(self) -> str:
        text = str(self.numerator)
        return f"⌊{f'({text})' if ' ' in text else text}/{self.divisor}⌋"

    @property
    def written(self) -> str:
        """As a spec writes it."""
        text = self.numerator.written
        return f"({f'({text})' if ' ' in text else text} // {self.divisor})"


#: A name, or a floor.
Atom = str | Floor
#: A product of atoms, each as often as its power says, in order; ``()`` is 1.
Monomial = tuple[Atom, ...]


class Polynomial:
    """A sum of monomials with whole coefficients; a value, as numbers are."""

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        kept = {monomial: factor for monomial, factor in terms.items() if factor}
        #: How many names and floors are in it.
        self.weight = sum(_weight(atom) for monomial in kept for atom in monomial)
        #: How many floors are in one another.
        self.depth = max((_depth(atom) for monomial in kept for atom in monomial), default=0)
        if len(kept) > MAX_TERMS or self.weight > MAX_ATOMS or self.depth > MAX_DEPTH:
            raise TooComplexError
        #: The monomials with their coefficients, those of a higher degree first.
        self.terms = dict(sorted(kept.items(), key=lambda term: _order(term[0])))
        self._key = tuple(self.terms.items())
        self._hash = hash(self._key)

    @classmethod
    def constant(cls, number: int) -> Polynomial:
        """A number."""
        return cls({(): number})

    @classmethod
    def name(cls, name: str) -> Polynomial:
        """A named size."""
        return cls({(name,): 1})

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self._key == other._key

    def __reduce__(self) -> tuple[Any, ...]:
        return Polynomial, (self.terms,)

    @property
    def number(self) -> int | None:
        """The number that it is, if it is one."""
        if not self.terms:
            return 0
        return self.terms.get(()) if len(self.terms) == 1 else None

    @cached_property
    def names(self) -> frozenset[str]:
        """The names in it."""
        return frozenset(name for monomial in self.terms for atom in monomial for name in _in(atom))

    def __neg__(self) -> Polynomial:
        return Polynomial({monomial: -factor for monomial, factor in self.terms.items()})

    def __add__(self, other: Polynomial | int) -> Polynomial:
        terms = dict(self.terms)
        for monomial, factor in _polynomial(other).terms.items():
            terms[monomial] = terms.get(monomial, 0) + factor
        return Polynomial(terms)

    def __sub__(self, other: Polynomial | int) -> Polynomial:
        return self + -_polynomial(other)

    def __mul__(self, other: Polynomial | int) -> Polynomial:
        other = _polynomial(other)
        if len(self.terms) * len(other.terms) > MAX_TERMS**2:
            raise TooComplexError
        terms: dict[Monomial, int] = {}
        for one, factor in self.terms.items():
            for two, times in other.terms.items():
                product = tuple(sorted((*one, *two), key=_rank))
                terms[product] = terms.get(product, 0) + factor * times
        return Polynomial(terms)

    __radd__, __rmul__ = __add__, __mul__

    def __floordiv__(self, other: Polynomial | int) -> Polynomial:
        """Rounded down; by another polynomial only where that divides it.

        Raises :class:`TooComplexError`.
        """
        divisor = other if isinstance(other, int) else other.number
        if divisor is None:
            quotient, rest = self._divided(_polynomial(other))
            if rest.terms:
                raise TooComplexError
            return quotient
        if divisor < 0:
            return -self // -divisor
        whole = {monomial: _towards_zero(f, divisor) for monomial, f in self.terms.items()}
        rest = self - Polynomial(whole) * divisor
        return Polynomial(whole) + _floor(rest, divisor)

    def __mod__(self, other: Polynomial | int) -> Polynomial:
        return self - self // other * other

    def _divided(self, other: Polynomial) -> tuple[Polynomial, Polynomial]:
        """Quotient and rest of a long division."""
        quotient, rest = Polynomial({}), self
        lead, factor = next(iter(other.terms.items()))
        for _ in range(len(self.terms)):
            found = next(iter(rest.terms.items()), None)
            if found is None or found[1] % factor:
                break
            part = _without(found[0], lead)
            if part is None:
                break
            step = Polynomial({part: found[1] // factor})
            quotient, rest = quotient + step, rest - step * other
        return quotient, rest

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Its value where the names have these: numbers, or whatever computes as they do."""
        total: Any = 0
        for monomial, factor in self.terms.items():
            product: Any = factor
            for atom in monomial:
                product = product * _value(atom, values)
            total = total + product
        return total

    def under(self, residues: Mapping[str, tuple[int, int]]) -> Polynomial:
        """The same in terms of ``k`` where each of these names is ``m·k + r``.

        Raises :class:`TooComplexError`.
        """
        values = {name: Polynomial.name(name) for name in self.names}
        for name in self.names & residues.keys():
            modulus, residue = residues[name]
            values[name] = values[name] * modulus + residue
        return _polynomial(self.evaluate(values))

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        return self.format()

    @property
    def written(self) -> str:
        """As a spec writes it: ``4 * T``, ``(H + 1) // 2``."""
        text = ""
        for monomial, factor in self.terms.items():
            parts = [] if abs(factor) == 1 and monomial else [str(abs(factor))]
            parts += [atom if isinstance(atom, str) else atom.written for atom in monomial]
            sign = (" - " if text else "-") if factor < 0 else (" + " if text else "")
            text += sign + " * ".join(parts)
        return text or "0"

    def format(self, residues: Mapping[str, tuple[int, int]] | None = None, spec: str = "") -> str:
        """``⌊(H + 1)/2⌋``, ``64·H·W``; ``H/2`` where ``residues`` say that it is even.

        ``spec`` is how numbers are formatted.
        """
        known = {name: residues[name] for name in self.names & (residues or {}).keys()}  # type: ignore[index]
        if known:
            try:
                inner = self.under(known)
            except TooComplexError:
                return self.format(None, spec)
            floors = {atom for monomial in inner.terms for atom in monomial if type(atom) is Floor}
            if not any(known.keys() & frozenset(_in(floor)) for floor in floors):
                return _factored(_outside(inner, known), spec)
        return _factored({monomial: Fraction(f) for monomial, f in self.terms.items()}, spec)


def _polynomial(value: Polynomial | int) -> Polynomial:
    return value if isinstance(value, Polynomial) else Polynomial.constant(value)


def _weight(atom: Atom) -> int:
    return 1 if isinstance(atom, str) else 1 + atom.numerator.weight


def _depth(atom: Atom) -> int:
    return 0 if isinstance(atom, str) else 1 + atom.numerator.depth


def _in(atom: Atom) -> Iterator[str]:
    """The names in an atom."""
    if isinstance(atom, str):
        yield atom
    else:
        yield from atom.numerator.names


def _value(atom: Atom, values: Mapping[str, Any]) -> Any:
    if isinstance(atom, str):
        return values[atom]
    return atom.numerator.evaluate(values) // atom.divisor


def _rank(atom: Atom) -> tuple[bool, str]:
    """Names come first, in order."""
    return (False, atom) if isinstance(atom, str) else (True, str(atom))


def _order(monomial: Monomial) -> tuple[int, list[tuple[bool, str]]]:
    return -len(monomial), [_rank(atom) for atom in monomial]


def _towards_zero(number: int, divisor: int) -> int:
    return number // divisor if number >= 0 else -(-number // divisor)


def _without(monomial: Monomial, part: Monomial) -> Monomial | None:
    """A product without a part of it; ``None`` where it is no part."""
    left = list(monomial)
    for atom in part:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


def _floor(rest: Polynomial, divisor: int) -> Polynomial:
    """``⌊rest/divisor⌋``, where no coefficient but that of 1 is a multiple of the divisor."""
    number = rest.number
    if number is not None:
        return Polynomial.constant(number // divisor)
    if next(iter(rest.terms.values())) < 0:
        # ⌊-a/k⌋ = -⌈a/k⌉ = -⌊(a + k - 1)/k⌋: the same function is always written the same way.
        return -((-rest + (divisor - 1)) // divisor)
    inner = {monomial: factor for monomial, factor in rest.terms.items() if monomial}
    # What is left beside a common factor of the others is rounded down already.
    common = gcd(divisor, *inner.values())
    turns, added = divmod(rest.terms.get((), 0) // common, divisor // common)
    if common == divisor:
        return Polynomial({**{m: f // common for m, f in inner.items()}, (): turns + added})
    top = Polynomial({**{m: f // common for m, f in inner.items()}, (): added})
    return Polynomial({_nested(top, divisor // common): 1, (): turns})


def _nested(top: Polynomial, divisor: int) -> Monomial:
    """``⌊top/divisor⌋`` as an atom: ``⌊(⌊a/b⌋ + c)/d⌋`` is ``⌊(a + b·c)/(b·d)⌋``."""
    floors = [monomial for monomial in top.terms if monomial]
    if len(floors) == 1 and len(floors[0]) == 1 and top.terms[floors[0]] == 1:
        inner = floors[0][0]
        if isinstance(inner, Floor):
            numerator = inner.numerator + inner.divisor * top.terms.get((), 0)
            return (Floor(numerator, inner.divisor * divisor),)
    return (Floor(top, divisor),)


def _outside(
    inner: Polynomial, residues: Mapping[str, tuple[int, int]]
) -> dict[Monomial, Fraction]:
    """A polynomial in ``k`` as one in ``m·k + r``, with fractions."""
    total: dict[Monomial, Fraction] = {}
    for monomial, factor in inner.terms.items():
        factors: list[dict[Monomial, Fraction]] = [{(): Fraction(factor)}]
        for atom in monomial:
            modulus, residue = residues.get(atom, (1, 0)) if isinstance(atom, str) else (1, 0)
            one = {(atom,): Fraction(1, modulus), (): Fraction(-residue, modulus)}
            factors.append({part: f for part, f in one.items() if f})
        total = _added(total, _product(factors))
    kept = {monomial: factor for monomial, factor in total.items() if factor}
    return dict(sorted(kept.items(), key=lambda term: _order(term[0])))


def _added(
    one: Mapping[Monomial, Fraction], other: Mapping[Monomial, Fraction]
) -> dict[Monomial, Fraction]:
    found = dict(one)
    for monomial, factor in other.items():
        found[monomial] = found.get(monomial, Fraction(0)) + factor
    return found


def _factored(terms: Mapping[Monomial, Fraction], spec: str) -> str:
    """``576·(H - 2)·(W - 2)``: a product of sums, each of one name, where it is one."""
    if not terms:
        return "0"
    names = sorted({name for monomial in terms for atom in monomial for name in _in(atom)})
    factors: list[dict[Monomial, Fraction]] = []
    for name in names[:-1]:
        split = _split(terms, name)
        if split is None:
            break
        one, terms = split
        factors.append(one)
    factors.append(dict(terms))
    if all(len(one) == 1 for one in factors):
        return _sum(_product(factors), spec)
    scale = Fraction(1)
    texts = []
    for part in factors:
        shared = _common(part.values())
        scale *= shared
        inner = {monomial: factor / shared for monomial, factor in part.items()}
        root, power = _root(inner) or (inner, 1)
        if len(factors) == power == 1:
            return _sum(part, spec)
        text = _sum(root, spec)
        text = f"({text})" if len(root) > 1 else text
        texts += [text + _superscript(power) if power > 1 else text] if text != "1" else []
    over = f"/{format(scale.denominator, spec)}" if scale.denominator > 1 else ""
    front = [] if scale.numerator == 1 else [format(scale.numerator, spec)]
    return "·".join([*front, *texts]) + over


def _root(
    terms: Mapping[Monomial, Fraction],
) -> tuple[dict[Monomial, Fraction], int] | None:
    """``(x - 1, 2)`` for ``x² - 2·x + 1``: what a sum in one atom is a power of."""
    lead = next(iter(terms))
    power = len(lead)
    if power < 2 or len(set(lead)) > 1 or terms[lead] != 1:
        return None
    added = terms.get(lead[1:], Fraction(0)) / power
    root = {lead[:1]: Fraction(1), (): added}
    return (root, power) if added and _product([root] * power) == dict(terms) else None


def _common(factors: Iterable[Fraction]) -> Fraction:
    """The largest number of which all are multiples; of the sign of the first."""
    found = list(factors)
    divisor = lcm(*(factor.denominator for factor in found))
    whole = gcd(*(int(factor * divisor) for factor in found))
    return Fraction(whole if found[0] > 0 else -whole, divisor)


def _split(
    terms: Mapping[Monomial, Fraction], name: str
) -> tuple[dict[Monomial, Fraction], dict[Monomial, Fraction]] | None:
    """What depends on a name alone, and what does not, if their product is the whole."""
    by_part: dict[Monomial, dict[Monomial, Fraction]] = {}
    for monomial, factor in terms.items():
        part = tuple(atom for atom in monomial if name in _in(atom))
        if any(other != name for atom in part for other in _in(atom)):
            return None
        rest = tuple(atom for atom in monomial if name not in _in(atom))
        by_part.setdefault(part, {})[rest] = factor
    first = next(iter(by_part.values()))
    lead = next(iter(first))
    scales = {part: rest.get(lead, Fraction(0)) / first[lead] for part, rest in by_part.items()}
    for part, others in by_part.items():
        if others != {monomial: factor * scales[part] for monomial, factor in first.items()}:
            return None
    return scales, first


def _product(factors: Sequence[Mapping[Monomial, Fraction]]) -> dict[Monomial, Fraction]:
    product: dict[Monomial, Fraction] = {(): Fraction(1)}
    for one in factors:
        grown: dict[Monomial, Fraction] = {}
        for left, f in product.items():
            for right, times in one.items():
                grown = _added(grown, {tuple(sorted((*left, *right), key=_rank)): f * times})
        product = grown
    return dict(sorted(product.items(), key=lambda term: _order(term[0])))


def _sum(terms: Mapping[Monomial, Fraction], spec: str) -> str:
    """``2·H·W/3 + 1``; over one divisor where the number is no whole one."""
    added = terms.get((), Fraction(0))
    if added.denominator > 1 and len(terms) > 1:
        divisor = lcm(*(factor.denominator for factor in terms.values()))
        whole = {monomial: factor * divisor for monomial, factor in terms.items()}
        return f"({_sum(whole, spec)})/{format(divisor, spec)}"
    text = ""
    for monomial, factor in terms.items():
        sign = (" - " if text else "-") if factor < 0 else (" + " if text else "")
        text += sign + _term(monomial, abs(factor), spec)
    return text


def _term(monomial: Monomial, factor: Fraction, spec: str) -> str:
    parts = [] if factor.numerator == 1 and monomial else [format(factor.numerator, spec)]
    for atom, same in groupby(monomial):
        power = len(list(same))
        parts.append(f"{atom}{_superscript(power) if power > 1 else ''}")
    over = f"/{format(factor.denominator, spec)}" if factor.denominator > 1 else ""
    return "·".join(parts) + over


def _superscript(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
