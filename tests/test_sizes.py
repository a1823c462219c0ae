"""The size equations against a count of the window positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.sizes import (
    EmptyOutputError,
    SizeError,
    Window,
    conv_size,
    conv_transpose_size,
    conv_transpose_window,
    conv_window,
    effective_kernel,
    format_fraction,
    keras_conv_transpose_size,
    keras_conv_transpose_window,
    pool_size,
    pool_window,
    same_padding,
)

#: n, kernel, stride, padding, dilation.
GRID = list(product(range(1, 15), range(1, 6), range(1, 6), range(4), range(1, 4)))


def counted(n: int, kernel: int, stride: int, before: int, after: int, dilation: int) -> list[int]:
    """Where windows start that lie wholly inside the padded axis, by trying every cell."""
    cells = set(range(-before, n + after))
    return [
        start
        for start in range(-before, n + after, stride)
        if all(start + dilation * tap in cells for tap in range(kernel))
    ]


def never_covered(n: int, window: Window) -> tuple[int, int]:
    """(input cells, padding cells) behind the last cell of the last window."""
    last = window.positions(window.out - 1)[-1]
    behind = range(last + 1, n + window.after)
    return sum(0 <= cell < n for cell in behind), sum(cell >= n for cell in behind)


def test_conv_is_the_count_of_positions() -> None:
    for n, kernel, stride, padding, dilation in GRID:
        starts = counted(n, kernel, stride, padding, padding, dilation)
        if not starts:
            with pytest.raises(EmptyOutputError):
                conv_size(n, kernel, stride, padding, dilation)
            continue
        window = conv_window(n, kernel, stride, padding, dilation)
        assert window.out == len(starts), (n, kernel, stride, padding, dilation)
        assert [window.positions(i)[0] for i in range(window.out)] == starts
        assert (window.unread, window.dropped_padding) == never_covered(n, window)
        assert window.exact == (never_covered(n, window) == (0, 0))
        assert len(window.positions(0)) == kernel


def test_uneven_padding_is_the_count_of_positions() -> None:
    for n, kernel, stride, before, after in product(
        range(1, 9), range(1, 5), range(1, 4), range(3), range(3)
    ):
        starts = counted(n, kernel, stride, before, after, 1)
        if starts:
            window = conv_window(n, kernel, stride, (before, after))
            assert window.out == len(starts)
            assert (window.unread, window.dropped_padding) == never_covered(n, window)


def test_rounding_up_adds_a_window_exactly_where_the_size_is_not_an_integer() -> None:
    for n, kernel, stride, padding, dilation in GRID:
        if n + 2 * padding < effective_kernel(kernel, dilation):
            with pytest.raises(EmptyOutputError):
                conv_size(n, kernel, stride, padding, dilation, "ceil")
            continue
        down = conv_window(n, kernel, stride, padding, dilation)
        up = conv_window(n, kernel, stride, padding, dilation, "ceil")
        assert up.out == down.out + (not down.exact)
        assert (up.exact, up.fraction) == (down.exact, down.fraction)
        assert (up.unread, up.dropped_padding) == (0, 0)
        assert (up.leftover < 0) == (not up.exact)


def test_ceil_mode_starts_every_window_inside_the_input_or_its_left_padding() -> None:
    for n, kernel, stride, padding, dilation in GRID:
        if padding > kernel // 2:
            continue
        span = effective_kernel(kernel, dilation)
        if n + 2 * padding <= span - stride:
            with pytest.raises(EmptyOutputError):
                pool_size(n, kernel, stride, padding, dilation, ceil_mode=True)
            continue
        # Every start up to the first window that reaches the end of the padded axis.
        starts = [0]
        while starts[-1] + span < n + 2 * padding:
            starts.append(starts[-1] + stride)
        expected = sum(start < n + padding for start in starts)
        window = pool_window(n, kernel, stride, padding, dilation, ceil_mode=True)
        assert window.out == expected, (n, kernel, stride, padding, dilation)


def test_a_pool_is_a_convolution_that_bounds_its_padding() -> None:
    for n, kernel, stride, padding, dilation in GRID:
        arguments = (n, kernel, stride, padding, dilation)
        if padding > kernel // 2:
            with pytest.raises(SizeError, match="half of the kernel") as refused:
                pool_size(*arguments)
            assert refused.value.argument == "padding"
            assert pool_size(n + 99, kernel, stride, kernel // 2, dilation) > 0
        elif n + 2 * padding >= effective_kernel(kernel, dilation):
            assert pool_window(*arguments) == conv_window(*arguments)
            assert pool_size(*arguments, rounding="ceil") == conv_size(*arguments, rounding="ceil")


def test_the_stride_of_a_pool_is_its_kernel() -> None:
    assert pool_window(9, 2) == pool_window(9, 2, 2)


def test_transposed_is_what_the_convolution_came_from() -> None:
    """A convolution of the result has the input's size, and it of nothing that is smaller."""
    for n, kernel, stride, padding, dilation in GRID:
        try:
            out = conv_transpose_size(n, kernel, stride, padding, 0, dilation)
        except EmptyOutputError:
            assert (n - 1) * stride - 2 * padding + effective_kernel(kernel, dilation) < 1
            continue
        assert conv_size(out, kernel, stride, padding, dilation) == n
        assert conv_window(out, kernel, stride, padding, dilation).exact
        for extra in range(1, max(stride, dilation)):
            more = conv_transpose_size(n, kernel, stride, padding, extra, dilation)
            assert more == out + extra
            if extra < stride:
                assert conv_size(more, kernel, stride, padding, dilation) == n


@pytest.mark.parametrize("extra", [-1, 2])
def test_output_padding_is_smaller_than_stride_or_dilation(extra: int) -> None:
    with pytest.raises(SizeError, match="smaller than") as refused:
        conv_transpose_size(5, 3, 2, 1, extra)
    assert refused.value.argument == "output_padding"
    assert not isinstance(refused.value, EmptyOutputError)
    assert conv_transpose_size(5, 3, 2, 1, 2, dilation=3) == 15


def test_same_is_the_least_padding_that_gives_the_rounded_up_quotient() -> None:
    for n, kernel, stride, _, dilation in GRID:
        before, after = same_padding(n, kernel, stride, dilation)
        assert after - before in (0, 1)
        window = conv_window(n, kernel, stride, (before, after), dilation)
        assert window.out == -(-n // stride)
        if after:
            less = counted(n, kernel, stride, before, after - 1, dilation)
            assert len(less) < window.out


# The tables of semantics.md.


def test_the_formula_alone_is_not_enough() -> None:
    with pytest.raises(EmptyOutputError, match=r"kernel of 4 is larger than the input of 3"):
        conv_size(3, 4, 2)


def test_same_puts_the_extra_cell_at_the_end() -> None:
    assert same_padding(10, 4) == (1, 2)
    assert conv_size(10, 4, padding=same_padding(10, 4)) == 10


def test_half_a_kernel_of_padding_reads_other_cells_than_same() -> None:
    ours, theirs = conv_window(64, 3, 2, 1), conv_window(64, 3, 2, same_padding(64, 3, 2))
    assert ours.out == theirs.out == 32
    assert ours.positions(0) != theirs.positions(0)


@pytest.mark.parametrize(
    ("arguments", "out", "unread", "dropped"),
    [((224, 7, 2, 3), 112, 0, 1), ((64, 3, 2, 0), 31, 1, 0), ((64, 4, 2, 1), 32, 0, 0)],
)
def test_the_uneven_remainder(
    arguments: tuple[int, int, int, int], out: int, unread: int, dropped: int
) -> None:
    window = conv_window(*arguments)
    assert (window.out, window.unread, window.dropped_padding) == (out, unread, dropped)


@pytest.mark.parametrize(
    ("arguments", "out"), [((32, 8, 4, 0), 7), ((9, 4, 4, 2), 3), ((3, 2, 3, 0), 1)]
)
def test_the_last_window_rule(arguments: tuple[int, int, int, int], out: int) -> None:
    assert pool_size(*arguments, ceil_mode=True) == out


def test_without_the_last_window_rule_the_fraction_is_rounded_up() -> None:
    assert pool_size(9, 4, 4, 2, rounding="ceil") == 4
    assert pool_size(3, 2, 3, rounding="ceil") == 2
    assert pool_size(9, 4, 4, 2, ceil_mode=True, rounding="ceil") == 3


@pytest.mark.parametrize(
    ("kernel", "output_padding", "out"),
    [(3, None, 10), (3, 1, 10), (3, 0, 9), (4, None, 10), (4, 0, 8), (4, 1, 9)],
)
def test_keras_transposed_same(kernel: int, output_padding: int | None, out: int) -> None:
    assert keras_conv_transpose_size(5, kernel, 2, "same", output_padding) == out


def test_keras_transposed_valid() -> None:
    assert keras_conv_transpose_size(5, 3, 2) == 11
    assert keras_conv_transpose_size(5, 2, 3) == 15  # the kernel is filled up to the stride
    assert keras_conv_transpose_size(5, 2, 3, output_padding=0) == 14
    assert keras_conv_transpose_size(5, 3, 1, dilation=2) == 9


def test_keras_transposed_bounds() -> None:
    with pytest.raises(SizeError, match="output_padding is 2"):
        keras_conv_transpose_size(5, 3, 2, "same", 2)
    with pytest.raises(SizeError, match="cannot both be above 1"):
        keras_conv_transpose_size(5, 3, 2, dilation=2)
    with pytest.raises(EmptyOutputError):
        keras_conv_transpose_size(1, 2, 1, "same", 0)


def test_keras_equation_adds_up() -> None:
    for n, kernel, stride in product(range(1, 7), range(1, 5), range(1, 4)):
        window = keras_conv_transpose_window(n, kernel, stride, "same")
        by_hand = (n - 1) * stride - window.before - window.after + window.span
        assert window.out == by_hand + window.output_padding == n * stride


# What is refused.


@pytest.mark.parametrize("argument", ["n", "kernel_size", "stride", "dilation"])
@pytest.mark.parametrize("size", [conv_size, pool_size, conv_transpose_size, same_padding])
def test_below_one(size: object, argument: str) -> None:
    arguments = {"n": 5, "kernel_size": 3, "stride": 1, "dilation": 1, argument: 0}
    with pytest.raises(SizeError, match=f"{argument} is 0, at least 1 is needed") as refused:
        size(**arguments)  # type: ignore[operator]
    assert refused.value.argument == argument


@pytest.mark.parametrize("size", [conv_size, pool_size, conv_transpose_size])
@pytest.mark.parametrize("padding", [-1, (0, -1), (-1, 0)])
def test_negative_padding(size: object, padding: object) -> None:
    with pytest.raises(SizeError, match="padding is -1") as refused:
        size(5, 3, padding=padding)  # type: ignore[operator]
    assert refused.value.argument == "padding"


# The way out that is proposed is one.


def refusals() -> Iterator[tuple[bool, tuple[int, ...], EmptyOutputError]]:
    for pool in (False, True):
        for arguments in GRID:
            try:
                (pool_size if pool else conv_size)(*arguments)
            except EmptyOutputError as error:
                yield pool, arguments, error
            except SizeError:
                continue


def test_what_is_proposed_for_a_kernel_that_does_not_fit() -> None:
    seen = set()
    for pool, (n, kernel, stride, padding, dilation), error in refusals():
        size = pool_size if pool else conv_size
        assert error.help is not None
        for smaller in proposed(error.help, "kernel_size of at most"):
            assert size(n, smaller, stride, padding, dilation) >= 1
            seen.add("kernel")
        for larger in proposed(error.help, "padding of at least"):
            assert size(n, kernel, stride, larger, dilation) >= 1
            with pytest.raises(EmptyOutputError):
                size(n, kernel, stride, larger - 1, dilation)
            seen.add("padding")
    assert seen == {"kernel", "padding"}


def proposed(help: str, words: str) -> list[int]:
    return [int(number) for number in re.findall(rf"{words} (\d+)", help)]


def test_what_is_proposed_for_a_padding_that_crops_everything() -> None:
    with pytest.raises(EmptyOutputError) as refused:
        conv_transpose_size(2, 3, 2, 4)
    (most,) = proposed(str(refused.value.help), "padding of at most")
    assert conv_transpose_size(2, 3, 2, most) == 1


def test_the_ways_to_an_exact_size() -> None:
    found = 0
    for n, kernel, stride, padding, dilation in GRID:
        if n + 2 * padding < effective_kernel(kernel, dilation):
            continue
        window = conv_window(n, kernel, stride, padding, dilation)
        if window.exact:
            assert window.exact_inputs == (n,)
            continue
        other = window.exact_padding()
        if other is not None:
            assert conv_window(n, kernel, stride, other, dilation).exact
            found += 1
        smaller = window.exact_kernel()
        if smaller is not None:
            assert conv_window(n, smaller, stride, padding, dilation).exact
            found += 1
        for size in window.exact_inputs:
            assert conv_window(size, kernel, stride, padding, dilation).exact
            assert abs(size - n) < stride
    assert found > 1000


def test_the_nearest_way_is_taken_and_bounds_are_kept() -> None:
    window = conv_window(64, 3, 3)
    assert (window.exact_padding(), window.exact_kernel()) == (1, 4)
    assert window.exact_padding(most=0) is None
    assert conv_window(64, 3, 2).exact_kernel() == 4
    assert conv_window(64, 3, 2).exact_padding() is None  # n + 2p stays even

    assert pool_window(10, 3, 2).exact_kernel(least=4) == 4


def test_the_smallest_padding_that_reads_all() -> None:
    for n, kernel, stride, padding, dilation in GRID:
        span = effective_kernel(kernel, dilation)
        if n + 2 * padding < span:
            continue
        reading = [
            more
            for more in range(padding + 1, span)
            if not conv_window(n, kernel, stride, more, dilation).unread
        ]
        window = conv_window(n, kernel, stride, padding, dilation)
        assert window.reading_padding() == min(reading, default=None)


# Equations and fractions.


@pytest.mark.parametrize(
    ("window", "rounding", "text"),
    [
        (conv_window(64, 4, 2, 1), "floor", "⌊(64 + 2×1 - 1×(4 - 1) - 1)/2 + 1⌋ = 32"),
        (conv_window(64, 3, 2), "floor", "⌊(64 + 2×0 - 1×(3 - 1) - 1)/2 + 1⌋ = ⌊31.5⌋ = 31"),
        (
            conv_window(64, 3, 2, rounding="ceil"),
            "ceil",
            "⌈(64 + 2×0 - 1×(3 - 1) - 1)/2 + 1⌉ = ⌈31.5⌉ = 32",
        ),
        (
            pool_window(9, 4, 4, 2, ceil_mode=True),
            "ceil",
            "⌈(9 + 2×2 - 1×(4 - 1) - 1)/4 + 1⌉ = ⌈3.25⌉ - 1 = 3",
        ),
        (conv_window(10, 4, 1, (1, 2)), "floor", "⌊(10 + 1 + 2 - 1×(4 - 1) - 1)/1 + 1⌋ = 10"),
    ],
)
def test_equation(window: Window, rounding: str, text: str) -> None:
    assert window.equation(rounding) == text  # type: ignore[arg-type]


def test_transposed_equation() -> None:
    window = conv_transpose_window(7, 3, 2, 1, 1)
    assert window.equation() == "(7 - 1)×2 - 2×1 + 1×(3 - 1) + 1 + 1 = 14"


def test_equations_add_up() -> None:
    """What stands between the brackets, computed, is the fraction."""
    for n, kernel, stride, padding, dilation in GRID[::7]:
        try:
            window = conv_window(n, kernel, stride, padding, dilation)
        except EmptyOutputError:
            continue
        inner = window.equation().split("⌋")[0].removeprefix("⌊").replace("×", "*")
        assert eval(inner) == pytest.approx(window.fraction)


def test_a_fraction_never_reads_as_an_integer() -> None:
    assert format_fraction(27.5) == "27.5"
    assert format_fraction(10 + 1 / 3) == "10.333"
    assert format_fraction(28.0) == "28"
    assert format_fraction(2 - 1 / 3001) == "1.9997"
    assert conv_window(6002, 1, 3001).equation().endswith("= ⌊2.9997⌋ = 2")


# Laws, for sizes far beyond the grid.

SIZES = st.integers(1, 10**9)
SMALL = st.integers(1, 1000)


@given(n=SIZES, kernel=SMALL, stride=SMALL, padding=st.integers(0, 1000), dilation=SMALL)
def test_laws(n: int, kernel: int, stride: int, padding: int, dilation: int) -> None:
    try:
        window = conv_window(n, kernel, stride, padding, dilation)
    except EmptyOutputError:
        assert n + 2 * padding < effective_kernel(kernel, dilation)
        return
    last = window.positions(window.out - 1)
    assert last[-1] < n + padding
    assert last[-1] + stride >= n + padding  # one more window would not fit
    assert window.leftover == window.remainder < stride
    assert window.unread + window.dropped_padding == min(window.leftover, n + window.after)
    # f(n + s) = f(n) + 1
    assert conv_size(n + stride, kernel, stride, padding, dilation) == window.out + 1


@given(n=SIZES, kernel=SMALL, stride=SMALL, padding=st.integers(0, 500))
def test_ceil_mode_is_floor_or_one_more(n: int, kernel: int, stride: int, padding: int) -> None:
    padding = min(padding, kernel // 2)
    if n + 2 * padding <= kernel - stride:
        return
    up = pool_window(n, kernel, stride, padding, ceil_mode=True)
    assert (up.out - 1) * stride < n + padding
    if n + 2 * padding >= kernel:
        assert up.out - pool_size(n, kernel, stride, padding) in (0, 1)
    else:
        assert up.out == 1
