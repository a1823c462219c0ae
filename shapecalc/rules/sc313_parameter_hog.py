"""One dense layer on a flattened map holds most of the parameters.

What it does: reports a linear layer after a `flatten` that holds more than half of the parameters
of a model of at least a million. `budget: {dense_share: 70%}`, in the model or the configuration,
or `--max-dense-share 70%` sets another part than half, for smaller models as well.

Why is this bad: such a layer takes the memory and overfits, and ties the network to one input size;
what it adds is small. AlexNet and VGG-16 are built this way, and everything after them is not.

Use instead: a global average pool before it (Lin, Chen, Yan: "Network in Network", 2013,
arXiv:1312.4400), or more strides.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from shapecalc.graph import Graph, Node, count_params
from shapecalc.rules._flow import (
    ACTIVATION,
    DROPOUT,
    IDENTITY,
    LINEAR,
    NORM,
    flow,
    input_shape,
    previous,
    spatial,
)
from shapecalc.rules.base import Found

SEVERITY = "warning"
FAILS = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 64, kernel_size: 3}
  - relu
  - flatten
  - {type: linear, out_features: 128}
"""
PASSES = """
input: [3, 32, 32]
layers:
  - {type: conv2d, out_channels: 64, kernel_size: 3}
  - relu
  - {type: adaptive_avg_pool2d, output_size: 1}
  - flatten
  - {type: linear, out_features: 128}
"""

#: The percentage of all parameters above which a layer is reported, unless a budget says another.
SHARE = 50
#: Unless one is said, a smaller model has nothing to save.
LEAST = 1_000_000

PASSING = IDENTITY | DROPOUT | ACTIVATION | NORM


def check(graph: Graph) -> Iterator[Found]:
    """A linear layer larger than all the rest."""
    found = flow(graph)
    sizes = {node.number: count_params(node)[0] or 0 for node in found.of(LINEAR)}
    limit = graph.limits.get("dense_share")
    share, least = (limit.value, 0) if limit else (SHARE, LEAST)
    if not sizes or max(sizes.values()) * 100 < least * share:
        return
    total = sum(count_params(node)[0] or 0 for node in graph.nodes)
    for node in found.of(LINEAR):
        size = sizes[node.number]
        channels = _flattened_channels(graph, node)
        if total >= least and size * 100 > total * share and channels:
            yield Found(
                node,
                f"it holds {size:,} of the model's {total:,} parameters ({size / total:.0%})",
                "out_features",
                f"a global average pool instead of the flatten leaves it {channels} inputs",
            )


def _flattened_channels(graph: Graph, node: Node) -> int | None:
    """The channels of the map that was flattened before; ``None`` where there was none."""
    reshape = previous(node, PASSING)
    if reshape is None or reshape.type not in ("flatten", "reshape"):
        return None
    shape = input_shape(reshape)
    if shape is None or prod(spatial(graph, shape)) == 1 or previous(reshape) is None:
        return None
    return shape[-1] if graph.spec.framework == "keras" else shape[0]
