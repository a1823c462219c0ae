"""From one size to another: the answers hold, are complete, and the usual ones come first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.reasoning.search import (
    Kind,
    Limits,
    Solution,
    closest,
    reachable_end,
    rounded,
    solve,
    solve_chain,
)
from shapecalc.sizes import SizeError, conv_transpose_window, conv_window, pool_window


@pytest.mark.parametrize(
    ("n", "wanted", "kind", "first"),
    [
        (64, 32, "conv", Solution(4, 2, 1)),
        (112, 56, "pool", Solution(2, 2, 0)),
        (1, 4, "transpose", Solution(4, 1, 0)),
        (32, 64, "transpose", Solution(4, 2, 1)),
        (56, 56, "conv", Solution(3, 1, 1)),
        (4, 1, "conv", Solution(4, 1, 0)),
    ],
)
def test_the_usual_one_comes_first(n: int, wanted: int, kind: Kind, first: Solution) -> None:
    assert solve([(n, wanted)], kind)[0] == first


def test_dcgan_is_among_the_chains() -> None:
    chains = solve_chain(64, 1, 5)
    assert chains[0].sizes == (64, 32, 16, 8, 4, 1)
    assert chains[0].layers == (*(Solution(4, 2, 1),) * 4, Solution(4, 1, 0))


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["conv", "pool", "transpose"]))
def test_complete_and_sound(n: int, wanted: int, kind: Kind) -> None:
    limits = Limits(range(1, 5), range(1, 4), range(1, 2))
    expected = set()
    for kernel in limits.kernels:
        for stride in limits.strides:
            for padding in range(kernel if kind != "pool" else kernel // 2 + 1):
                for extra in range(stride if kind == "transpose" else 1):
                    if reaches(kind, n, wanted, kernel, stride, padding, extra):
                        expected.add(Solution(kernel, stride, padding, 1, extra))
    found = solve([(n, wanted)], kind, limits)
    assert len(found) == len(set(found))
    assert set(found) == expected


def reaches(
    kind: Kind, n: int, wanted: int, kernel: int, stride: int, padding: int, extra: int
) -> bool:
    try:
        if kind == "transpose":
            return conv_transpose_window(n, kernel, stride, padding, extra).out == wanted
        slide = pool_window if kind == "pool" else conv_window
        window = slide(n, kernel, stride, padding)
    except SizeError:
        return False
    return window.exact and window.out == wanted


def test_several_pairs_hold_at_once() -> None:
    both = solve([(64, 32), (65, 32)])
    assert both == []
    assert solve([(64, 32), (128, 64)])[0] == Solution(4, 2, 1)


def test_same_ratio() -> None:
    for solution in solve([(64, 32)], limits=Limits(same_ratio=True)):
        assert solution.keeps_ratio


def test_the_nearest_where_there_is_none() -> None:
    only_three = Limits(kernels=range(3, 4))
    assert solve([(64, 32)], limits=only_three) == []
    assert rounded(64, 32, "conv", only_three) == Solution(3, 2, 1)
    close = closest([(64, 500)])
    assert close is not None
    assert close.sizes == (84,)


def test_pairs_that_contradict_one_another() -> None:
    pairs = [(64, 32), (128, 63)]
    assert solve(pairs) == []
    close = closest(pairs)
    assert close is not None
    missed = [abs(size - wanted) for size, (_, wanted) in zip(close.sizes, pairs, strict=True)]
    assert sum(missed) == 1


def test_the_nearest_end_of_a_stack() -> None:
    limits = Limits(kernels=range(3, 4), strides=range(2, 3))
    assert solve_chain(64, 1, 2, "conv", limits) == []
    end = reachable_end(64, 1, 2, "conv", limits)
    assert end is None or solve_chain(64, end, 2, "conv", limits)
