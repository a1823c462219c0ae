"""SC314 against trying other sizes, and where it must keep quiet."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.reasoning.replay import Replay
from tests.rules.graphs import conv, found, graphs, paths, stack

POOL = "{type: max_pool2d, kernel_size: 2}"
UP = "{type: upsample, scale_factor: 2}"


def test_the_modulus() -> None:
    ((_, message),) = found("SC314", stack(POOL, POOL, UP, UP, "{type: add, from: [input, prev]}"))
    assert message.endswith("only for height and width ≡ 0 (mod 4)")


def test_axes_of_their_own() -> None:
    text = stack(
        "{type: max_pool2d, kernel_size: [2, 4]}",
        "{type: upsample, scale_factor: [2, 4]}",
        "{type: add, from: [input, prev]}",
    )
    ((_, message),) = found("SC314", text)
    assert message.endswith("only for height ≡ 0 (mod 2), width ≡ 0 (mod 4)")


@pytest.mark.parametrize(
    "layers",
    [
        # A residual block whose branches round alike.
        [
            "{type: residual, body: [{type: conv2d, out_channels: 8, kernel_size: 3, stride: 2, "
            "padding: 1}], shortcut: [{type: conv2d, out_channels: 8, kernel_size: 1, stride: 2}]}"
        ],
        [POOL, "{type: upsample, like: input}", "{type: add, from: [input, prev]}"],
        [conv(3, name="a"), "{type: center_crop, name: b, from: input, like: a}",
         "{type: concat, from: [a, b]}"],
        # No other size fits, which is no matter of a modulus.
        ["{type: parameter, name: p, shape: [8, 32, 32]}", "{type: add, from: [input, p]}"],
    ],
)  # fmt: skip
def test_merges_that_fit_at_every_size(layers: list[str]) -> None:
    assert paths("SC314", stack(*layers)) == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2)), max_size=2),
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2)), max_size=2),
)
def test_against_trying(
    left: list[tuple[int, int, int]], right: list[tuple[int, int, int]]
) -> None:
    branches = [
        f"[{', '.join(conv(k, stride=s, padding=p) for k, s, p in branch)}]"
        for branch in (left, right)
    ]
    text = stack(f"{{type: parallel, branches: [{', '.join(branches)}]}}", shape="[8, 40, 40]")
    try:
        (graph,) = graphs(text)
    except AssertionError:
        return
    replay = Replay(graph)
    fitting = {n: replay.at({"input": (8, n, n)}).valid for n in range(40, 40 + 37)}
    repeats = fitting[40 + 36]
    assert bool(paths("SC314", text)) == (repeats and not all(fitting.values()))
