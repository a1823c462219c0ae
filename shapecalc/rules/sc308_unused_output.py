"""Nothing reads a layer's output.

What it does: reports a layer that no other layer reads and that is no output of the model.

Why is this bad: it is computed for nothing and never gets a gradient. Most often a `from` goes past
it, or it should be listed under `outputs`.

Use instead: read it, list it, or leave it out. Layers whose weights others `share` are not
reported, nor is anything while a reference of the model is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapecalc.graph import Graph
from shapecalc.layers.base import format_shape
from shapecalc.rules._flow import flow
from shapecalc.rules.base import Found

SEVERITY = "warning"
FAILS = """
input: [3, 32, 32]
layers:
  - {type: conv2d, name: a, out_channels: 16, kernel_size: 3}
  - {type: conv2d, name: b, from: input, out_channels: 16, kernel_size: 3}
"""
PASSES = """
input: [3, 32, 32]
layers:
  - {type: conv2d, name: a, out_channels: 16, kernel_size: 3}
  - {type: conv2d, name: b, from: input, out_channels: 16, kernel_size: 3}
outputs: [a, b]
"""


def check(graph: Graph) -> Iterator[Found]:
    """Layers that end nowhere."""
    outputs = {port.node.number for port in graph.outputs.values()}
    found = flow(graph)
    unread = [
        node for node in graph.nodes if not found.readers(node) and node.number not in outputs
    ]
    if not unread or _is_broken(graph):
        return
    read = {port.node.number for node in graph.nodes for port in node.inputs}
    for node in unread:
        if node.number not in read and not found.shares_weights(node):
            yield Found(
                node,
                f"nothing reads its output of {format_shape(node.outputs[0].shape)}",
                None,
                "read it with `from`, list it under `outputs`, or leave it out",
            )


def _is_broken(graph: Graph) -> bool:
    """Whether an error elsewhere may be why a layer is not read."""
    if not graph.outputs or len(graph.outputs) < len(graph.spec.outputs):
        return True
    return any(
        (node.spec is not None and node.spec.broken)
        or any(
            port.node.spec is None and port.node.name not in graph.inputs for port in node.inputs
        )
        for node in graph.nodes
    )
