"""Cells between the windows are never read: the stride is larger than the kernel.

What it does: reports a convolution or a pool that jumps over cells which no other layer reads: by
its stride, or by a dilation whose holes no other window fills.

Why is this bad: part of the input has no influence on the output and receives no gradient; most
often the kernel size was forgotten or the stride was meant for another layer.

Use instead: a kernel at least as large as the stride, or a pool before the convolution.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.coverage import coverage, has_gaps
from shapecalc.graph import Graph
from shapecalc.layers.base import AXES
from shapecalc.rules.base import Found
from shapecalc.rules.sc201_non_integer_size import CELLS
from shapecalc.sizes import Window

SEVERITY = "warning"
FAILS = """
input: [64, 57, 57]
layers:
  - {type: conv2d, out_channels: 128, kernel_size: 1, stride: 2}
"""
PASSES = """
input: [64, 57, 57]
layers:
  - type: residual
    body:
      - {type: conv2d, out_channels: 128, kernel_size: 3, stride: 2, padding: 1}
    shortcut:
      - {type: conv2d, out_channels: 128, kernel_size: 1, stride: 2}
"""


def check(graph: Graph) -> Iterator[Found]:
    """Sliding layers that jump over cells nobody reads."""
    for node, axes in coverage(graph):
        skipping = [c for c in axes if c.skipped and has_gaps(c.window)]
        if skipping and node.inference and node.inference.windows:
            names = AXES[len(node.inference.windows)]
            field, why, help = _cause(skipping[0].window)
            lost = " and ".join(
                f"{c.skipped} of {c.window.n} {CELLS[names[c.axis]]}s" for c in skipping
            )
            yield Found(node, f"{why}: {lost} are never read", field, help)


def _cause(window: Window) -> tuple[str, str, str]:
    """The field to blame, what it does, and what to do instead."""
    if window.gap:
        return (
            "stride",
            f"the stride of {window.stride} jumps over what the kernel of {window.kernel} does "
            "not reach",
            f"use a kernel_size of at least {window.stride}, or a smaller stride",
        )
    if window.stride > 1:
        return (
            "dilation",
            f"with a stride of {window.stride} the taps of a dilation of {window.dilation} meet "
            "the same cells again",
            "use a dilation of 1, or a stride of 1",
        )
    return (
        "dilation",
        f"the dilation of {window.dilation} is larger than the output of {window.out}",
        f"use a dilation of at most {window.out}",
    )
