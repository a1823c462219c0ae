"""A size is not an integer, but nothing of the input is lost.

What it does: notes a convolution or a pool whose size equation has a remainder, where only padding
is dropped, something else reads the rest (another layer, or it is an output of the model), or the
size was rounded up.

Why is this worth a note: frameworks that pad or round differently give another size here. ResNet's
7×7/2 stem on 224 is of this kind: it drops one padded column and no pixel.

Use instead: nothing, where it is meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.coverage import AxisCoverage, coverage
from shapecalc.graph import Graph
from shapecalc.layers.base import AXES, plural
from shapecalc.rules.base import Found
from shapecalc.rules.sc201_non_integer_size import rounding_of

SEVERITY = "note"
FAILS = """
input: [3, 224, 224]
layers:
  - {type: conv2d, out_channels: 64, kernel_size: 7, stride: 2, padding: 3}
"""
PASSES = """
input: [3, 225, 225]
layers:
  - {type: conv2d, out_channels: 64, kernel_size: 7, stride: 2, padding: 3}
"""


def check(graph: Graph) -> Iterator[Found]:
    """Sliding layers with a remainder that costs nothing."""
    for node, axes in coverage(graph):
        uneven = [c for c in axes if not c.window.exact]
        if any(c.unread_end or c.skipped for c in axes):
            continue
        if uneven and node.inference and node.inference.windows:
            names = AXES[len(node.inference.windows)]
            yield Found(
                node,
                f"{' and '.join(names[c.axis] for c in uneven)} not an integer: "
                f"{uneven[0].window.equation(rounding_of(node))}; {_what_happens(uneven[0])}",
                "kernel_size",
            )


def _what_happens(found: AxisCoverage) -> str:
    leftover = found.window.leftover
    if leftover < 0:
        return f"the last window hangs {plural(-leftover, 'cell')} over the edge"
    if found.spared:
        return "the rest is read elsewhere"
    return f"only {plural(found.dropped_padding, 'cell')} of padding dropped"
