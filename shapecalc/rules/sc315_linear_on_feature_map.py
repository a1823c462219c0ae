"""A linear layer straight on the output of a convolution or a pool.

What it does: reports a linear layer without `in_features` that reads a map with spatial axes, under
PyTorch.

Why is this bad: PyTorch's linear layers act on the last axis, the width of the image: most often a
`flatten` was forgotten. `nn.Linear(9216, 10)` would raise; here, where the size is inferred,
nothing would.

Use instead: a `flatten` before it; a 1×1 convolution to act on the channels. Where the last axis is
meant, write `in_features`.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from shapecalc.graph import Graph
from shapecalc.layers.base import format_shape, plural
from shapecalc.rules._flow import (
    ACTIVATION,
    CONV,
    DROPOUT,
    IDENTITY,
    LINEAR,
    NORM,
    POOL,
    TRANSPOSED_CONV,
    flow,
    input_shape,
    label,
    previous,
)
from shapecalc.rules.base import Found

SEVERITY = "warning"
FAILS = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
  - {type: linear, out_features: 10}
"""
PASSES = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - relu
  - flatten
  - {type: linear, out_features: 10}
"""


PASSING = IDENTITY | DROPOUT | ACTIVATION | NORM
MAPS = CONV | TRANSPOSED_CONV | POOL


def check(graph: Graph) -> Iterator[Found]:
    """Linear layers that act on the width."""
    if graph.spec.framework != "pytorch":
        return
    for node in flow(graph).of(LINEAR):
        shape = input_shape(node)
        if shape is None or len(shape) < 2 or getattr(node.layer, "in_features", None):
            continue
        before = previous(node, PASSING)
        if before is not None and before in MAPS:
            yield Found(
                node,
                f"it acts on the last axis of the {format_shape(shape)} that the {label(before)} "
                f"yields: {plural(shape[-1], 'feature')}",
                None,
                f"put a flatten before it ({prod(shape):,} features), or write in_features: "
                f"{shape[-1]} where that is meant",
            )
