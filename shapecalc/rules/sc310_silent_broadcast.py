"""An `add` of different shapes.

What it does: reports an `add` (also that of a `parallel`) whose inputs differ in shape and are
broadcast.

Why is this bad: an axis of size 1 is repeated without a word. Where that is not meant (a pool too
many, a missing upsampling) the network trains, and is worse than it should be.

Use instead: inputs of one shape. A `multiply` is not reported (gates are meant to broadcast), nor
is the sum with a `parameter` or a `constant` (a position embedding), nor one whose axes of size 1 a
`reshape`, `unflatten` or `unsqueeze` straight before it has written out (a diffusion model's time,
`t[:, :, None, None]`); `ignore: [SC310]` where it is meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph, Node
from shapecalc.layers.base import format_shape
from shapecalc.rules._flow import Kind, flow, known
from shapecalc.rules.base import Found

SEVERITY = "warning"
#: Layers in which a size of 1 has been written down, for nothing but to be repeated.
WRITTEN_OUT = Kind(r"reshape|unflatten|unsqueeze")
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
        shapes = [known(port.tensor.shape) for port in node.inputs]
        if None in shapes or len(set(shapes)) < 2 or (node.inference and node.inference.problems):
            continue
        if _is_silent(node):
            written = " and ".join(format_shape(shape) for shape in shapes)
            yield Found(
                node,
                f"{written} are added: the smaller one is repeated along the axes of size 1",
                "from",
                "bring them to one shape, or `ignore: [SC310]` where it is meant",
            )


def _is_silent(node: Node) -> bool:
    """Whether a tensor is repeated that nothing marks as one to be repeated."""
    # What does not come from the batch is a parameter or a constant, or computed from them.
    if not all(port.tensor.batched for port in node.inputs):
        return False
    repeated = (port for port in node.inputs if port.tensor.shape != node.outputs[0].shape)
    return any(port.node not in WRITTEN_OUT for port in repeated)
