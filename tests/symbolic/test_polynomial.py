"""Expressions against the numbers that they stand for."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.spec.expressions import parse
from shapecalc.symbolic.polynomial import MAX_TERMS, Floor, Polynomial, TooComplexError

H, W = Polynomial.name("H"), Polynomial.name("W")

Compute = Callable[[Mapping[str, int]], int]
#: An expression, and the same in plain numbers.
Pair = tuple[Polynomial, Compute]


def leaf(value: str | int) -> Pair:
    if isinstance(value, str):
        return Polynomial.name(value), lambda values: values[value]
    return Polynomial.constant(value), lambda _: value


def divided(pair: Pair, by: int, rest: bool) -> Pair:
    compute = operator.mod if rest else operator.floordiv
    return compute(pair[0], by), lambda values: compute(pair[1](values), by)


def joined(one: Pair, other: Pair, compute: Callable[[object, object], object]) -> Pair:
    found = compute(one[0], other[0])
    assert isinstance(found, Polynomial)
    return found, lambda values: compute(one[1](values), other[1](values))  # type: ignore[return-value]


LEAVES = st.one_of(st.sampled_from(["H", "W"]), st.integers(-7, 7)).map(leaf)
PAIRS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(divided, inner, st.integers(1, 6), st.booleans()),
        st.builds(
            joined, inner, inner, st.sampled_from([operator.add, operator.sub, operator.mul])
        ),
    ),
    max_leaves=6,
)
VALUES = st.fixed_dictionaries({"H": st.integers(1, 60), "W": st.integers(1, 60)})


def read(text: str, values: Mapping[str, int]) -> Fraction:
    """The value of an expression as it is printed."""
    code = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: f"**{_number(found[0])}", text.replace(",", ""))
    for sign, python in {"·": "*", "⌊": "floor(", "⌋": ")"}.items():
        code = code.replace(sign, python)
    code = re.sub(r"(?<![*\d])(\d+)", r"Fraction(\1)", code)
    return Fraction(eval(code, {"Fraction": Fraction, "floor": math.floor, **values}))


def _number(superscripts: str) -> str:
    return superscripts.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))


@settings(max_examples=400, deadline=None)
@given(PAIRS, VALUES)
def test_it_computes_as_numbers_do(pair: Pair, values: dict[str, int]) -> None:
    polynomial, compute = pair
    assert polynomial.evaluate(values) == compute(values)


@settings(max_examples=400, deadline=None)
@given(PAIRS, VALUES, st.integers(1, 6), st.integers(0, 5))
def test_its_text_says_what_it_is(
    pair: Pair, values: dict[str, int], modulus: int, residue: int
) -> None:
    """Where nothing is known of a name, and where its remainder is."""
    polynomial, compute = pair
    assert read(str(polynomial), values) == compute(values)
    known = {"H": (modulus, residue % modulus)}
    values = {**values, "H": modulus * values["H"] + residue % modulus}
    assert read(polynomial.format(known, ","), values) == compute(values)


@settings(max_examples=200, deadline=None)
@given(PAIRS, VALUES)
def test_a_spec_may_say_it(pair: Pair, values: dict[str, int]) -> None:
    polynomial, compute = pair
    assert parse(polynomial.written).evaluate(values) == compute(values)


@settings(max_examples=200, deadline=None)
@given(PAIRS, VALUES, st.integers(1, 6))
def test_it_divides_what_was_multiplied(pair: Pair, values: dict[str, int], by: int) -> None:
    polynomial, _ = pair
    assert polynomial * by // by == polynomial
    divisor = 2 * H * W + by
    assert polynomial * divisor // divisor == polynomial
    assert (polynomial * divisor % divisor).number == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (-(-H // 2), (H + 1) // 2),
        (H // 2 // 2, H // 4),
        ((H // 2 + 1) // 2, (H + 2) // 4),
        ((H - 1) // 2 + 1, (H + 1) // 2),
        ((4 * H + 6) // 4, H + 1),
        (H * W * 64 // H, W * 64),
    ],
)
def test_what_is_alike_is_written_alike(one: Polynomial, other: Polynomial) -> None:
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize(
    ("polynomial", "text", "even"),
    [
        ((H + 1) // 2, "⌊(H + 1)/2⌋", "H/2"),
        (H // 2 * 2, "2·⌊H/2⌋", "H"),
        (H // 2 + 3, "⌊H/2⌋ + 3", "H/2 + 3"),
        (9408 * H * W, "9408·H·W", "9408·H·W"),
        (576 * (H - 2) * (W - 2), "576·(H - 2)·(W - 2)", "576·(H - 2)·(W - 2)"),
        (H * H - 2 * H + 1, "(H - 1)²", "(H - 1)²"),
        (H * H, "H²", "H²"),
        (-H // 2, "-⌊(H + 1)/2⌋", "-H/2"),
        (H - H, "0", "0"),
        (H // 4, "⌊H/4⌋", "⌊H/4⌋"),
    ],
)
def test_texts(polynomial: Polynomial, text: str, even: str) -> None:
    assert str(polynomial) == text
    assert polynomial.format({"H": (2, 0)}) == even


def test_a_remainder_that_is_not_nought() -> None:
    assert (H // 16).format({"H": (16, 12)}) == "(H - 12)/16"
    assert (16 * ((H + 4) // 16) - 188).format({"H": (16, 12)}) == "H - 184"


def test_what_is_too_long_is_not_kept() -> None:
    floors = [Polynomial({(Floor(H, divisor),): 1}) for divisor in range(2, MAX_TERMS + 2)]
    most = sum(floors[1:], floors[0])
    with pytest.raises(TooComplexError):
        most + H


def test_a_name_divides_only_what_it_is_part_of() -> None:
    with pytest.raises(TooComplexError):
        (H + 1) // W
