"""The size equations on named sizes: written once, they give what they give on numbers."""

from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shapecalc.sizes import (
    SizeError,
    conv_transpose_window,
    conv_window,
    pool_window,
    remembered_conv_window,
    same_padding,
    scaled_size,
    slice_size,
)
from shapecalc.symbolic.polynomial import MAX_DEPTH
from shapecalc.symbolic.size import Size, Trace, polynomial_of, ratio


def named(**values: int) -> tuple[Trace, list[Size]]:
    trace = Trace(values)
    return trace, list(trace.names().values())


def holds_as_decided(trace: Trace, value: int) -> bool:
    return all(condition.holds({"n": value}) for condition in trace.conditions)


ARGUMENTS = st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3))


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), ARGUMENTS, st.sampled_from(["floor", "ceil"]))
def test_convolutions(sample: int, value: int, arguments: tuple[int, ...], rounding: str) -> None:
    kernel, stride, padding, dilation = arguments
    trace, (n,) = named(n=sample)
    try:
        window = conv_window(n, kernel, stride, padding, dilation, rounding)  # type: ignore[arg-type]
    except SizeError:
        assume(False)
    assume(holds_as_decided(trace, value))
    number = conv_window(value, kernel, stride, padding, dilation, rounding)  # type: ignore[arg-type]
    assert polynomial_of(window.out).evaluate({"n": value}) == number.out
    assert polynomial_of(window.remainder).evaluate({"n": value}) == number.remainder


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), ARGUMENTS, st.booleans())
def test_pools(sample: int, value: int, arguments: tuple[int, ...], ceil_mode: bool) -> None:
    kernel, stride, padding, dilation = arguments
    trace, (n,) = named(n=sample)
    try:
        window = pool_window(n, kernel, stride, min(padding, kernel // 2), dilation, ceil_mode)
    except SizeError:
        assume(False)
    assume(holds_as_decided(trace, value))
    number = pool_window(value, kernel, stride, min(padding, kernel // 2), dilation, ceil_mode)
    assert polynomial_of(window.out).evaluate({"n": value}) == number.out


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), ARGUMENTS)
def test_what_else_makes_sizes(sample: int, value: int, arguments: tuple[int, ...]) -> None:
    kernel, stride, padding, dilation = arguments
    trace, (n,) = named(n=sample)

    def computed(size: int) -> list[int]:
        found = [
            *same_padding(size, kernel, stride, dilation),
            slice_size(size, 1, -padding or None),
        ]
        found += [scaled_size(size, 1.5), scaled_size(size, 2), slice_size(size, -3, None, stride)]
        if (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1 > 0:
            found.append(conv_transpose_window(size, kernel, stride, padding, 0, dilation).out)
        return found

    symbolic = computed(n)
    assume(holds_as_decided(trace, value))
    assert [polynomial_of(one).evaluate({"n": value}) for one in symbolic] == computed(value)


def test_python_computes_with_it() -> None:
    trace, (h, w) = named(H=64, W=64)
    assert str(math.prod([h, 3, w])) == "3·H·W"
    assert str(sum([h, w, 1])) == "H + W + 1"
    assert (str(100 - h), repr(divmod(h, 4)), str(h**2)) == (
        "-H + 100",
        "((H // 4), H - 4 * (H // 4))",
        "H²",
    )
    assert f"{1000 * h:,} {h - w:+}" == "1,000·H +H - W"
    assert (max(h, 3), abs(-h), round(h), math.floor(h)) == (h, h, h, h)
    assert type(h - h) is int
    assert not any(condition.polynomial.names == {"W"} for condition in trace.conditions)


def test_what_is_decided_is_noted() -> None:
    trace, (h, w) = named(H=64, W=32)
    assert (h > 3, h == w, h % 2 == 0, h * 0 == 0) == (True, False, True, True)
    noted = [f"{one.polynomial} {one.relation} 0" for one in trace.conditions]
    assert noted == ["-H + 3 < 0", "H - W ≠ 0", "H - 2·⌊H/2⌋ = 0"]


def test_sizes_of_two_traces_are_never_equal() -> None:
    """What one computation remembers under a size is not that of another."""
    (_, (one,)), (_, (other,)) = named(H=64), named(H=64)
    assert one != other
    assert remembered_conv_window(one, 3).n.trace is one.trace  # type: ignore[attr-defined]
    assert remembered_conv_window(other, 3).n.trace is other.trace  # type: ignore[attr-defined]
    assert one not in {64: 0, other: 1}


def test_it_can_be_sent_to_another_process() -> None:
    _, (h, w) = named(H=64, W=32)
    again, other = pickle.loads(pickle.dumps([h, w // 2]))
    assert (str(again), str(other), int(other)) == ("H", "⌊W/2⌋", 16)
    assert again.trace is other.trace


@pytest.mark.parametrize(("one", "other", "part"), [(2, 4, 0.5), (0, 3, 0), (3, 0, None)])
def test_parts(one: int, other: int, part: float | None) -> None:
    _, (h, w) = named(H=64, W=32)
    assert ratio(one * h * w, other * h * w) == part
    assert ratio(h, w) is None


def test_what_is_too_complex_is_compared_as_numbers() -> None:
    """Nothing is noted of it, and nothing fails."""
    trace, many = named(**dict.fromkeys("abcdefgh", 3))
    one, other = sum(many[:4], 1) ** 4, sum(many[4:], 2) ** 4
    assert len(polynomial_of(one).terms) + len(polynomial_of(other).terms) > 120
    before = len(trace.conditions)
    wide = one * (many[0] + 1)
    assert wide != other * (many[7] + 1)
    assert wide < other * (many[7] + 2)
    assert len(trace.conditions) == before


def test_floors_in_floors_are_kept_up_to_a_bound() -> None:
    _, (a,) = named(a=1000)
    size: int = a
    deepest = 0
    for _ in range(100):
        size = (size * 2 + a) // 5
        deepest = max(deepest, polynomial_of(size).depth)
    assert deepest == MAX_DEPTH
