"""A layer has a bias, and the normalisation after it removes it.

What it does: reports a convolution or a linear layer with a bias whose output only a batch norm or
an instance norm reads.

Why is this bad: the norm subtracts the mean of each channel, and with it the bias: a parameter that
is stored, loaded and sent to the optimiser, gets a gradient of zero, and does nothing. The norm's
own shift takes its place.

Use instead: `bias: false`. Frozen layers and those that share their weights are not reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from shapecalc.graph import Graph, Node
from shapecalc.rules._flow import (
    BATCH_NORM,
    IDENTITY,
    INSTANCE_NORM,
    LINEAR,
    LINEAR_MAP,
    activation_of,
    flow,
    known,
    label,
    output_shape,
    previous,
)
from shapecalc.rules.base import Found

SEVERITY = "warning"
FAILS = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3}
  - batch_norm2d
  - relu
"""
PASSES = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 16, kernel_size: 3, bias: false}
  - batch_norm2d
  - relu
"""

NORMS = BATCH_NORM | INSTANCE_NORM


def check(graph: Graph) -> Iterator[Found]:
    """Biases that a norm subtracts again."""
    found = flow(graph)
    redundant = {}
    for norm in found.of(NORMS):
        node = previous(norm, IDENTITY)
        if node is not None and norm.trainable and _is_redundant(graph, node, norm):
            redundant[node.number] = node, norm
    # The line of a block may be used without a norm as well: there its bias is needed.
    needed = {id(node.spec) for node in found.of(LINEAR_MAP) if node.number not in redundant}
    for node, norm in redundant.values():
        spec, bias = node.spec, _bias(node)
        is_plain = spec is not None and spec.keys.get("bias", True) is True
        yield Found(
            node,
            f"its bias is subtracted again by the {label(norm)} that follows",
            "bias",
            f"write bias: false ({bias:,} parameter{'' if bias == 1 else 's'} less)",
            fix=("bias", "false") if is_plain and id(spec) not in needed else None,
        )


def _is_redundant(graph: Graph, node: Node, norm: Node) -> bool:
    """Whether a layer has a bias that only a norm over the same channels sees."""
    if node not in LINEAR_MAP or not node.trainable:
        return False
    found = flow(graph)
    if activation_of(node) or not _bias(node) or found.shares_weights(node):
        return False
    return found.next(node, IDENTITY) is norm and _same_channels(graph, node, norm)


def _bias(node: Node) -> int:
    """How many numbers its bias has; 0 without one."""
    bias = known(node.inference.weights.get("bias")) if node.inference else None
    return prod(bias) if bias else 0


def _same_channels(graph: Graph, node: Node, norm: Node) -> bool:
    """Whether the bias lies along the axis that the norm takes for the channels: in PyTorch the
    first, but the last for a linear layer's bias; in Keras the last, but the norm may choose."""
    shape = output_shape(node)
    if shape is None:
        return False
    if graph.spec.framework == "keras":
        return getattr(norm.layer, "dim", -1) in (-1, len(shape))
    return len(shape) == 1 or node not in LINEAR
