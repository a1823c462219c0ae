"""Windows put behind one another, against the cells that they read one by one."""

from __future__ import annotations

from fractions import Fraction
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.reach import (
    MAX_PERIOD,
    PREFIX,
    SAME,
    WHOLE,
    Cells,
    Reach,
    adaptive,
    fixed,
    gathering,
    repeating,
    resampling,
    sliding,
    spreading,
    stepping,
)
from shapecalc.sizes import TransposedWindow, Window

small = st.integers(1, 4)
windows = st.builds(
    lambda kernel, stride, before, dilation: sliding(
        Window(100, kernel, stride, before, 0, dilation, 1)
    ),
    small, small, st.integers(-2, 4), small,
)  # fmt: skip
transposed = st.builds(
    lambda kernel, stride, before, dilation: spreading(
        TransposedWindow(100, kernel, stride, before, 0, 0, dilation, 1)
    ),
    small, small, st.integers(0, 4), small,
)  # fmt: skip
ratios = st.fractions(Fraction(1, 5), 4, max_denominator=6)
resampled = st.builds(
    resampling, ratios, st.fractions(-1, 1, max_denominator=4), st.just(0), st.integers(0, 1)
)
blocks = st.builds(gathering, small) | st.builds(repeating, small) | st.builds(
    stepping, st.integers(-3, 3), small
)  # fmt: skip
adapted = st.builds(adaptive, st.integers(1, 12), st.integers(1, 12))
reaches = windows | transposed | resampled | blocks | adapted | st.just(SAME)


def hull(many: list[Cells | None]) -> Cells | None:
    known = [cells for cells in many if cells is not None]
    if not known:
        return None
    return min(first for first, _ in known), max(last for _, last in known)


def brute(outer: Reach, inner: Reach, cell: int) -> Cells | None:
    """What a cell reads through both, looked up cell by cell."""
    middle = outer.at(cell)
    if middle is None:
        return None
    return hull([inner.at(number) for number in range(int(middle[0]), int(middle[1]) + 1)])


@given(reaches, reaches)
def test_one_behind_the_other(outer: Reach, inner: Reach) -> None:
    both = outer.through(inner)
    for cell in range(-5, 40):
        assert both.at(cell) == brute(outer, inner, cell)


@given(reaches, reaches, reaches)
def test_three_behind_one_another(first: Reach, second: Reach, third: Reach) -> None:
    joined = first.through(second).through(third)
    if joined == WHOLE:
        assert len(first.phases) * len(second.phases) * len(third.phases) > MAX_PERIOD
        return
    assert joined.jump == first.jump * second.jump * third.jump
    for cell in range(40):
        middle = brute(first, second, cell)
        cells = None if middle is None else third.over(*middle)
        assert joined.at(cell) == cells


@given(reaches, reaches, st.integers(1, 30))
def test_side_by_side(one: Reach, other: Reach, count: int) -> None:
    both = one.joined(other, count)
    for cell in range(count):
        wanted = hull([one.at(cell), other.at(cell)])
        found = both.at(cell)
        if one.jump == other.jump:
            assert found == wanted
        elif wanted is not None:
            # What drifts apart is seen as a little more than it is, never as less.
            assert found is not None
            assert found[0] <= wanted[0]
            assert found[1] >= wanted[1]


@given(reaches, st.integers(-20, 20), st.integers(0, 30))
def test_a_stretch_of_cells(reach: Reach, first: int, more: int) -> None:
    cells = range(first, first + more + 1)
    assert reach.over(first, first + more) == hull([reach.at(cell) for cell in cells])


@given(st.integers(1, 30), st.integers(1, 30))
def test_adaptive(n: int, out: int) -> None:
    """As PyTorch's ``start_index`` and ``end_index`` have it."""
    reach = adaptive(n, out)
    for cell in range(out):
        assert reach.at(cell) == (cell * n // out, -(-(cell + 1) * n // out) - 1)


def test_transposed_cells_are_where_they_are_written() -> None:
    """Stride 2, kernel 3, padding 1: the cells of the input that each output is a sum over."""
    reach = spreading(TransposedWindow(9, 3, 2, 1, 1, 0, 1, 17))
    assert [reach.at(cell) for cell in range(5)] == [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]
    holes = spreading(TransposedWindow(9, 1, 2, 0, 0, 0, 1, 17))
    assert [holes.at(cell) for cell in range(4)] == [(0, 0), None, (1, 1), None]
    assert holes.size == 1
    assert holes.centre == 0


def test_centres() -> None:
    assert sliding(Window(9, 3, 2, 1, 1, 1, 5)).centre == 0
    assert sliding(Window(9, 2, 2, 0, 0, 1, 4)).centre == Fraction(1, 2)
    assert repeating(2).centre == Fraction(-1, 4)
    assert PREFIX.centre is WHOLE.centre is None


def test_the_ends_of_an_axis() -> None:
    three = sliding(Window(9, 3, 1, 1, 1, 1, 9))
    assert PREFIX.through(three).at(4) == (-inf, 5)
    assert three.through(PREFIX).at(4) == (-inf, 5)
    assert WHOLE.through(three) == WHOLE
    assert three.through(WHOLE).at(7) == (-inf, inf)
    assert fixed((2, 3)).through(three).at(9) == (1, 4)
    assert WHOLE.through(fixed((2, 3))).at(9) == (2, 3)


@pytest.mark.parametrize("out", [MAX_PERIOD + 1, 4 * MAX_PERIOD - 1])
def test_patterns_have_an_end(out: int) -> None:
    assert adaptive(10_000_019, out) == WHOLE
    assert repeating(out) == WHOLE
    assert resampling(Fraction(1, out), Fraction(0), 0, 0) == WHOLE
