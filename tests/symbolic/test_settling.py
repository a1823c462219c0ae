"""From which size on the sign of an expression repeats: against trying many."""

from __future__ import annotations

from hypothesis import given, settings

from shapecalc.symbolic.polynomial import Polynomial
from shapecalc.symbolic.settling import period, settled
from tests.symbolic.test_polynomial import PAIRS, H, Pair


def sign(number: int) -> int:
    return (number > 0) - (number < 0)


@settings(max_examples=150, deadline=None)
@given(PAIRS)
def test_from_there_on_it_repeats(pair: Pair) -> None:
    polynomial, _ = pair
    start, step = settled(polynomial, "H", {"W": 5}), period(polynomial, "H")
    if start is None:
        return
    for size in range(start, start + min(step, 60)):
        signs = {
            sign(polynomial.evaluate({"H": size + turn * step, "W": 5})) for turn in (0, 1, 2, 50)
        }
        assert len(signs) == 1


def test_what_is_known() -> None:
    assert (period(H // 4 // 2 + H // 3, "H"), settled(H - 100, "H", {})) == (24, 102)
    assert settled(H // 2 * 2 - H, "H", {}) == 1
    assert settled(H - Polynomial.constant(10**6), "H", {}) is None
