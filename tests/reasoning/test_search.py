"""From one size to another: the answers hold, are complete, and the usual ones come first."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.reasoning.search import (
    Chains,
    Kind,
    Limits,
    Solution,
    candidates,
    closest,
    output_size,
    rounded,
    solve,
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
    chains = Chains(64, 5).to(1)
    assert chains[0].sizes == (64, 32, 16, 8, 4, 1)
    assert chains[0].layers == (*(Solution(4, 2, 1),) * 4, Solution(4, 1, 0))


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["conv", "pool", "transpose"]))
def test_complete_and_sound(n: int, wanted: int, kind: Kind) -> None:
    limits = Limits(range(1, 6), range(1, 5), range(1, 4))
    expected = set()
    for kernel, stride, dilation in product(limits.kernels, limits.strides, limits.dilations):
        if kernel == 1 < dilation:
            continue
        span = dilation * (kernel - 1) + 1
        for padding in range(span if kind != "pool" else kernel // 2 + 1):
            for extra in range(max(stride, dilation) if kind == "transpose" else 1):
                solution = Solution(kernel, stride, padding, dilation, extra)
                if reaches(kind, n, wanted, solution):
                    expected.add(solution)
    found = solve([(n, wanted)], kind, limits)
    assert len(found) == len(set(found))
    assert set(found) == expected


def reaches(kind: Kind, n: int, wanted: int, solution: Solution) -> bool:
    kernel, stride, padding, dilation, extra = solution
    try:
        if kind == "transpose":
            return conv_transpose_window(n, kernel, stride, padding, extra, dilation).out == wanted
        slide = pool_window if kind == "pool" else conv_window
        window = slide(n, kernel, stride, padding, dilation)
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


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=2),
    st.sampled_from(["conv", "pool", "transpose"]),
)
def test_nothing_is_closer(pairs: list[tuple[int, int]], kind: Kind) -> None:
    limits = Limits(range(1, 5), range(1, 4), range(1, 3))
    missed = []
    for candidate in candidates(kind, limits):
        sizes = [output_size(kind, candidate, n) for n, _ in pairs]
        if None not in sizes:
            missed.append(sum(abs((m or 0) - w) for m, (_, w) in zip(sizes, pairs, strict=True)))
    close = closest(pairs, kind, limits)
    if close is None:
        assert not missed
    else:
        both = zip(close.sizes, pairs, strict=True)
        assert sum(abs(size - wanted) for size, (_, wanted) in both) == min(missed)


def test_the_nearest_end_of_a_stack() -> None:
    chains = Chains(65, 2, "conv", Limits(range(3, 4), range(2, 3), range(1, 2)))
    assert chains.to(1) == []
    assert chains.nearest_end(1) is None
    assert chains.nearest_end(12) == 16


def test_the_generator_of_dcgan_is_among_the_chains() -> None:
    first, *_ = Chains(1, 5, "transpose").to(64)
    assert first.sizes == (1, 4, 8, 16, 32, 64)
    assert first.layers == (Solution(4, 1, 0), *(Solution(4, 2, 1),) * 4)


def test_a_stack_that_keeps_the_size() -> None:
    first, *_ = Chains(64, 3).to(64)
    assert first.layers == (Solution(3, 1, 1),) * 3


@given(
    st.integers(1, 30),
    st.integers(1, 30),
    st.integers(2, 4),
    st.sampled_from(["conv", "pool", "transpose"]),
)
def test_chains_lead_there(start: int, end: int, count: int, kind: Kind) -> None:
    for chain in Chains(start, count, kind, Limits(range(1, 5), range(1, 4), range(1, 2))).to(end):
        assert (chain.sizes[0], chain.sizes[-1], len(chain.layers)) == (start, end, count)
        for layer, n, wanted in zip(chain.layers, chain.sizes, chain.sizes[1:], strict=False):
            assert reaches(kind, n, wanted, layer)
