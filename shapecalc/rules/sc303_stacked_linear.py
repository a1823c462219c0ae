"""Two learned linear maps with no non-linearity between.

What it does: reports a convolution or a linear layer that alone reads another one, directly or
through a batch norm, a dropout or a `flatten`.

Why is this bad: together they are one linear map, which a single layer of no more parameters can
be. Most often an activation was forgotten.

Use instead: an activation between the two, or one layer. Not reported are pairs that save
parameters over the single map, or limit its rank, which is what they are for: depthwise and
pointwise convolutions, low-rank bottlenecks (`linear` 512 → 64 → 512, a MobileNet's linear
bottleneck), 1×n and n×1 kernels; and attention, frozen layers, shared weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd, prod

from shapecalc.graph import Graph, Node
from shapecalc.rules._flow import (
    BATCH_NORM,
    CONV,
    DROPOUT,
    IDENTITY,
    LINEAR,
    activation_of,
    flow,
    input_shape,
    known,
    label,
    output_shape,
)
from shapecalc.rules.base import Found

SEVERITY = "warning"
FAILS = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 32, kernel_size: 3}
  - {type: conv2d, out_channels: 32, kernel_size: 3}
  - relu
"""
PASSES = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 32, kernel_size: 3}
  - relu
  - {type: conv2d, out_channels: 32, kernel_size: 3, groups: 32}
  - {type: conv2d, out_channels: 64, kernel_size: 1}
  - relu
"""


PASSING = IDENTITY | DROPOUT | BATCH_NORM

MAPS = CONV | LINEAR


def check(graph: Graph) -> Iterator[Found]:
    """Linear maps straight after linear maps."""
    found = flow(graph)
    for node in found.of(MAPS):
        after = found.next(node, PASSING)
        flattened = after is not None and after.type == "flatten"
        if after is not None and flattened:
            after = found.next(after, PASSING)
        if after is None or not _are_stacked(node, after, flattened):
            continue
        if any(not one.trainable or found.shares_weights(one) for one in (node, after)):
            continue
        if not _is_worth_it(graph, node, after, flattened):
            yield Found(
                after,
                f"no non-linearity between it and the {label(node)} before: together they are one "
                "linear map",
                None,
                "put an activation between them, or leave one of them out",
            )


def _are_stacked(node: Node, after: Node, flattened: bool) -> bool:
    if after.inference is None or activation_of(node):
        return False
    if node in LINEAR:
        return after in LINEAR and not flattened
    if flattened:
        return after in LINEAR
    return after in CONV


def _is_worth_it(graph: Graph, node: Node, after: Node, flattened: bool) -> bool:
    """Whether the two have fewer parameters than the one map they make, or limit its rank."""
    received, between, yielded = input_shape(node), output_shape(node), output_shape(after)
    first, second = _size(node), _size(after)
    if not (received and between and yielded and first and second):
        return True
    if flattened:
        return first + second < prod(received) * yielded[-1]
    axis = -1 if graph.spec.framework == "keras" or node in LINEAR else 0
    inputs, middle, outputs = received[axis], between[axis], yielded[axis]
    kernel = prod(map(max, _kernel(node), _kernel(after)))
    groups = gcd(_groups(node, inputs), _groups(after, middle))
    return middle < min(inputs, outputs) or first + second < inputs * outputs * kernel // groups


def _size(node: Node) -> int | None:
    """How many weights it has, without the bias."""
    assert node.inference is not None
    shapes = [known(shape) for name, shape in node.inference.weights.items() if name != "bias"]
    return sum(prod(shape) for shape in shapes if shape is not None) if all(shapes) else None


def _kernel(node: Node) -> tuple[int, ...]:
    windows = node.inference.windows if node.inference else None
    return tuple(window.kernel if window else 1 for window in windows or (None,))


def _groups(node: Node, channels: int) -> int:
    if node.type.startswith(("depthwise", "separable")):
        return channels
    return int(getattr(node.layer, "groups", 1))
