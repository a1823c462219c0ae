"""An `add` of different shapes.

What it does: reports an `add` (also that of a `parallel`) whose inputs differ in shape and are
broadcast.

Why is this bad: an axis of size 1 is repeated without a word. Where that is not meant (a pool too
many, a missing upsampling) the network trains, and is worse than it should be.

Use instead: inputs of one shape. A `multiply` is not reported (gates are meant to broadcast), nor
is the sum with a `parameter` or a `constant` (a position embedding); `ignore: [SC310]` where it is
meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph
from shapecalc.layers.base import format_shape
from shapecalc.rules._flow import Kind, flow, known
from shapecalc.rules.base import Found

SEVERITY = "warning"
FAILS = """
input: [64, 8, 8]
layers:
  - {type: adaptive_avg_pool2d, name: context, output_size: 1}
  - {type: add, from: [input, context]}
"""
PASSES = """
input: [64, 8, 8]
layers:
  - {type: adaptive_avg_pool2d, name: context, output_size: 1}
  - {type: multiply, from: [input, context]}
"""


def check(graph: Graph) -> Iterator[Found]:
    """Sums that repeat one side."""
    for node in flow(graph).of(Kind("add")):
        tensors = [port.tensor for port in node.inputs]
        shapes = [known(tensor.shape) for tensor in tensors]
        if None in shapes or len(set(shapes)) < 2 or (node.inference and node.inference.problems):
            continue
        # What does not come from the batch is a parameter or a constant, or computed from them.
        if all(tensor.batched for tensor in tensors):
            written = " and ".join(format_shape(shape) for shape in shapes)
            yield Found(
                node,
                f"{written} are added: the smaller one is repeated along the axes of size 1",
                "from",
                "bring them to one shape, or `ignore: [SC310]` where it is meant",
            )
