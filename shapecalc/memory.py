"""How many bytes a model needs for one sample at inference.

Every tensor is counted at its own dtype, floating-point ones as ``float32``. A tensor lives from
the layer that makes it (an input: from the start) until its last reader has run; outputs of the
model live to the end. A layer's inputs and outputs live at once.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from shapecalc.graph import Graph, Node, count_params
from shapecalc.layers.base import Tensor

FLOAT_BYTES = 4
_BYTES = {
    "int8": 1, "uint8": 1, "bool": 1, "int16": 2, "int32": 4, "int64": 8, "complex64": 8,
}  # fmt: skip


class Peak(NamedTuple):
    """The most bytes of live tensors, the layer that runs then, and whether all sizes are known."""

    value: int
    node: Node | None
    complete: bool


def tensor_bytes(tensor: Tensor) -> int | None:
    """The bytes of one tensor; ``None`` where its size is not known."""
    if tensor.shape is None or None in tensor.shape:
        return None
    count = prod(size for size in tensor.shape if size is not None)
    return count * _BYTES.get(tensor.dtype, FLOAT_BYTES)


def parameter_bytes(graph: Graph) -> tuple[int, bool]:
    """The bytes of all parameters, each counted once, and whether all of them are known."""
    counts = [count_params(node)[0] for node in graph.nodes]
    return sum(count or 0 for count in counts) * FLOAT_BYTES, None not in counts


def peak_activations(graph: Graph) -> Peak:
    """The most bytes of tensors that live at once."""
    dying = _last_readers(graph)
    live, most, at, complete = 0, 0, None, True
    for node in graph.sources():
        for tensor in node.outputs:
            size = tensor_bytes(tensor)
            live, complete = live + (size or 0), complete and size is not None
        if live > most:
            most, at = live, node
        live -= sum(tensor_bytes(tensor) or 0 for tensor in dying.get(node.number, ()))
    return Peak(most, at, complete)


def _last_readers(graph: Graph) -> dict[int, list[Tensor]]:
    """For each node, the tensors that nothing reads after it has run."""
    last = {
        (node.number, number): node.number
        for node in graph.sources()
        if node.inference is not None or node.spec is not None
        for number in range(len(node.outputs))
    }
    for node in graph.nodes:
        for port in node.inputs:
            last[port.node.number, port.number] = node.number
    for port in graph.outputs.values():
        last.pop((port.node.number, port.number), None)
    nodes = {node.number: node for node in graph.sources()}
    dying: dict[int, list[Tensor]] = {}
    for (number, output), reader in last.items():
        if number in nodes and output < len(nodes[number].outputs):
            dying.setdefault(reader, []).append(nodes[number].outputs[output])
    return dying
