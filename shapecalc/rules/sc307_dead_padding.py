"""Windows are made of padding alone.

What it does: reports a convolution or a pool some of whose windows meet no cell of the input: the
padding is as large as the (dilated) kernel, or larger, or rounding up put a window behind the end.

Why is this bad: the output has a border that is the same constant for every input; computing it,
and all that is computed from it, is wasted.

Use instead: padding smaller than the kernel; a `zero_pad2d` where a constant border is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph, Inference
from shapecalc.layers.base import AXES
from shapecalc.rules._flow import CONV, POOL, flow
from shapecalc.rules.base import Found
from shapecalc.sizes import Window

SEVERITY = "warning"
FAILS = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3, padding: 5}
"""
PASSES = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3, padding: 2}
"""

#: How many windows of a kernel that is dilated beyond the input are looked at.
MAX_STARTS = 10_000

SLIDING = CONV | POOL


def check(graph: Graph) -> Iterator[Found]:
    """Sliding layers with windows that meet no input."""
    for node in flow(graph).of(SLIDING):
        assert node.inference is not None
        dead = node.inference.fact(_dead)
        if dead:
            names = AXES[len(node.inference.windows or ())]
            _, window = dead[0]
            padded = max(window.before, window.after) >= window.span
            along = " and ".join(
                f"{count_dead(one)} of {one.out} along the {names[axis]}" for axis, one in dead
            )
            yield Found(
                node,
                f"windows made of padding alone: {along}",
                "padding" if padded else "kernel_size",
                f"use padding of at most {window.span - 1}" if padded else None,
            )


def _dead(inference: Inference) -> list[tuple[int, Window]]:
    """The axes along which some windows meet no cell."""
    if getattr(inference.layer, "padding_mode", "zeros") != "zeros":
        return []
    windows = enumerate(inference.windows or ())
    return [(axis, window) for axis, window in windows if window and count_dead(window)]


def count_dead(window: Window) -> int:
    """How many windows meet no cell of the input."""
    n, last = window.n, window.out - 1
    reach = window.span - 1
    # Windows that end before the first cell, and windows that start behind the last one.
    before = -(-max(window.before - reach, 0) // window.stride)
    after = last - (n - 1 + window.before) // window.stride
    dead = min(before, window.out) + max(min(after, window.out), 0)
    if window.dilation <= n:
        return min(dead, window.out)
    # Taps further apart than the input is long may step over it.
    first = before * window.stride - window.before
    starts = range(first, min(0, last * window.stride - window.before + 1), window.stride)
    return dead + sum(1 for start in starts[:MAX_STARTS] if (start % window.dilation) >= n)
