"""Sets of sizes, compared with looking at every size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shapecalc.reasoning.size_sets import SizeSet, from_scan
from tests.clock import at_most

LAST = 60


@st.composite
def size_sets(draw: st.DrawFn) -> SizeSet:
    modulus = draw(st.integers(1, 6))
    residues = draw(st.sets(st.integers(0, modulus - 1)))
    start = draw(st.integers(1, 20))
    exceptions = draw(st.sets(st.integers(1, start - 1))) if start > 1 else set[int]()
    return SizeSet(modulus, tuple(sorted(residues)), start, tuple(sorted(exceptions)))


@given(size_sets(), st.integers(1, 30))
def test_the_nearest(sizes: SizeSet, size: int) -> None:
    members = list(sizes.within(1, LAST))
    below = max((n for n in members if n <= size), default=None)
    above = min((n for n in members if n >= size), default=None)
    assert sizes.near(size) == (below, above)


def test_sizes_far_from_one() -> None:
    """No size below those that were tried is looked at one by one."""
    first = 10**12
    with at_most(5):
        sizes = from_scan(lambda size: size % 2 == 0, first, first + 100)
        assert sizes.near(8) == (None, first)
        assert sizes.near(2 * first + 1) == (2 * first, 2 * first + 2)
    assert list(sizes.within(first - 4, first + 4)) == [first, first + 2, first + 4]
