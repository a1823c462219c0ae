"""The receptive field is smaller than the input, or far larger.

What it does: compares the receptive field of the layer before a global pool with the input, and
reports it where it is smaller; and the first convolution that reads fields of more than twice the
input already. `shapecalc check --columns field` shows the field of each layer. Off unless selected.

Why is this bad: what no cell can see as a whole is averaged from parts, a bag of local features.
Layers past the other end see little but padding around what has been seen: they cost as much as
others and do less (Richter et al.: "Should You Go Deeper?", 2021, arXiv:2106.12307).

Use instead: more strides, larger kernels or dilation for a larger field; fewer strided or fewer
layers, or a larger input, for a smaller one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapecalc.graph import Graph, Node
from shapecalc.rules._flow import CONV, POOL, Kind, flow, label
from shapecalc.rules.base import Found

if TYPE_CHECKING:
    from shapecalc.receptive import Field, Fields

SEVERITY = "warning"
DEFAULT = False
FAILS = """
input: [3, 64, 64]
layers:
  - {type: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
  - relu
  - {type: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
  - global_avg_pool2d
  - {type: linear, out_features: 10}
"""
PASSES = """
input: [3, 64, 64]
layers:
  - {type: conv2d, out_channels: 8, kernel_size: 7, stride: 4, padding: 3}
  - relu
  - {type: conv2d, out_channels: 8, kernel_size: 7, stride: 4, padding: 3, repeat: 2}
  - global_avg_pool2d
  - {type: linear, out_features: 10}
"""

GLOBAL = POOL | Kind(r"mean|sum|max|min|logsumexp")
#: How many times the input a field may be.
FACTOR = 2


def check(graph: Graph) -> Iterator[Found]:
    """Fields that end before the input does, or long after it."""
    from shapecalc.receptive import fields

    found = fields(graph)
    yield from _too_small(graph, found)
    for node in flow(graph).of(CONV):
        for field in found.of(node.data_inputs[0].node, node.data_inputs[0].number):
            over = _past(found, node, field)
            if over is not None:
                size, n = over
                yield Found(
                    node,
                    f"what it reads has a receptive field of {size:,} already, the input has {n:,} "
                    "cells: this layer and those after it see little but padding in addition",
                )
                return


def _too_small(graph: Graph, found: Fields) -> Iterator[Found]:
    """Layers whose cells see less than the input, and are then pooled all together."""
    lines = flow(graph)
    for node in lines.of(GLOBAL):
        port = node.data_inputs[0]
        # What others read as well is a gate: attention of the squeeze-and-excitation kind.
        if port.node.inference is None or lines.only_reader(port.node) is not node:
            continue
        pooled = {field.input: field for field in found.of(node)}
        for field in found.of(port.node, port.number):
            short = _short(found, field, pooled[field.input])
            if short is not None:
                size, n = short
                yield Found(
                    port.node,
                    f"its receptive field is {size:,} of the {n:,} cells of the input, and the "
                    f"{label(node)} after it pools all of them: no cell has seen the whole",
                )


def _short(found: Fields, field: Field, pooled: Field) -> tuple[int, int] | None:
    """The field and the input, along an axis where it is smaller and then pooled as a whole."""
    along = zip(field.axes, field.size, field.jump, pooled.jump, strict=True)
    for axis, size, jump, jump_after in along:
        n = found.size(field.input, axis)
        if None in (n, size, jump) or jump_after is not None:
            continue
        if n is not None and size is not None and size < n:
            return size, n
    return None


def _past(found: Fields, node: Node, field: Field) -> tuple[int, int] | None:
    """The field and the input, where all axes of it are long past the input."""
    windows = node.inference.windows if node.inference else None
    if not windows or not any(window is not None and window.kernel > 1 for window in windows):
        return None
    sizes = [found.size(field.input, axis) for axis in field.axes]
    pairs = [
        (size, n)
        for size, n, jump in zip(field.size, sizes, field.jump, strict=True)
        if size is not None and n is not None and jump is not None and size > FACTOR * n
    ]
    return min(pairs) if pairs and len(pairs) == len(sizes) else None
