"""An even kernel with `padding: same` shifts the image by half a pixel.

What it does: reports a convolution with a stride of 1, `padding: same` and an even (dilated)
kernel.

Why is this bad: an odd number of cells is padded, one more at the end than at the start. Each such
layer moves its output by half a cell against its input, all in the same direction, and boxes and
masks with it.

Use instead: an odd kernel. (A stride above 1, and explicit paddings, are not reported.)
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph
from shapecalc.rules._flow import CONV, flow
from shapecalc.rules.base import Found

SEVERITY = "warning"
FAILS = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 4, padding: same}
"""
PASSES = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 5, padding: same}
"""


def check(graph: Graph) -> Iterator[Found]:
    """Convolutions that pad more after than before."""
    for node in flow(graph).of(CONV):
        if getattr(node.layer, "padding", None) != "same" or node.inference is None:
            continue
        for window in node.inference.windows or ():
            if window is None or window.stride > 1 or window.n == 1 or window.span % 2:
                continue
            dilated = "" if window.span == window.kernel else f", dilated to {window.span},"
            yield Found(
                node,
                f"the even kernel of {window.kernel}{dilated} pads {window.before} before and "
                f"{window.after} after: the output is shifted by half a cell",
                "kernel_size",
                f"use an odd kernel_size: {window.kernel - 1 or 3} or {window.kernel + 1}",
            )
            break
