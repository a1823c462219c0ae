"""A batch or instance norm on a map of one cell.

What it does: reports a batch norm or an instance norm whose input has spatial axes, all of size 1.
A `batch_norm1d` on plain features is not meant: there a batch of more than one is taken for
granted.

Why is this bad: an instance norm has one value for each channel, and turns it into zero; PyTorch
refuses. A batch norm has one value for each sample: training with a batch of one fails in PyTorch
("Expected more than 1 value per channel when training") and yields constants in Keras. Batches of
one are common in segmentation, and so is the last batch of an epoch.

Use instead: the norm before the pool; a `layer_norm` or `group_norm`, or none, after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from shapecalc.graph import Graph, Node
from shapecalc.layers.base import format_shape
from shapecalc.rules._flow import (
    BATCH_NORM,
    INSTANCE_NORM,
    flow,
    input_shape,
    spatial,
)
from shapecalc.rules.base import Found

SEVERITY = "warning"
FAILS = """
input: [64, 7, 7]
layers:
  - {type: adaptive_avg_pool2d, output_size: 1}
  - {type: conv2d, out_channels: 32, kernel_size: 1, bias: false}
  - batch_norm2d
  - relu
"""
PASSES = """
input: [64, 7, 7]
layers:
  - {type: conv2d, out_channels: 32, kernel_size: 1, bias: false}
  - batch_norm2d
  - relu
  - {type: adaptive_avg_pool2d, output_size: 1}
"""

NORMS = BATCH_NORM | INSTANCE_NORM


def check(graph: Graph) -> Iterator[Found]:
    """Norms with one value a channel."""
    for node in flow(graph).of(NORMS):
        shape = input_shape(node)
        if shape is None or len(shape) < 2 or not node.trainable or _is_refused(node):
            continue
        if getattr(node.layer, "dim", -1) not in (-1, len(shape)):
            continue  # Keras' axis of the channels is another one
        if prod(spatial(graph, shape)) == 1:
            yield Found(
                node,
                f"on {format_shape(shape)} {_consequence(graph, node)}",
                None,
                "normalise before the map shrinks to one cell, or use a layer_norm",
            )


def _is_refused(node: Node) -> bool:
    """Whether the layer itself has reported it."""
    return node.inference is not None and bool(node.inference.problems)


def _consequence(graph: Graph, node: Node) -> str:
    if node in INSTANCE_NORM:
        return "each channel has one value, which minus its mean is zero"
    if graph.spec.framework == "keras":
        return "a batch of one has one value a channel: all it yields in training is its bias"
    return "a batch of one has one value a channel: PyTorch refuses to train with it"
